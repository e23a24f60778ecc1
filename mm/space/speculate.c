/*
 * mm/space/speculate.c - fault=speculative: a fault that keeps nothing as it is.
 *
 * It takes no lock on its way and writes to no word that others use. It works on a copy
 * of the VMA, and proves at the end that no write section of the mm was open meanwhile:
 * mm->seq has not moved. Michel Lespinasse proposed this for Linux (2021).
 *
 *     under RCU           copy the VMA; nobody changes it (mm->seq)
 *     walk section        find the entry, in tables that are there
 *     ...                 get a frame, fill it: most of the time goes here
 *     walk section        has mm->seq moved? has the entry changed? then table_lock, if
 *                         it is free now; and has mm->seq moved?
 *     with table_lock     compare the entry, and store
 *
 * Why that is right: who could make the copy wrong opens a write section first. If that
 * was before our last look at mm->seq, we see it. If it is later, he takes table_lock
 * after us, and finds what we have stored.
 *
 * Whatever is not as simple as that is left to fault=vma, and counted: a table that is
 * missing (one that is made now could be linked where munmap() has just been), a leaf, a
 * page that an object's source has to be asked for. Nothing here waits, or fails.
 */
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/lockless.h"
#include "mm/table/ptdesc.h"

static bool because(enum counter reason)
{
	counter_add_exact(reason, 1);
	return false;
}

/* --- the way to the entry ----------------------------------------------------------- */

/* What keeps its VMA is the copy, and the moment at which that was the truth. */
static bool find_vma(struct fault *fault, struct vma_snapshot *copy)
{
	int err;

	rcu_read_lock();
	err = vma_lookup_rcu(fault->mm, fault->address, copy);
	rcu_read_unlock();
	fault->vma = &copy->vma;
	fault->seq = copy->seq;
	if (err == -EAGAIN)
		return because(copy->seq & 1 ? COUNT_SPEC_ODD : COUNT_SPEC_VMA_COPY);
	if (err || copy->vma.flags & VMA_PFN)
		return because(COUNT_SPEC_UNMAPPED);
	if (!fault_allowed(fault))
		return because(COUNT_SPEC_ACCESS);
	return !fault_lacks_family(fault) || because(COUNT_SPEC_FAMILY);
}

/* In a walk section: munmap() may free the tables at any time (race spec_walk). */
static bool find_entry(struct fault *fault)
{
	unsigned long irqs = lockless_begin();

	descend_find_pmd(fault->mm, fault->address, &fault->at);
	TRACE_POINT(spec_table);
	if (fault->at.level == LEVEL_PMD)
		(void)descend_step(LEVEL_PMD, &fault->at, fault->address);
	lockless_end(irqs);
	return fault->at.level == LEVEL_PTE || because(COUNT_SPEC_TABLE);
}

int speculate_page(struct fault *fault, u64 index, struct page **page)
{
	*page = NULL;
	TRACE_POINT(spec_object);
	rcu_read_lock();
	/* SAFE(spec_object): the VMA holds the object, if there still is one: unmoved,
	 * its reference went later than this section began, and so does the memory. Pairs
	 * with SAFE(object_grace). */
	if (!mm_seq_moved(fault->mm, fault->seq))
		*page = object_find_page_rcu(fault->vma->object, index);
	rcu_read_unlock();
	return *page ? 0 : -EAGAIN;
}

/* --- commit ------------------------------------------------------------------------- */

static bool give_up(struct fault *fault, enum counter reason)
{
	fault->gave_up = true;
	return because(reason);
}

/* In a walk section. */
static bool is_worth_it(struct fault *fault)
{
	pxd_t now;

	/* SAFE(spec_seq_first): since we walked, the table may have been freed, and the
	 * entry be anything. Unmoved, it is not freed while this section lasts: tables
	 * are unlinked in write sections. Pairs with SAFE(seq_odd_first). */
	if (mm_seq_moved(fault->mm, fault->seq))
		return give_up(fault, COUNT_SPEC_SEQ_FIRST);
	if (IS_LAB)
		(void)ptdesc_of(LEVEL_PTE, fault->at.ptr); /* it is a table's */
	now = pxd_read(fault->at.ptr);
	if (now.v == fault->at.entry.v)
		return true;
	fault->at.entry.v = now.v;
	return false;
}

/* In a walk section. */
static bool lock_now(struct fault *fault)
{
	struct spinlock *lock = &fault->mm->table_lock;

	TRACE_POINT(spec_lock);
	/* SAFE(spec_trylock): whoever has it may be waiting for all CPUs to answer a
	 * flush. With interrupts off this one does not: they would wait for each other
	 * for ever. Pairs with SAFE(cow_flush_first), and all who flush with the lock. */
	if (!spin_trylock(lock))
		return give_up(fault, COUNT_SPEC_BUSY);
	/* SAFE(spec_seq_last): a write section that has been here already has found
	 * nothing, and does not come back: the page would be mapped without a VMA, or
	 * with rights that were taken away. Pairs with SAFE(seq_odd_first), before the
	 * writer takes the lock. */
	if (!mm_seq_moved(fault->mm, fault->seq))
		return true;
	spin_unlock(lock);
	return give_up(fault, COUNT_SPEC_SEQ_LAST);
}

bool speculate_lock(struct fault *fault)
{
	unsigned long irqs = lockless_begin();
	bool locked = is_worth_it(fault) && lock_now(fault);

	lockless_end(irqs);
	return locked;
}

int fault_speculative(struct fault *fault)
{
	struct vma_snapshot copy;
	int err = FAULT_BELOW;

	fault->speculates = true;
	fault->gave_up = false;
	if (find_vma(fault, &copy) && find_entry(fault))
		err = fault_entry(fault);
	fault->speculates = false;
	if (err == -EAGAIN)
		because(COUNT_SPEC_OBJECT);
	/* What is wrong is told by those who keep the VMA. */
	if (err || fault->gave_up)
		return FAULT_BELOW;
	counter_add(COUNT_SPEC, 1);
	return 0;
}
