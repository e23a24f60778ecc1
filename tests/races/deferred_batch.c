/*
 * tests/races/deferred_batch.c - a walk in a table that is freed when there is no memory.
 * Number Z5 of the zoo again: Linux freed tables so until 2025 and later.
 *
 * tables=rcu-ipi-fallback gathers tables in a batch that waits for a grace period. A
 * batch is a frame; without one, it interrupts every CPU instead, and frees at once. A
 * walker with interrupts off is safe either way, and one under rcu_read_lock() only as
 * long as there is memory: it answers the interrupt. So "RCU frees our tables" was not
 * quite true.
 */
#include "mm/space/vma.h"
#include "mm/table/gather.h"
#include "tests/races/walk.h"

static struct mm *mm;
static struct page *page; /* held: it is no frame for a batch */

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
	page = race_page(mm, RACE_AT);
	page_get(page);
}

static void walk(void)
{
	mm_use(mm);
	race_walk(mm, RACE_AT, race_look_at_table);
	mm_use(NULL);
}

/* munmap() of it would need memory itself; only tables go. */
static void free_tables(void)
{
	struct gather gather;

	mm_write_lock(mm);
	vma_write_begin(vma_find(mm, RACE_AT));
	gather_begin(&gather, mm);
	gather_unmap(&gather, RACE_AT, RACE_AT + PAGE_SIZE);
	gather_free_tables(&gather, RACE_AT, RACE_AT + PAGE_SIZE, 0, 0);
	race_take_all_frames();
	gather_end(&gather);
	race_give_frames_back();
	mm_write_unlock(mm);
}

static void teardown(void)
{
	page_put(page);
	mm_put(mm);
}

RACE(deferred_batch) = {
	.name = "deferred_batch",
	.story = "a walk in a table that is freed without memory for a batch",
	.setup = setup,
	.actor = {walk, free_tables},
	.teardown = teardown,
	.script = "0@gup_table 1 r 0",
	.sweeps = "flush tables=rcu-ipi-fallback reader rcu",
	.cells =
		(const struct race_cell[]){
			{"reader=irq,both", RACE_EXCLUDED, "cross-call"},
			{"", RACE_DAMAGED, "the walker answers the IPI"},
			{},
		},
};
