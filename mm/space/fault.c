/*
 * mm/space/fault.c - a user access that the page table does not allow: should it be?
 *
 * The VMA decides; stacks grow on the way. A front end sees to it that the VMA, and the
 * tables below it, stay as they are while the core works. There are several, and what one
 * gives up the one before it does (FAULT_BELOW):
 *
 *     mmap    mm->lock for reading: beside the faults of other threads, but not while
 *             VMAs change anywhere in the mm
 *     vma     the VMA alone is held (vma_lock.c): others may change
 *     speculative   nothing is held, but a look at the end tells whether anything has
 *             changed (speculate.c)
 *
 * What needs more, a stack that grows (the lock for writing) or a page that an object's
 * source has (no lock at all), is done after letting go of it: all is looked up again
 * then. docs/fault.md has the protocols.
 */
#include "mm/space/mm.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/options.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"

enum fault_policy fault_policy __section("policy_words") = FAULT_MMAP;

static const char *const names[FAULT_POLICIES] = {"mmap", "vma", "speculative"};

static bool choose(const char *name)
{
	return option_choice(name, names, FAULT_POLICIES, &fault_policy);
}

static const char *chosen(void)
{
	return names[fault_policy];
}
POLICY(fault, "fault", "mmap, vma or speculative: what a fault keeps as it is", choose,
	chosen);

/* --- what the VMA says -------------------------------------------------------------- */

static bool allows(const struct vma *vma, unsigned int access)
{
	unsigned int needs = access & (PROT_WRITE | PROT_EXEC);

	_Static_assert(ACCESS_WRITE == PROT_WRITE && ACCESS_EXEC == PROT_EXEC, "bits");
	if (access & ACCESS_STRICT)
		needs |= PROT_READ;
	/* The machines cannot write or execute only. */
	return vma->prot != PROT_NONE && !(needs & ~vma->prot);
}

/* What a forced access comes to: one that is allowed, or that leaves the rights as they
 * are and makes the page the mm's own; 0: it must not be. */
static unsigned int forced(const struct vma *vma, unsigned int access)
{
	access &= ~ACCESS_FORCE;
	if (allows(vma, access) || !(access & ACCESS_WRITE))
		return access;
	return vma->flags & VMA_SHARED ? 0 : ACCESS_UNSHARE;
}

/* Is this an access below a stack, where it may still grow? */
static bool below_stack(const struct vma *vma, unsigned long address)
{
	return vma && (vma->flags & VMA_STACK) && address < vma->start &&
	       vma->end - ALIGN_DOWN(address, PAGE_SIZE) <= MM_STACK_SIZE;
}

/* The lowest address to which a stack may grow: not too near to what is below. */
static unsigned long stack_floor(const struct vma_set *set, unsigned int index)
{
	const struct vma *below = index ? set->vma[index - 1] : NULL;

	/* SAFE(stack_gap): a stack that grew up to the mapping below would run over it
	 * unnoticed, where a fault should end the program; pairs with gap_end() in vma.c,
	 * which keeps new mappings away from the stack */
	if (below && below->prot != PROT_NONE && !(below->flags & VMA_STACK))
		return below->end + MM_STACK_GAP;
	return vma_floor(set, index);
}

/* True: the address is in a VMA now. */
static bool grow_stack(struct mm *mm, unsigned long address)
{
	unsigned long start = ALIGN_DOWN(address, PAGE_SIZE);
	unsigned int index;
	struct vma *vma;
	bool inside;

	/* SAFE(stack_grow_write): under the read lock two faults could grow one stack at
	 * once, and readers without the lock would believe a VMA in the making: the bug
	 * called StackRot. Pairs with mm_seq_moved(). */
	mm_write_lock(mm);
	index = vma_index(mm->vmas, address);
	vma = vma_at(mm->vmas, index);
	if (below_stack(vma, address) && start >= stack_floor(mm->vmas, index)) {
		vma_write_begin(vma);
		WRITE_ONCE(vma->start, start);
	}
	inside = vma && vma->start <= address;
	mm_write_unlock(mm);
	return inside;
}

bool fault_allowed(struct fault *fault)
{
	fault->access = fault->asked;
	if (unlikely(fault->access & ACCESS_FORCE))
		fault->access = forced(fault->vma, fault->access);
	else if (!allows(fault->vma, fault->access))
		return false;
	return fault->access;
}

bool fault_needs_family(const struct fault *fault)
{
	const struct vma *vma = fault->vma;

	return !(vma->flags & VMA_SHARED) &&
	       (fault->access & ACCESS_OWN || (!vma->object && huge_makes(vma)));
}

/* The core, whose VMA stays. What is to be done when it does not have to stay any more is
 * noted. */
static int fault_core(struct fault *fault)
{
	const struct vma *vma = fault->vma;
	int err = anon_fault(fault);

	if (err == -EAGAIN) {
		fault->object = vma->object;
		fault->index = vma_offset(vma, fault->address) / PAGE_SIZE;
		object_get(fault->object);
	}
	return err;
}

/* --- fault=mmap --------------------------------------------------------------------- */

static int fault_locked(struct fault *fault)
{
	struct vma *vma = vma_find(fault->mm, fault->address);

	fault->vma = vma;
	if (!vma || fault->address < vma->start || !fault_allowed(fault))
		return -EFAULT;
	if (fault_lacks_family(fault) && rmap_prepare(fault->mm, vma))
		return -ENOMEM;
	return fault_core(fault);
}

static int fault_mmap(struct fault *fault)
{
	bool grows;
	int err;

	mm_read_lock(fault->mm);
	err = fault_locked(fault);
	grows = err == -EFAULT && below_stack(fault->vma, fault->address);
	mm_read_unlock(fault->mm);
	if (grows)
		return grow_stack(fault->mm, fault->address) ? -EAGAIN : -EFAULT;
	return err;
}

/* --- fault=vma ---------------------------------------------------------------------- */

/* What comes of a fault whose VMA is held, or that it needs more. A family may be a
 * neighbour's, who is not held. */
static int fault_held(struct fault *fault)
{
	if (!fault_allowed(fault))
		return -EFAULT;
	if (!fault_lacks_family(fault))
		return fault_core(fault);
	counter_add_exact(COUNT_FAULT_VMA_FAMILY, 1);
	return FAULT_BELOW;
}

static int fault_vma(struct fault *fault)
{
	struct vma *vma = vma_hold(fault->mm, fault->address);
	int err;

	if (!vma)
		return FAULT_BELOW;
	fault->vma = vma;
	err = fault_held(fault);
	vma_let_go(vma);
	if (err != FAULT_BELOW)
		counter_add(COUNT_FAULT_VMA, 1);
	return err;
}

/* --- all of them -------------------------------------------------------------------- */

/* Nothing is locked or held. */
static int ask_source(struct fault *fault)
{
	int err =
		object_prepare(fault->object, fault->index, fault->asked & ACCESS_WRITE);

	object_put(fault->object);
	return err ? err : -EAGAIN;
}

/* One look at it, and what had to be done without a lock: -EAGAIN: look again. */
static int fault_once(struct fault *fault)
{
	int err = FAULT_BELOW;

	fault->object = NULL;
	if (fault_policy == FAULT_SPECULATIVE)
		err = fault_speculative(fault);
	if (err == FAULT_BELOW && fault_policy != FAULT_MMAP)
		err = fault_vma(fault);
	if (err == FAULT_BELOW)
		err = fault_mmap(fault);
	return fault->object ? ask_source(fault) : err;
}

int mm_fault(struct mm *mm, unsigned long address, unsigned int access)
{
	struct fault fault;
	int err;

	fault_begin(&fault, mm, address, access);
	if (IS_LAB)
		TRACE(fault, address, access);
	counter_add(COUNT_FAULTS, 1);
	do
		err = fault_once(&fault);
	while (err == -EAGAIN);
	if (err)
		TRACE(fault_done, address, err);
	return err;
}
