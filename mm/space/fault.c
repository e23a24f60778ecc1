/*
 * mm/space/fault.c - a user access that the page table does not allow: should it be?
 *
 * The VMA decides; stacks grow on the way. mm->lock is held for reading, so VMAs and
 * tables stay, while faults of other threads run beside this one. What needs more, a
 * stack that grows (the lock for writing) or a page that an object's source has (no lock
 * at all), is done after letting go of it: all is looked up again then.
 */
#include "mm/space/mm.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"

static bool allows(const struct vma *vma, unsigned int access)
{
	if ((access & ACCESS_WRITE) && !(vma->prot & PROT_WRITE))
		return false;
	if ((access & ACCESS_EXEC) && !(vma->prot & PROT_EXEC))
		return false;
	if ((access & ACCESS_STRICT) && !(vma->prot & PROT_READ))
		return false;
	return vma->prot != PROT_NONE; /* the machines cannot write or execute only */
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

/* Will pages of the VMA's own be mapped? */
static bool needs_family(const struct vma *vma, unsigned int access)
{
	return !(vma->flags & VMA_SHARED) &&
	       (access & ACCESS_OWN || (!vma->object && huge_makes(vma)));
}

/* Does the fault's VMA allow the access? What it comes to is told in fault->access. */
static bool may(struct fault *fault)
{
	if (fault->access & ACCESS_FORCE)
		fault->access = forced(fault->vma, fault->access);
	else if (!allows(fault->vma, fault->access))
		return false;
	return fault->access;
}

static int fault_locked(struct fault *fault)
{
	struct vma *vma = vma_find(fault->mm, fault->address);

	fault->vma = vma;
	if (!vma || fault->address < vma->start || !may(fault))
		return -EFAULT;
	if (unlikely(!READ_ONCE(vma->anon)) && needs_family(vma, fault->access) &&
		rmap_prepare(fault->mm, vma))
		return -ENOMEM;
	return anon_fault(fault);
}

/* The object whose source has to be asked, with a reference. */
static struct object *object_lacking(const struct fault *fault, u64 *index)
{
	const struct vma *vma = fault->vma;

	*index = vma_offset(vma, fault->address) / PAGE_SIZE;
	object_get(vma->object);
	return vma->object;
}

/* No lock is held. */
static int ask_source(struct object *object, u64 index, bool write)
{
	int err = object_prepare(object, index, write);

	object_put(object);
	return err ? err : -EAGAIN;
}

/* One look at it, and what had to be done without the lock: -EAGAIN: look again. */
static int fault_once(struct mm *mm, unsigned long address, unsigned int access)
{
	struct object *object = NULL;
	struct fault fault;
	bool grows = false;
	u64 index;
	int err;

	fault.mm = mm;
	fault.address = address;
	fault.access = access;
	mm_read_lock(mm);
	err = fault_locked(&fault);
	if (err == -EAGAIN)
		object = object_lacking(&fault, &index);
	else if (err == -EFAULT)
		grows = below_stack(fault.vma, address);
	mm_read_unlock(mm);
	if (grows)
		return grow_stack(mm, address) ? -EAGAIN : -EFAULT;
	return object ? ask_source(object, index, access & ACCESS_WRITE) : err;
}

int mm_fault(struct mm *mm, unsigned long address, unsigned int access)
{
	int err;

	if (IS_LAB)
		TRACE(fault, address, access);
	counter_add(COUNT_FAULTS, 1);
	do
		err = fault_once(mm, address, access);
	while (err == -EAGAIN);
	if (err)
		TRACE(fault_done, address, err);
	return err;
}
