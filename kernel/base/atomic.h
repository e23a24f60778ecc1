/*
 * kernel/base/atomic.h - named atomics over the compiler's builtins (so that sim's hooks
 * see each one). The name says the order: no suffix = full barrier on both sides (as
 * Linux's value-returning ones), _relaxed, _acquire, _release. Nothing here sleeps.
 */
#pragma once

#include "kernel/base/types.h"

#define atomic_load(p)             __atomic_load_n((p), __ATOMIC_SEQ_CST)
#define atomic_load_acquire(p)     __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_load_relaxed(p)     __atomic_load_n((p), __ATOMIC_RELAXED)
#define atomic_store(p, v)         __atomic_store_n((p), (v), __ATOMIC_SEQ_CST)
#define atomic_store_release(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_store_relaxed(p, v) __atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_add(p, n)           __atomic_add_fetch((p), (n), __ATOMIC_SEQ_CST)
#define atomic_sub(p, n)           __atomic_sub_fetch((p), (n), __ATOMIC_SEQ_CST)
#define atomic_add_relaxed(p, n)   __atomic_add_fetch((p), (n), __ATOMIC_RELAXED)
#define atomic_fetch_add(p, n)     __atomic_fetch_add((p), (n), __ATOMIC_SEQ_CST)
#define atomic_or(p, m)            __atomic_or_fetch((p), (m), __ATOMIC_SEQ_CST)
#define atomic_fetch_or(p, m)      __atomic_fetch_or((p), (m), __ATOMIC_SEQ_CST)
#define atomic_and(p, m)           __atomic_and_fetch((p), (m), __ATOMIC_SEQ_CST)
#define atomic_exchange(p, v)      __atomic_exchange_n((p), (v), __ATOMIC_SEQ_CST)

/* True if *p was `expected` and is now `value`; otherwise *p is unchanged. */
#define atomic_cas(p, expected, value)                                                   \
	({                                                                               \
		typeof(*(p)) _e = (expected);                                            \
		__atomic_compare_exchange_n(                                             \
			(p), &_e, (value), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);   \
	})

/* The same, but for loops: on failure *expected is what *p was instead. */
#define atomic_cas_value(p, expected, value)                                             \
	__atomic_compare_exchange_n(                                                     \
		(p), (expected), (value), false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* One more reference of what has some; false: the last one is gone, or going. */
static inline bool atomic_inc_not_zero(s32 *refs)
{
	s32 value = atomic_load_relaxed(refs);

	while (value)
		if (atomic_cas_value(refs, &value, value + 1))
			return true;
	return false;
}

/* Orders all earlier accesses of this CPU before all later ones, for all CPUs. */
#define smp_mb()  __atomic_thread_fence(__ATOMIC_SEQ_CST)
#define smp_rmb() __atomic_thread_fence(__ATOMIC_ACQUIRE)
#define smp_wmb() __atomic_thread_fence(__ATOMIC_RELEASE)
