/*
 * kernel/task/khugepaged.c - the thread that puts blocks in the place of pages: when.
 *
 *     nothing to do --an mm wants blocks, thp=--> waits --the time is over--> a round
 *                                                   ^-----------------------------'
 *
 * What a round does: mm/huge/khugepaged.c. A setting that changes while it waits counts
 * at once. Data: is there a round, and may there be one more? (atomic)
 */
#include "kernel/task/start.h"
#include "kernel/base/atomic.h"
#include "kernel/base/panic.h"
#include "arch/contract/timer.h"
#include "mm/huge/khugepaged.h"

#define MS 1000000UL /* ns */

static bool in_round, stopped;

static u64 pause(int result)
{
	return MS * READ_ONCE(*(result ? &khugepaged.alloc_sleep_ms
				       : &khugepaged.scan_sleep_ms));
}

/* Until there has been something to do for so long, and no round, of which the last had
 * this result. */
static void wait_for_round(int result)
{
	u64 since = arch_clock_ns();
	u32 seen;

	do {
		while (seen = atomic_load(&khugepaged_changes), !khugepaged_has_work()) {
			wait_event(&khugepaged_wait,
				atomic_load(&khugepaged_changes) != seen);
			since = arch_clock_ns();
		}
	} while (wait_event_timeout(&khugepaged_wait,
		atomic_load(&khugepaged_changes) != seen, since + pause(result)));
}

static void rounds(void *unused)
{
	int result = 0;

	for (;;) {
		wait_for_round(result);
		/* First the one, then the other, with a full barrier; who stops us does
		 * it the other way round: either we see that, or it waits for the round.
		 * Else a round could begin behind it, and be at work on pages that the
		 * ledger then misses. Pairs with khugepaged_stop(). */
		atomic_store(&in_round, true);
		if (!atomic_load(&stopped))
			result = khugepaged_scan();
		atomic_store(&in_round, false);
		wake_up(&khugepaged_wait);
	}
}

void khugepaged_stop(void)
{
	atomic_store(&stopped, true);
	wait_event(&khugepaged_wait, !atomic_load(&in_round));
}

void khugepaged_start(void)
{
	struct thread *thread = thread_create("khugepaged", rounds, NULL);

	ASSERT(thread, "no memory for khugepaged");
	thread_start(thread);
}
