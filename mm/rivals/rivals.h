/*
 * mm/rivals/rivals.h - step=: how a lockless walk gets from one level to the next.
 *
 * `lockless` is the reference (mm/table/gup_fast.c). The others are designs that lost the
 * argument of September 2020 about folded levels, or that nobody made then: one file
 * each, headed by what was said for and against. All end at the same leaves (gup_leaf.h),
 * so that the price list compares steps and nothing else.
 */
#pragma once

#include "mm/table/gup_leaf.h"

gup_walk_fn addrend_folded_walk, addrend_value_walk, rederef_walk, depth_walk,
	oneword_root_walk;

/* addrend_value.c: the same idea in a walk under mm->table_lock. Calls visit for every
 * leaf of [start, end), which has to be below mm->limit. */
typedef void addrend_visit_fn(pxd_t *ptr, unsigned long address, void *arg);
void addrend_value_visit(struct mm *mm, unsigned long start, unsigned long end,
	addrend_visit_fn *visit, void *arg);

/* The walk of that name, the reference among them; NULL: there is none. */
const struct gup_step *gup_step_find(const char *name);

/* rederef.c: what the other CPU does between the check of an entry and its second read
 * (tests; NULL:
 * nothing). Lab builds. */
extern void (*rederef_meanwhile)(const pxd_t *ptr);
