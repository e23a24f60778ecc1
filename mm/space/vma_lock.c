/*
 * mm/space/vma_lock.c - one VMA kept as it is, without mm->lock.
 *
 * A fault HOLDS a VMA, counted in vma->users. A write section CLAIMS each VMA that it is
 * going to change: it waits until nobody holds it, and then writes mm->seq, which is odd,
 * into vma->lock_seq. While the two are equal nobody gets hold of the VMA. No claim is
 * given back: the section's end moves mm->seq on, and so ends all of them at once.
 *
 *     who holds                             who claims
 *     one more user                         no more users
 *     is it of my mm? is it claimed?        those there are go
 *     does it span the address?             lock_seq = mm->seq
 *     ... fault ...                         users as before
 *     one less                              ... change ...
 *                                           mm->seq moves on
 *
 * users: 0: in no set; 1: in one; each holder is one more; and CLAIMING keeps others out
 * while one waits. Lifetimes: memory stays a VMA's for a grace period, so a reader under
 * RCU may count itself in what it has found; what that is it asks afterwards. Who waits
 * does so in a queue of all mms: a holder that learns it has got hold of another mm's VMA
 * wakes whoever waits for that without touching that mm, which may be gone (Linux, 2025).
 */
#include "kernel/base/atomic.h"
#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "kernel/sched/wait.h"
#include "mm/space/vma.h"

#define CLAIMING (1 << 30)

static struct wait_queue drained = WAIT_QUEUE_INIT(drained);

/* --- holding ------------------------------------------------------------------------ */

static bool count_in(struct vma *vma)
{
	s32 users = atomic_load_relaxed(&vma->users);

	/* SAFE(vma_detached): in no set any more: who has taken it out has waited for
	 * those who were counted, and is about to free what it maps, and the VMA. Pairs
	 * with vma_detach(). */
	while (users && !(users & CLAIMING))
		if (atomic_cas_value(&vma->users, &users, users + 1))
			return true;
	return false;
}

static void count_out(struct vma *vma)
{
	/* Our last look at it: who waits may free it. */
	if (unlikely(atomic_sub(&vma->users, 1) == (CLAIMING | 1)))
		wake_up(&drained);
}

/* It is counted in. Is it what was looked for, and nobody's who changes it? */
static bool is_right(const struct vma *vma, const struct mm *mm, unsigned long address)
{
	/* SAFE(vma_of_mm): it may have been freed since it was found, and be a VMA of
	 * another mm, at the same address: the fault would put pages of this mm where
	 * that one's VMA allows it. Pairs with edit_add(). */
	if (READ_ONCE(vma->mm) != mm)
		return false;
	/* SAFE(vma_claimed): after counting in: who claims it later waits for us. Acquire
	 * (in mm_seq_read()): not claimed any more, we see all that was changed. A claim
	 * can be seen that is over, never one missed. Pairs with vma_claim(), and with
	 * SAFE(seq_even_last). */
	if (READ_ONCE(vma->lock_seq) == mm_seq_read(mm)) {
		counter_add_exact(COUNT_FAULT_VMA_CLAIMED, 1);
		return false;
	}
	/* SAFE(vma_spans): since it was found it may have become smaller, or be another
	 * one of this mm by now. Pairs with set_bound(). */
	return READ_ONCE(vma->start) <= address && address < READ_ONCE(vma->end);
}

static bool try_hold(struct vma *vma, const struct mm *mm, unsigned long address)
{
	TRACE_POINT(vma_found);
	if (!count_in(vma))
		return false;
	if (is_right(vma, mm, address))
		return true;
	count_out(vma);
	return false;
}

struct vma *vma_hold(struct mm *mm, unsigned long address)
{
	const struct vma_set *set;
	struct vma *vma;

	rcu_read_lock();
	set = rcu_dereference(mm->vmas);
	vma = vma_at(set, vma_index(set, address));
	if (vma && !try_hold(vma, mm, address))
		vma = NULL;
	rcu_read_unlock();
	if (vma)
		rank_acquire(vma, "vma", RANK_VMA);
	else
		counter_add_exact(COUNT_FAULT_VMA_MISSED, 1);
	return vma;
}

void vma_let_go(struct vma *vma)
{
	rank_release(vma);
	count_out(vma);
}

/* --- claiming ----------------------------------------------------------------------- */

static __noinline void await_holders(struct vma *vma)
{
	rank_acquire(vma, "vma", RANK_VMA); /* who looks for deadlocks knows what for */
	wait_event(&drained, atomic_load(&vma->users) == (CLAIMING | 1));
	rank_release(vma);
}

/* Nobody gets in, and those who are inside leave. */
static void drain(struct vma *vma)
{
	/* SAFE(vma_drained): a fault that holds the VMA maps a page by what it has read
	 * there; when the change is made it must have done so, or it does it afterwards.
	 * Pairs with count_out(). */
	if (atomic_or(&vma->users, CLAIMING) != (CLAIMING | 1))
		await_holders(vma);
}

void vma_claim(struct vma *vma)
{
	drain(vma);
	WRITE_ONCE(vma->lock_seq, vma->mm->seq);
	/* Release: who is counted in from now on sees the claim. */
	atomic_store_release(&vma->users, 1);
}

void vma_write_begin_range(const struct vma_set *set, const struct vma_range *range)
{
	for (unsigned int i = range->first; i < range->last; i++)
		vma_write_begin(set->vma[i]);
}

void vma_attach(struct vma *vma)
{
	WRITE_ONCE(vma->lock_seq, vma->mm->seq);
	atomic_store_release(&vma->users, 1);
}

void vma_detach(struct vma *vma)
{
	drain(vma);
	atomic_store_release(&vma->users, 0);
}
