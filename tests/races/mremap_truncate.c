/*
 * tests/races/mremap_truncate.c - an object's page is cut off while its mapping moves.
 * Number Z13 of the zoo: CVE-2018-18281.
 *
 * mremap() has moved the entry. Truncate needs no lock of the mm: it finds the page at
 * its new place, flushes that, and frees it. A thread that has used the old place still
 * has a translation, unless the old place was flushed before anybody could find the page
 * at the new one.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

#define FAR    (RACE_AT + 2 * PAGE_SIZE) /* in the same table */
#define SECRET 0x7365637265742121UL

static struct mm *mm;
static struct object *object;
static struct page *page, *stranger;

/* What object_resize() does before it looks for mappings, which needs no interleaving:
 * the reference of the object is the race's. */
static void cut(void)
{
	struct list pages = LIST_INIT(pages);

	spin_lock(&object->lock);
	object_cut(object, 0, 1, &pages);
	object->size = 0;
	spin_unlock(&object->lock);
}

static void setup(void)
{
	object = object_create(PAGE_SIZE);
	mm = race_mm_of(object, MM_POPULATE);
	page = race_page(mm, RACE_AT);
	stranger = NULL;
	cut();
}

/* This CPU has a translation, and then somebody else gets the frame. */
static void truncate(void)
{
	u64 word = 0;

	mm_use(mm);
	(void)!arch_copy_from_user(&word, RACE_AT, sizeof(word));
	TRACE_POINT(race);
	rmap_unmap_from(&object->rmap, 0);
	page_put(page);
	stranger = race_take_frame(page);
	if (stranger)
		*(u64 *)page_address(stranger) = SECRET;
	if (!arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		RACE_CLAIM(word != SECRET, "a stranger's words are read");
	mm_use(NULL);
}

static void move(void)
{
	unsigned long to = FAR;

	RACE_CLAIM(!mm_remap(mm, RACE_AT, PAGE_SIZE, PAGE_SIZE,
			   MM_REMAP_MAYMOVE | MM_REMAP_FIXED, &to),
		"it moves");
}

static void check(void)
{
	RACE_CLAIM(stranger && !mm_pages(mm), "what was cut off is mapped");
}

static void teardown(void)
{
	if (stranger)
		frame_free(stranger);
	mm_put(mm);
	object_put(object);
}

RACE(mremap_truncate) = {
	.name = "mremap_truncate",
	.story = "an object's page is cut off while its mapping moves",
	.setup = setup,
	.actor = {truncate, move},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1@mremap_moved 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			/* a broadcast makes all of an mm forgotten */
			{"mutant=move_flush flush=broadcast", RACE_EXCLUDED, "mm"},
			{"mutant=move_flush", RACE_DAMAGED, "a stale translation"},
			{"", RACE_EXCLUDED, "mm"},
			{},
		},
};
