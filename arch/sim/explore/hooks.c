/*
 * arch/sim/explore/hooks.c - what -fsanitize=thread calls before each access of mm, and
 * in place of each atomic. Every call is a point at which another actor may step; the
 * access follows when this one is chosen again.
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/page.h"

#define HOOK __attribute__((used, visibility("default")))

/* What is about to be done, and from where. */
static __always_inline struct op *announce(enum op_kind kind, const volatile void *at,
	unsigned int size, enum touch_mode mode)
{
	struct op *op = &running->op;

	op->kind = kind;
	op->drains = op->plain = op->releases = false;
	op->joins = op->choices = 0;
	op->touches = 1;
	op->touch[0] = (struct touch){(unsigned long)at, size, mode};
	if ((unsigned long)at - (unsigned long)sim_ram < SIM_RAM_SIZE) {
		u64 frame = ((unsigned long)at - (unsigned long)sim_ram) / PAGE_SIZE;

		op->touch[op->touches++] =
			(struct touch){OBJECT_FRAME(frame), 4, TOUCH_READ};
	}
	op->name = NULL;
	op->pc = __builtin_return_address(0);
	op->frame = __builtin_frame_address(0);
	return op;
}

static __always_inline void load(const volatile void *at, unsigned int size, bool plain)
{
	if (!memory_is_private((unsigned long)at)) {
		announce(OP_LOAD, at, size, TOUCH_READ)->plain = plain;
		actor_stop();
	}
	memory_check((unsigned long)at, size);
}

static __always_inline void store(
	const volatile void *at, unsigned int size, bool plain, bool releases)
{
	struct op *op;

	if (!memory_is_private((unsigned long)at)) {
		op = announce(OP_STORE, at, size, TOUCH_WRITE);
		op->plain = plain;
		op->releases = releases;
		if (!buffer_store((unsigned long)at, size))
			actor_stop();
	}
	memory_check((unsigned long)at, size);
}

static __always_inline void rmw(const volatile void *at, unsigned int size)
{
	if (!memory_is_private((unsigned long)at)) {
		announce(OP_RMW, at, size, TOUCH_WRITE)->drains = true;
		actor_stop();
	}
	memory_check((unsigned long)at, size);
}

static __always_inline void cas(
	const volatile void *at, unsigned int size, unsigned long expected)
{
	struct op *op;

	if (!memory_is_private((unsigned long)at)) {
		op = announce(OP_CAS, at, size, TOUCH_WRITE);
		op->expected = expected;
		op->drains = true;
		actor_stop();
	}
	memory_check((unsigned long)at, size);
}

#pragma GCC diagnostic ignored "-Wmissing-prototypes"

HOOK void __tsan_init(void)
{
}

#define PLAIN(size)                                                                      \
	HOOK void __tsan_read##size(void *at)                                            \
	{                                                                                \
		load(at, size, true);                                                    \
	}                                                                                \
	HOOK void __tsan_write##size(void *at)                                           \
	{                                                                                \
		store(at, size, true, false);                                            \
	}                                                                                \
	HOOK void __tsan_volatile_read##size(void *at)                                   \
	{                                                                                \
		load(at, size, false);                                                   \
	}                                                                                \
	HOOK void __tsan_volatile_write##size(void *at)                                  \
	{                                                                                \
		store(at, size, false, false);                                           \
	}

#define RMW(bits, name, op)                                                              \
	HOOK u##bits __tsan_atomic##bits##_##name(                                       \
		volatile u##bits *at, u##bits value, int order)                          \
	{                                                                                \
		rmw(at, bits / 8);                                                       \
		return op(at, value, __ATOMIC_SEQ_CST);                                  \
	}

/* A sequentially consistent store is an exchange on machines with store buffers. */
#define ATOMIC(bits)                                                                     \
	HOOK u##bits __tsan_atomic##bits##_load(const volatile u##bits *at, int order)   \
	{                                                                                \
		load(at, bits / 8, false);                                               \
		return __atomic_load_n(at, __ATOMIC_SEQ_CST);                            \
	}                                                                                \
	HOOK void __tsan_atomic##bits##_store(                                           \
		volatile u##bits *at, u##bits value, int order)                          \
	{                                                                                \
		if (order == __ATOMIC_SEQ_CST)                                           \
			rmw(at, bits / 8);                                               \
		else                                                                     \
			store(at, bits / 8, false, order >= __ATOMIC_RELEASE);           \
		__atomic_store_n(at, value, __ATOMIC_SEQ_CST);                           \
	}                                                                                \
	HOOK int __tsan_atomic##bits##_compare_exchange_strong(volatile u##bits *at,     \
		u##bits *expected, u##bits value, int order, int failed)                 \
	{                                                                                \
		cas(at, bits / 8, *expected);                                            \
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

/* A fence touches nothing: it waits for what this CPU has stored to be seen. */
HOOK void __tsan_atomic_thread_fence(int order)
/* clang-format on */
{
	if (!running || order != __ATOMIC_SEQ_CST)
		return;
	announce(OP_FENCE, NULL, 0, TOUCH_READ)->touches = 0;
	running->op.drains = true;
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
