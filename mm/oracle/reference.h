/*
 * mm/oracle/reference.h - lab builds: what gup_fast() found is what a descent finds, if
 * nothing was unhooked meanwhile. Called inside the lockless section.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"

#if defined(ORIGAMI_LAB) && !defined(ORIGAMI_SIM)

u32 reference_begin(const struct mm *mm);
void reference_check(struct mm *mm, u32 begun, unsigned long start,
	struct page *const *pages, unsigned long count);

#else

#define reference_begin(mm)                             0
#define reference_check(mm, begun, start, pages, count) ((void)(begun))

#endif
