/*
 * tests/bench/gup.c - what it costs to hold user pages and to let go of them.
 *
 * In an address space of its own: PAGES anonymous pages and as many of a memory object,
 * all present, and one leaf of level pmd, built by hand (and never accessed: not every
 * machine's hardware would follow it). What is held is let go outside the time.
 */
#include "tests/bench/bench.h"
#include "kernel/base/panic.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"
#include "mm/table/descend.h"

#define PAGES 512
#define LEAF  BIT(ARCH_LEVEL_SHIFT(LEVEL_PMD))

static struct mm *mm;
static unsigned long pages_at, memory_at, leaf_at;
static struct page *held[PAGES];

/* One call for each page, or one for all; flags in `arg`. */
static void fast_1(void *arg, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		gup_fast(pages_at + i * PAGE_SIZE, 1, *(unsigned int *)arg, &held[i]);
}

static void fast_all(void *arg, unsigned long rounds)
{
	gup_fast(pages_at, rounds, *(unsigned int *)arg, held);
}

static void slow_1(void *arg, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		gup_slow(mm, pages_at + i * PAGE_SIZE, 1, *(unsigned int *)arg, &held[i]);
}

static void slow_all(void *arg, unsigned long rounds)
{
	gup_slow(mm, pages_at, rounds, *(unsigned int *)arg, held);
}

static void leaf_all(void *arg, unsigned long rounds)
{
	gup_fast(leaf_at, rounds, *(unsigned int *)arg, held);
}

/* Lets go, and sees that there was something to let go of. */
static void let_go(void *arg, unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		ASSERT(held[i], "page %lu of %lu was not held", i, rounds);
	if (*(unsigned int *)arg & FOLL_PIN)
		gup_unpin(held, rounds);
	else
		gup_put(held, rounds);
	for (unsigned long i = 0; i < rounds; i++)
		held[i] = NULL;
}

static void unpin_all(void *arg, unsigned long rounds)
{
	gup_unpin(held, rounds);
}

/* The same of a memory file's pages. */
static void memory_all(void *arg, unsigned long rounds)
{
	gup_fast(memory_at, rounds, *(unsigned int *)arg, held);
}

static void bench_gup(
	const char *name, operation *hold, unsigned int flags, unsigned long rounds)
{
	bench_undone(name, hold, let_go, &flags, rounds);
}

static unsigned long map(size_t size)
{
	unsigned long at = 0;

	ASSERT(!mm_map(mm, &at, size, PROT_READ | PROT_WRITE, MM_POPULATE), "no memory");
	return at;
}

static unsigned long map_memory(size_t size)
{
	struct object *object = object_create(size);
	unsigned long at = 0;

	ASSERT(object && !mm_map_object(mm, &at, size, PROT_READ | PROT_WRITE,
				 MM_SHARED | MM_POPULATE, object, 0),
		"no memory");
	object_put(object);
	return at;
}

/* In the middle of a mapping that is not touched: nothing else is in its tables. */
static unsigned long map_leaf(void)
{
	unsigned long at = 0, address;
	struct page *page = frame_alloc(
		ARCH_LEVEL_SHIFT(LEVEL_PMD) - PAGE_SHIFT, PAGE_ANON, FRAME_ZERO);
	struct ptdesc *table = table_alloc(mm, LEVEL_PTE);
	struct descent slot;

	ASSERT(page && table && !mm_map(mm, &at, 2 * LEAF, PROT_READ | PROT_WRITE, 0),
		"no memory");
	address = ALIGN_UP(at, LEAF);
	ASSERT(!descend_alloc(mm, address, LEVEL_PMD, &slot), "no memory");
	page_make_block(page);
	spin_lock(&mm->table_lock);
	table_deposit(slot.ptr, table);
	pxd_set(LEVEL_PMD, slot.ptr,
		arch_pxd_leaf_make(LEVEL_PMD, page_phys(page), PROT_READ | PROT_WRITE));
	spin_unlock(&mm->table_lock);
	return address;
}

void bench_gup_all(void)
{
	unsigned int pin = FOLL_PIN | FOLL_WRITE, get = FOLL_GET | FOLL_WRITE;

	mm = mm_create();
	ASSERT(mm, "no memory");
	mm_use(mm);
	pages_at = map(PAGES * PAGE_SIZE);
	memory_at = map_memory(PAGES * PAGE_SIZE);
	leaf_at = map_leaf();
	bench_gup("gup_fast_1", fast_1, get, PAGES);
	bench_gup("gup_fast_512", fast_all, get, PAGES);
	bench_gup("pin_fast_1", fast_1, pin, PAGES);
	bench_gup("pin_fast_512", fast_all, pin, PAGES);
	bench_gup("pin_longterm_512", fast_all, pin | FOLL_LONGTERM, PAGES);
	fast_all(&pin, PAGES);
	bench_undone("unpin_512", unpin_all, fast_all, &pin, PAGES);
	let_go(&pin, PAGES);
	bench_gup("gup_slow_1", slow_1, get, PAGES);
	bench_gup("gup_slow_512", slow_all, get, PAGES);
	bench_gup("gup_memfd_512", memory_all, get, PAGES);
	bench_gup("gup_leaf", leaf_all, get, LEAF / PAGE_SIZE);
	mm_use(NULL);
	mm_put(mm);
}
