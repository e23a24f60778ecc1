/*
 * kernel/linux/gup_test.h - /sys/kernel/debug/gup_test: a program finds and pins its own
 * pages. Numbers and structures only: programs that use the file include this.
 *
 * The first nine requests are those of Linux (its test program gup_test runs unmodified;
 * 6.1 has the first six, the others came with 6.3). ORIGAMI_GUP is ours: it says which
 * way is tried and tells which frames were found.
 */
#pragma once

#include <linux/ioctl.h>
#include <linux/types.h>

/* Linux's flags of gup_test.gup_flags and origami_gup.flags */
#define GUP_FLAG_WRITE    0x1
#define GUP_FLAG_TOUCH    0x2     /* of no effect: a page that was found counts as used */
#define GUP_FLAG_GET      0x4     /* said anyway by the requests that hold by reference */
#define GUP_FLAG_LONGTERM 0x10000 /* with a pin */
#define GUP_FLAG_PIN      0x40000 /* ORIGAMI_GUP only: by a pin, not by a reference */

#define GUP_TEST_PAGES_TO_DUMP 8
#define GUP_TEST_DUMP_PINNED   0x1 /* test_flags: hold by a pin while dumping */

struct gup_test {
	__u64 get_delta_usec, put_delta_usec; /* out: how long both took */
	__u64 addr;
	__u64 size; /* bytes; out: how far it came */
	__u32 nr_pages_per_call;
	__u32 gup_flags;
	__u32 test_flags;
	__u32 which_pages[GUP_TEST_PAGES_TO_DUMP]; /* from 1; 0: none */
};

/* Pages that stay pinned until STOP, or until the file is closed. READ copies all of them
 * to a user address, however they are mapped by then, or if they are mapped at all. */
struct pin_longterm_test {
	__u64 addr, size; /* bytes, in whole pages */
	__u32 flags;      /* PIN_LONGTERM_USE_* */
};

#define PIN_LONGTERM_USE_WRITE 1
#define PIN_LONGTERM_USE_FAST  2

#define GUP_FAST_BENCHMARK      _IOWR('g', 1, struct gup_test)
#define PIN_FAST_BENCHMARK      _IOWR('g', 2, struct gup_test)
#define PIN_LONGTERM_BENCHMARK  _IOWR('g', 3, struct gup_test)
#define GUP_BASIC_TEST          _IOWR('g', 4, struct gup_test)
#define PIN_BASIC_TEST          _IOWR('g', 5, struct gup_test)
#define DUMP_USER_PAGES_TEST    _IOWR('g', 6, struct gup_test)
#define PIN_LONGTERM_TEST_START _IOW('g', 7, struct pin_longterm_test)
#define PIN_LONGTERM_TEST_STOP  _IO('g', 8)
#define PIN_LONGTERM_TEST_READ  _IOW('g', 9, __u64)

/*
 * Holds `count` pages from `address` on, in one call of the kernel's gup, `rounds` times
 * (0: once), and lets go of them again. `frames` (0: not wanted) is an array of __u64
 * that receives the frame numbers of the last round. The request succeeds even if it
 * found fewer pages: `got` says how many, or is a negative error number.
 */
enum {
	ORIGAMI_GUP_FAST, /* as the kernel does it: the lockless walk, the slow one for
			     the rest */
	ORIGAMI_GUP_FAST_ONLY, /* the lockless walk alone */
	ORIGAMI_GUP_SLOW,      /* the slow way alone */
};

struct origami_gup {
	__u64 address, count;
	__u32 flags; /* GUP_FLAG_* */
	__u32 way;   /* ORIGAMI_GUP_* */
	__u64 frames;
	__u32 rounds, unused;
	__s64 got;            /* out: in the last round */
	__u64 get_ns, put_ns; /* out: of all rounds together */
};

#define ORIGAMI_GUP _IOWR('g', 64, struct origami_gup)
