/*
 * kernel/linux/lock_memory.c - mlock and its kin: memory that is to be there before it is
 * touched.
 *
 * All pages are brought in, with the rights that the mapping has. Nothing more has to be
 * remembered: a page of one's own stays until it is unmapped or given up, there being no
 * swap, and a page of an object that is taken back comes again at the next touch. Only
 * mlockall() for mappings to come leaves a mark (linux_task->lock_future), which mmap and
 * brk heed.
 *
 * mm's read lock is held to look at a VMA, never while its pages are faulted in.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "mm/space/gup.h"
#include "mm/space/vma.h"
#include <asm/mman.h>
#include <linux/mman.h>

/* What is mapped at *address, or begins next, as far as `end`: where it ends, or 0. A
 * store to a page of one's own makes it one's own. */
static unsigned long next_mapping(
	struct mm *mm, unsigned long *address, unsigned long end, unsigned int *access)
{
	const struct vma *vma;
	unsigned long found = 0;

	mm_read_lock(mm);
	vma = vma_find(mm, *address);
	if (vma && vma->start < end) {
		*address = max(*address, vma->start);
		*access = (vma->prot & PROT_WRITE) && !(vma->flags & VMA_SHARED)
				  ? ACCESS_WRITE
				  : ACCESS_READ;
		found = min(vma->end, end);
	}
	mm_read_unlock(mm);
	return found;
}

/* Linux's errors: no rights, or nothing behind it, is ENOMEM; no memory is EAGAIN. */
static int bring_in(
	struct mm *mm, unsigned long address, unsigned long end, unsigned int access)
{
	int error;

	for (; address < end; address += PAGE_SIZE) {
		if (gup_killed())
			return -EINTR;
		error = mm_fault(mm, address, access);
		if (error)
			return error == -ENOMEM ? -EAGAIN : -ENOMEM;
	}
	return 0;
}

/* Rounded to pages; -ENOMEM: there are holes. */
static long lock_range(unsigned long start, size_t length)
{
	struct mm *mm = current()->mm;
	unsigned long end = ALIGN_UP(start + length, PAGE_SIZE);
	unsigned long at = start & PAGE_MASK, next, wanted;
	unsigned int access;
	int error = 0;

	if (end < at)
		return -EINVAL;
	for (wanted = at; at < end && !error; at = wanted = next) {
		next = next_mapping(mm, &at, end, &access);
		if (!next || at != wanted)
			return -ENOMEM;
		error = bring_in(mm, at, next, access);
	}
	return error;
}

/* All that there is; what cannot be had is left out. */
static void lock_everything(void)
{
	struct mm *mm = current()->mm;
	unsigned long at = 0, next;
	unsigned int access;

	while ((next = next_mapping(mm, &at, mm->limit, &access))) {
		(void)bring_in(mm, at, next, access);
		at = next;
	}
}

/* For brk: a heap that has grown, if that was asked for. */
void memory_lock_new(unsigned long start, unsigned long end)
{
	if (atomic_load(&linux_task()->lock_future) && start < end)
		(void)lock_range(start, end - start);
}

static long check_range(unsigned long start, size_t length)
{
	unsigned long first = start & PAGE_MASK;

	return mm_advise(current()->mm, first, length + (start - first));
}

long sys_mlock(struct regs *regs)
{
	return lock_range(regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_mlock2(struct regs *regs)
{
	unsigned long flags = regs_arg(regs, 2);

	if (flags & ~(unsigned long)MLOCK_ONFAULT)
		return -EINVAL;
	return flags ? check_range(regs_arg(regs, 0), regs_arg(regs, 1))
		     : lock_range(regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_munlock(struct regs *regs)
{
	return check_range(regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_mlockall(struct regs *regs)
{
	unsigned int flags = regs_arg(regs, 0);

	if (!(flags & (MCL_CURRENT | MCL_FUTURE)) ||
		flags & ~(unsigned int)(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		return -EINVAL;
	atomic_store(&linux_task()->lock_future,
		(flags & (MCL_FUTURE | MCL_ONFAULT)) == MCL_FUTURE);
	if ((flags & (MCL_CURRENT | MCL_ONFAULT)) == MCL_CURRENT)
		lock_everything();
	return 0;
}

long sys_munlockall(struct regs *regs)
{
	atomic_store(&linux_task()->lock_future, false);
	return 0;
}
