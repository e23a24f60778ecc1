/*
 * mm/space/fail.c - allocations that fail on purpose; see fail.h.
 *
 * Who counts up to `first` is the one: atomic_add() gives each number to one caller only.
 * Changing `first` while others allocate counts them or not; that is for the tester to
 * exclude.
 */
#include "mm/space/fail.h"

#ifdef ORIGAMI_LAB
#include "kernel/base/atomic.h"
#include "kernel/base/options.h"
#include "kernel/base/trace.h"
#include "kernel/sched/thread.h"

static u64 first;                  /* (a) 0: none */
static u64 counted;                /* (a) */
static bool all;                   /* (a) */
static const struct thread *asker; /* (a) only compared: it may be gone */

bool fail_now(void)
{
	u64 wanted = READ_ONCE(first), n;

	if (likely(!wanted) || !current() || !current()->mm ||
		current() == READ_ONCE(asker))
		return false;
	n = atomic_add(&counted, 1);
	if (n < wanted || (n > wanted && !READ_ONCE(all)))
		return false;
	TRACE(alloc_fails, n, wanted);
	return true;
}

void fail_arm(u64 nth, bool and_all_after)
{
	WRITE_ONCE(first, 0);
	WRITE_ONCE(all, and_all_after);
	WRITE_ONCE(counted, 0);
	WRITE_ONCE(asker, current());
	WRITE_ONCE(first, nth);
}

bool fail_fired(void)
{
	return READ_ONCE(first) && READ_ONCE(counted) >= READ_ONCE(first);
}

bool fail_parse(const char *text)
{
	u64 nth = 0;

	if (*text < '0' || *text > '9')
		return false;
	for (; *text >= '0' && *text <= '9' && nth < UINT32_MAX; text++)
		nth = nth * 10 + (u64)(*text - '0');
	if (text[0] && (text[0] != '+' || text[1]))
		return false;
	fail_arm(nth, *text);
	return true;
}

OPTION(fail, "fail", "N: the N-th allocation of the programs fails; N+: all after it too",
	fail_parse);
#endif
