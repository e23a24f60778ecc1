/*
 * mm/huge/khugepaged.c - blocks in the place of pages, unasked: what one round does.
 *
 * An mm is LISTED from when blocks are wanted in it, until it ends. One after the other
 * is looked at, block by block, as far as a round goes; the next round goes on there.
 * When all had their turn, that was a full scan, and it begins again.
 *
 * The list has no reference: an mm must not stay because it may be looked at some day. A
 * round takes one while it is there, and lets go when it has the last: then this thread
 * frees what the process has left, at most a block later than that would.
 *
 * First a look, under mm->lock for reading, beside the faults of the process; only what
 * promises to be a block is worth a write section (collapse.c), which looks again, or
 * worth to be taken from all who map it, where it is a memory object's.
 *
 * Locks: scan_lock: the list. What can fail: memory for a block.
 */
#include "mm/huge/khugepaged.h"
#include "kernel/base/atomic.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/collapse.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/vma.h"

struct khugepaged khugepaged = {
	.max_ptes_none = HUGE_PAGES - 1,
	.max_ptes_shared = HUGE_PAGES / 2,
	.max_ptes_swap = HUGE_PAGES / 8,
	.pages_to_scan = HUGE_PAGES * 8,
	.scan_sleep_ms = 10000,
	.alloc_sleep_ms = 60000,
	.defrag = 1,
};

struct wait_queue khugepaged_wait = WAIT_QUEUE_INIT(khugepaged_wait);
u32 khugepaged_changes;

static struct spinlock scan_lock = SPINLOCK_INIT("khugepaged", RANK_SCAN);
static struct list listed = LIST_INIT(listed); /* (l:scan_lock) of struct mm */

void khugepaged_changed(void)
{
	atomic_add(&khugepaged_changes, 1);
	wake_up(&khugepaged_wait);
}

/* --- the list ----------------------------------------------------------------------- */

void khugepaged_enter(struct mm *mm)
{
	bool first = false;

	if (likely(READ_ONCE(mm->scan_listed)))
		return;
	spin_lock(&scan_lock);
	if (!mm->scan_listed) {
		first = list_empty(&listed);
		WRITE_ONCE(mm->scan_listed, true);
		list_append(&listed, &mm->scan_link);
	}
	spin_unlock(&scan_lock);
	if (first)
		khugepaged_changed();
}

void khugepaged_leave(struct mm *mm)
{
	if (!READ_ONCE(mm->scan_listed))
		return;
	spin_lock(&scan_lock);
	list_remove(&mm->scan_link);
	spin_unlock(&scan_lock);
}

bool khugepaged_has_work(void)
{
	bool any;

	spin_lock(&scan_lock);
	any = !list_empty(&listed);
	spin_unlock(&scan_lock);
	return any && READ_ONCE(thp_policy) != THP_NEVER;
}

/* Who has not had his turn yet, with a reference; NULL: all had. */
static struct mm *take_turn(void)
{
	struct mm *mm, *found = NULL;

	spin_lock(&scan_lock);
	list_for_each (mm, &listed, scan_link)
		if (mm->scan_pass != khugepaged.full_scans + 1 && mm_try_get(mm)) {
			found = mm;
			break;
		}
	spin_unlock(&scan_lock);
	return found;
}

/* --- one mm ------------------------------------------------------------------------- */

struct round {
	struct collapse_limits limits;
	s64 left; /* pages to look at */
};

/* The first block from *address on that is worth a try. *address moves behind what was
 * looked at. mm->lock held. False: there is none, or the round is over. */
static bool look(struct round *round, struct mm *mm, unsigned long *address)
{
	const struct vma_set *set = mm->vmas;

	for (unsigned int i = vma_index(set, *address); i < set->count; i++) {
		const struct vma *vma = set->vma[i];
		unsigned long at = ALIGN_UP(max(vma->start, *address), HUGE_SIZE);

		for (; huge_eligible(vma) && at < vma->end && vma->end - at >= HUGE_SIZE;
			at = *address) {
			if (round->left <= 0)
				return false;
			round->left -= HUGE_PAGES;
			*address = at + HUGE_SIZE;
			if (collapse_promises(mm, vma, at, &round->limits))
				return true;
		}
		round->left--;
	}
	*address = 0;
	return false;
}

static bool find(struct round *round, struct mm *mm)
{
	bool found;

	mm_read_lock(mm);
	found = look(round, mm, &mm->scan_at);
	mm_read_unlock(mm);
	TRACE_POINT(khugepaged_found);
	return found;
}

/* While others than we use it. */
static int scan_mm(struct round *round, struct mm *mm)
{
	int err = 0;

	while (err != -ENOMEM && atomic_load(&mm->users) > 1 && find(round, mm)) {
		err = collapse_at(mm, mm->scan_at - HUGE_SIZE, &round->limits);
		if (!err)
			atomic_add(&khugepaged.pages_collapsed, 1);
	}
	if (!mm->scan_at)
		mm->scan_pass = khugepaged.full_scans + 1;
	return err == -ENOMEM ? err : 0;
}

int khugepaged_scan(void)
{
	struct round round;
	struct mm *mm;
	int err = 0;

	round.limits.eligible = true;
	round.limits.none = READ_ONCE(khugepaged.max_ptes_none);
	round.limits.shared = READ_ONCE(khugepaged.max_ptes_shared);
	round.limits.frame = READ_ONCE(khugepaged.defrag) ? 0 : FRAME_NO_RECLAIM;
	round.left = READ_ONCE(khugepaged.pages_to_scan);
	while (!err && round.left > 0) {
		mm = take_turn();
		if (!mm) {
			atomic_add(&khugepaged.full_scans, 1);
			break;
		}
		err = scan_mm(&round, mm);
		mm_put(mm);
	}
	return err;
}
