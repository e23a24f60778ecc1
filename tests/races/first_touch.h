/*
 * tests/races/first_touch.h - what races of a first touch have in common: an mm whose
 * pages are mapped but for one, and a thread that writes to that one. It may come too
 * late; then it is told so.
 */
#pragma once

#include "kernel/base/errno.h"
#include "tests/races/help.h"

static struct mm *mm;
static unsigned long touched;

/* So many pages, of which the one at `address` is not mapped. */
static inline void first_touch_setup(unsigned long pages, unsigned long address)
{
	mm = race_mm(pages, RACE_RW);
	touched = address;
	RACE_CLAIM(!mm_discard(mm, address, PAGE_SIZE), "nothing is mapped there");
}

static inline void first_touch(void)
{
	int error = mm_fault(mm, touched, ACCESS_WRITE);

	RACE_CLAIM(!error || error == -EFAULT, "it is mapped, or must not be");
}

static inline void first_touch_teardown(void)
{
	mm_put(mm);
}
