/*
 * kernel/base/types.h - the words that every file uses: fixed-width integers, addresses
 * as types, and the handful of macros without which C reads badly.
 *
 * A physical address is a one-field struct, so that it cannot be mixed with a kernel
 * pointer or a user address without a visible call. A user address is a plain
 * `unsigned long`: it is data from user space and is never dereferenced directly.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef int64_t s64;
typedef long ssize_t;

typedef struct {
	u64 v;
} phys_t;

static inline phys_t phys(u64 address)
{
	return (phys_t){address};
}

#define NR_CPUS    16
#define PAGE_SHIFT 12
#define PAGE_SIZE  (1UL << PAGE_SHIFT)
#define PAGE_MASK  (~(PAGE_SIZE - 1))

#define ARRAY_SIZE(a)         (sizeof(a) / sizeof((a)[0]))
#define ALIGN_UP(x, a)        (((x) + ((a)-1)) & ~((typeof(x))(a)-1))
#define ALIGN_DOWN(x, a)      ((x) & ~((typeof(x))(a)-1))
#define IS_ALIGNED(x, a)      (((x) & ((typeof(x))(a)-1)) == 0)
#define BIT(n)                (1UL << (n))
#define container_of(p, T, m) ((T *)((char *)(p)-offsetof(T, m)))
#define static_assert_size(T, n)                                                         \
	_Static_assert(sizeof(T) == (n), #T " has the wrong size")

#define min(a, b)                                                                        \
	({                                                                               \
		typeof(a) _a = (a);                                                      \
		typeof(b) _b = (b);                                                      \
		_a < _b ? _a : _b;                                                       \
	})
#define max(a, b)                                                                        \
	({                                                                               \
		typeof(a) _a = (a);                                                      \
		typeof(b) _b = (b);                                                      \
		_a > _b ? _a : _b;                                                       \
	})

/* A hosted build (arch/sim) may have met the libc's own. */
#undef __always_inline
#define __noreturn      __attribute__((noreturn))
#define __packed        __attribute__((packed))
#define __aligned(n)    __attribute__((aligned(n)))
#define __section(s)    __attribute__((section(s)))
#define __used          __attribute__((used))
#define __unused        __attribute__((unused))
#define __weak          __attribute__((weak))
#define __printf(f, a)  __attribute__((format(printf, f, a)))
#define __must_check    __attribute__((warn_unused_result))
#define __always_inline inline __attribute__((always_inline))
#define __noinline      __attribute__((noinline))
#define likely(x)       __builtin_expect(!!(x), 1)
#define unlikely(x)     __builtin_expect(!!(x), 0)

/*
 * One access, not torn, not repeated, not invented: what a lockless reader or writer of
 * shared memory uses. They order nothing; for order see atomic.h and contract/barrier.h.
 */
#ifdef __SANITIZE_THREAD__ /* to it volatile is nothing, and dependencies order nothing  \
			    */
#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_CONSUME)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELAXED)
#else
#define READ_ONCE(x)     (*(const volatile typeof(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile typeof(x) *)&(x) = (v))
#endif

/* The compiler may not move memory accesses across; the CPU may. */
#define barrier() __atomic_signal_fence(__ATOMIC_SEQ_CST)

#ifdef ORIGAMI_LAB
#define IS_LAB 1
#else
#define IS_LAB 0
#endif
