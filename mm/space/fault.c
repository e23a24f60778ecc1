/*
 * mm/space/fault.c - a user access that the page table does not allow: should it be?
 *
 * The VMA decides; stacks grow on the way. mm->lock is held for reading, so VMAs and
 * tables stay, while faults of other threads run beside this one. Growing changes a VMA
 * and takes the lock for writing, after letting go of it: all is looked up again then.
 */
#include "mm/space/mm.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"

static bool allows(const struct vma *vma, unsigned int access)
{
	if ((access & ACCESS_WRITE) && !(vma->prot & PROT_WRITE))
		return false;
	if ((access & ACCESS_EXEC) && !(vma->prot & PROT_EXEC))
		return false;
	return vma->prot != PROT_NONE; /* the machines cannot write or execute only */
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

static void grow_stack(struct mm *mm, unsigned long address)
{
	unsigned long start = ALIGN_DOWN(address, PAGE_SIZE);
	unsigned int index;
	struct vma *vma;

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
	mm_write_unlock(mm);
}

static int fault_locked(struct mm *mm, unsigned long address, unsigned int access)
{
	const struct vma *vma = vma_find(mm, address);

	if (!vma || address < vma->start || !allows(vma, access))
		return -EFAULT;
	return anon_fault(mm, vma, address, access);
}

int mm_fault(struct mm *mm, unsigned long address, unsigned int access)
{
	bool grows;
	int err;

	if (IS_LAB)
		TRACE(fault, address, access);
	counter_add(COUNT_FAULTS, 1);
	mm_read_lock(mm);
	err = fault_locked(mm, address, access);
	grows = err == -EFAULT && below_stack(vma_find(mm, address), address);
	mm_read_unlock(mm);
	if (grows) {
		grow_stack(mm, address);
		mm_read_lock(mm);
		err = fault_locked(mm, address, access);
		mm_read_unlock(mm);
	}
	if (err)
		TRACE(fault_done, address, err);
	return err;
}
