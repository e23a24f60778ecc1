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
	return !(vma->flags & VMA_SHARED) && (access & ACCESS_OWN || huge_wanted(vma));
}

static int fault_locked(struct mm *mm, unsigned long address, unsigned int access)
{
	struct vma *vma = vma_find(mm, address);

	if (!vma || address < vma->start)
		return -EFAULT;
	if (access & ACCESS_FORCE)
		access = forced(vma, access);
	else if (!allows(vma, access))
		access = 0;
	if (!access)
		return -EFAULT;
	if (unlikely(!READ_ONCE(vma->anon)) && needs_family(vma, access) &&
		rmap_prepare(mm, vma))
		return -ENOMEM;
	return anon_fault(mm, vma, address, access);
}

/* The object whose source has to be asked for this address, with a reference. */
static struct object *object_lacking(struct mm *mm, unsigned long address, u64 *index)
{
	const struct vma *vma = vma_find(mm, address);

	*index = vma_offset(vma, address) / PAGE_SIZE;
	object_get(vma->object);
	return vma->object;
}

/* One look at it, and what had to be done without the lock: -EAGAIN: look again. */
static int fault_once(struct mm *mm, unsigned long address, unsigned int access)
{
	struct object *object = NULL;
	bool grows = false;
	u64 index;
	int err;

	mm_read_lock(mm);
	err = fault_locked(mm, address, access);
	if (err == -EAGAIN)
		object = object_lacking(mm, address, &index);
	else if (err == -EFAULT)
		grows = below_stack(vma_find(mm, address), address);
	mm_read_unlock(mm);
	if (grows)
		return grow_stack(mm, address) ? -EAGAIN : -EFAULT;
	if (!object)
		return err;
	err = object_prepare(object, index, access & ACCESS_WRITE);
	object_put(object);
	return err ? err : -EAGAIN;
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
