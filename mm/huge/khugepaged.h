/*
 * mm/huge/khugepaged.h - blocks in the place of pages, unasked: where, how soon, and what
 * has come of it. The thread that does it is in kernel/task/khugepaged.c.
 */
#pragma once

#include "kernel/sched/wait.h"
#include "mm/space/mm.h"

/* (a) Linux's settings, which may change at any time; khugepaged_changed() follows. */
struct khugepaged {
	u32 max_ptes_none;   /* so many pages of a block may be missing, */
	u32 max_ptes_shared; /* so many be mapped elsewhere, too, */
	u32 max_ptes_swap;   /* so many be in a swap area, if there were one */
	u32 pages_to_scan;   /* in one round */
	u32 scan_sleep_ms;   /* between two rounds */
	u32 alloc_sleep_ms;  /* after one that got no memory */
	u32 defrag;          /* is memory reclaimed for it? */
	u32 pages_collapsed; /* of what came of it: blocks, */
	u32 full_scans;      /* and how often every mm had its turn */
};
extern struct khugepaged khugepaged;

/* Woken with each change: of a setting, or there is work. */
extern struct wait_queue khugepaged_wait;
extern u32 khugepaged_changes; /* (a) so many */
void khugepaged_changed(void);

/* Blocks are wanted in this mm; it ends, and nobody uses it any more. */
void khugepaged_enter(struct mm *mm);
void khugepaged_leave(struct mm *mm);

/* Is there an mm to look at, and are blocks wanted at all? */
bool khugepaged_has_work(void);

/* One round, in one thread at a time: pages_to_scan pages, or until all had their turn.
 * -ENOMEM: it has ended there. May sleep. */
int khugepaged_scan(void);
