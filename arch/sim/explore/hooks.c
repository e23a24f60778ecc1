/*
 * arch/sim/explore/hooks.c - what -fsanitize=thread calls before each access of mm, and
 * in place of each atomic. Every call is a point at which another actor may step; the
 * access follows when this one is chosen again.
 */
#include "arch/sim/explore/explore.h"

#define HOOK __attribute__((used, visibility("default")))

static void point(const volatile void *at, unsigned int size)
{
	unsigned long address = (unsigned long)at;

	if (!memory_is_private(address))
		actor_stop();
	memory_check(address, size);
}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

HOOK void __tsan_init(void)
{
}

#define PLAIN(size)                                                                      \
	HOOK void __tsan_read##size(void *at)                                            \
	{                                                                                \
		point(at, size);                                                         \
	}                                                                                \
	HOOK void __tsan_write##size(void *at)                                           \
	{                                                                                \
		point(at, size);                                                         \
	}                                                                                \
	HOOK void __tsan_volatile_read##size(void *at)                                   \
	{                                                                                \
		point(at, size);                                                         \
	}                                                                                \
	HOOK void __tsan_volatile_write##size(void *at)                                  \
	{                                                                                \
		point(at, size);                                                         \
	}

#define RMW(bits, name, op)                                                              \
	HOOK u##bits __tsan_atomic##bits##_##name(                                       \
		volatile u##bits *at, u##bits value, int order)                          \
	{                                                                                \
		point(at, bits / 8);                                                     \
		return op(at, value, __ATOMIC_SEQ_CST);                                  \
	}

#define ATOMIC(bits)                                                                     \
	HOOK u##bits __tsan_atomic##bits##_load(const volatile u##bits *at, int order)   \
	{                                                                                \
		point(at, bits / 8);                                                     \
		return __atomic_load_n(at, __ATOMIC_SEQ_CST);                            \
	}                                                                                \
	HOOK void __tsan_atomic##bits##_store(                                           \
		volatile u##bits *at, u##bits value, int order)                          \
	{                                                                                \
		point(at, bits / 8);                                                     \
		__atomic_store_n(at, value, __ATOMIC_SEQ_CST);                           \
	}                                                                                \
	HOOK int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *at,     \
		u##bits *expected, u##bits value, int order, int failed)                 \
	{                                                                                \
		point(at, bits / 8);                                                     \
		return __atomic_compare_exchange_n(                                      \
			at, expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST); \
	}                                                                                \
	RMW(bits, exchange, __atomic_exchange_n)                                         \
	RMW(bits, fetch_add, __atomic_fetch_add)                                         \
	RMW(bits, fetch_sub, __atomic_fetch_sub)                                         \
	RMW(bits, fetch_and, __atomic_fetch_and)                                         \
	RMW(bits, fetch_or, __atomic_fetch_or)                                           \
	RMW(bits, fetch_xor, __atomic_fetch_xor)

/* clang-format off */
PLAIN(1) PLAIN(2) PLAIN(4) PLAIN(8)
ATOMIC(8) ATOMIC(16) ATOMIC(32) ATOMIC(64)

/* Memory is sequentially consistent here: a fence is a point and nothing more. */
HOOK void __tsan_atomic_thread_fence(int order)
/* clang-format on */
{
	actor_stop();
}

HOOK void __tsan_atomic_signal_fence(int order)
{
}

/* Whole structures: only in what is not explored (`make hook-lint` sees to it). */
HOOK void __tsan_read_range(void *at, unsigned long size)
{
}

HOOK void __tsan_write_range(void *at, unsigned long size)
{
}
