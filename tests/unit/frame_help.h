/*
 * tests/unit/frame_help.h - making memory scarce, quickly.
 */
#pragma once

#include "kernel/base/list.h"
#include "kernel/sched/rcu.h"
#include "mm/space/frame.h"

static inline u64 frame_count_free(void)
{
	struct frame_stats stats;

	frame_stats(&stats);
	return stats.free;
}

/* Nothing of an earlier test is still on its way back through RCU. */
static inline u64 frame_count_settled(void)
{
	rcu_barrier();
	return frame_count_free();
}

/* Take the largest blocks, as long as `bytes` are left after them. */
static inline void frame_hold_all_but(struct list *held, u64 bytes)
{
	u64 keep = (bytes >> PAGE_SHIFT) + (1UL << FRAME_ORDER_MAX);
	struct page *page;

	list_init(held);
	while (frame_count_free() > keep &&
		(page = frame_alloc(FRAME_ORDER_MAX, PAGE_KERNEL, 0)) != NULL)
		list_append(held, &page->link);
}

/* How many blocks it gave back. */
static inline u64 frame_give_all(struct list *taken)
{
	struct list *item;
	u64 count = 0;

	while ((item = list_pop(taken)) != NULL) {
		frame_free(list_entry(item, struct page, link));
		count++;
	}
	return count;
}
