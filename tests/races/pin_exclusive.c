/*
 * tests/races/pin_exclusive.c - a pin beside who is about to share the page. Number Z9 of
 * the zoo, Linux 2022.
 *
 * A page may be made shared only if nobody has it pinned, and a pin that has found it
 * exclusive relies on that. There is no common lock: the one clears the pte and then
 * looks for references; the other grabs and then looks at the pte, and only then at the
 * type. In each the store comes first and is seen before the look is made; so one of them
 * sees the other. (Fork also counts itself in write_protect_seq, so this is who merges or
 * swaps pages without one; Origami has nobody like that, and the race plays the part.)
 */
#include "kernel/base/trace.h"
#include "mm/space/gup.h"
#include "mm/table/pgtable.h"
#include "mm/table/tlb.h"
#include "tests/races/help.h"

static struct mm *mm;
static struct page *page, *held;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
	page = race_page(mm, RACE_AT);
	held = NULL;
}

static void pin(void)
{
	mm_use(mm);
	if (!gup_fast(RACE_AT, 1, FOLL_PIN, &held))
		held = NULL;
	mm_use(NULL);
}

static void share(void)
{
	struct descent at;
	pxd_t old;

	mm_read_lock(mm);
	descend_find(mm, RACE_AT, &at);
	spin_lock(&mm->table_lock);
	old = pxd_unhook(LEVEL_PTE, at.ptr, RACE_AT, arch_pxd_empty(LEVEL_PTE));
	if (atomic_load(&page->refs) == 1) {
		TRACE_POINT(race);
		WRITE_ONCE(page->type, PAGE_ANON_SHARED);
	}
	pxd_set(LEVEL_PTE, at.ptr, old);
	spin_unlock(&mm->table_lock);
	mm_read_unlock(mm);
}

static void check(void)
{
	RACE_CLAIM(!held || page->type == PAGE_ANON, "a page that is pinned was shared");
	if (held)
		gup_unpin(&held, 1);
}

static void teardown(void)
{
	tlb_flush_mm(mm);
	mm_put(mm);
}

RACE(pin_exclusive) = {
	.name = "pin_exclusive",
	.story = "a pin beside who makes the page a shared one",
	.setup = setup,
	.actor = {pin, share},
	.check = check,
	.teardown = teardown,
	.script = "0@gup_read 1@race 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=gup_pte_recheck", RACE_DAMAGED, "neither looks"},
			{"", RACE_DETECTED, "the pte is not what it was"},
			{},
		},
};
