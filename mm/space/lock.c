/*
 * mm/space/lock.c - write sections and read sections of an mm.
 *
 * mm->lock orders those who take it. mm->seq is for those who do not: it is odd while a
 * write section is open, so a reader without the lock that saw it even before, and
 * unmoved after, knows that nothing changed in between. 64 bits do not wrap around.
 */
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "mm/space/vma.h"

void mm_write_lock(struct mm *mm)
{
	rwsem_write_lock(&mm->lock);
	/* SAFE(seq_odd_first): a reader that sees any change of this section must find
	 * the sequence odd or moved; the barrier keeps the changes behind it. Pairs with
	 * the read barrier in mm_seq_moved(). */
	WRITE_ONCE(mm->seq, mm->seq + 1);
	smp_wmb();
}

void mm_write_unlock(struct mm *mm)
{
	mm_assert_write_locked(mm);
	/* SAFE(seq_even_last): who sees it even again sees every change that was made
	 * before; pairs with the acquire in mm_seq_read() */
	atomic_store_release(&mm->seq, mm->seq + 1);
	rwsem_write_unlock(&mm->lock);
}

void mm_read_lock(struct mm *mm)
{
	rwsem_read_lock(&mm->lock);
}

void mm_read_unlock(struct mm *mm)
{
	rwsem_read_unlock(&mm->lock);
}

void mm_check_write_locked(const struct mm *mm)
{
	LAB_ASSERT(mm->seq & 1 && mm->lock.writer == current(),
		"no write section of this mm is open here: seq %lu", mm->seq);
}

u64 mm_seq_read(const struct mm *mm)
{
	return atomic_load_acquire(&mm->seq);
}

bool mm_seq_moved(const struct mm *mm, u64 seq)
{
	/* SAFE(seq_recheck): what the caller read is one moment's truth only if no write
	 * section was open then or opened since; the barrier keeps its reads before this
	 * one. Pairs with mm_write_lock(). */
	smp_rmb();
	return (seq & 1) || READ_ONCE(mm->seq) != seq;
}
