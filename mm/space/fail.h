/*
 * mm/space/fail.h - lab builds: allocations that fail because somebody wants to see it.
 *
 * Counted are frames (frame_alloc()) and objects (caches, and kmalloc() over them) that
 * are taken by threads with an address space: what kernel threads take depends on when
 * they run. Who asks for the failure is left out, for he has to look at what it does. The
 * N-th is refused as if there were no memory, or it and all that follow.
 *
 *     boot option    fail=N, fail=N+    counted from the first program on
 *     by hand        /sys/kernel/debug/fail (kernel/linux/fail_file.c)
 */
#pragma once

#include "kernel/base/types.h"

/* Is this one to fail? Counts it. Any context. */
bool fail_now(void);

/* From now on; 0: none. */
void fail_arm(u64 nth, bool and_all_after);

/* Has it come to that since fail_arm()? */
bool fail_fired(void);

/* "N" or "N+". */
bool fail_parse(const char *text);
