/*
 * tests/unit/flush.c - flushes on the real TLBs of this machine.
 *
 * CPU 0 takes a page away while the others write to it as user code would, through their
 * TLBs. The test keeps a reference to each frame: once unmap has
 * returned, nobody may be able to write to it any more.
 */
#include "tests/unit/crew.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/string.h"

#define BASE   0x30000000UL
#define ROUNDS 5

static struct mm *mm;
static u32 stop;           /* (a) */
static u32 tries[NR_CPUS]; /* (a) to write, successful or not, by CPU */

/* Counts up in the page whenever there is one, in a word of its own. */
static void keep_writing(unsigned long cpu)
{
	unsigned long address = BASE + cpu * sizeof(u32);
	u32 value;

	mm_use(mm);
	while (!atomic_load(&stop)) {
		value = atomic_add(&tries[cpu], 1);
		(void)!arch_copy_to_user(address, &value, sizeof(value));
	}
	mm_use(NULL);
}

static bool map_page(unsigned long at)
{
	return mm_map(mm, &at, PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED) == 0;
}

/* Returns when every writer has tried once more from beginning to end. On a machine with
 * one CPU the writer needs ours. */
static void let_write(cpuset_t writers)
{
	unsigned int cpu;

	for_each_cpu (cpu, writers) {
		u32 now = atomic_load(&tries[cpu]);

		while (atomic_load(&tries[cpu]) - now < 2)
			thread_yield();
	}
}

/* Only this thread unmaps, so the page that it found stays until it does. */
static void take_page_away(cpuset_t writers)
{
	u32 words[NR_CPUS], *frame;
	struct page *page;

	EXPECT_EQ(mm_fault(mm, BASE, ACCESS_WRITE), 0);
	frame = (u32 *)mm_peek(mm, BASE);
	page = page_of_virt(frame);
	page_get(page);
	let_write(writers);
	EXPECT_EQ(mm_unmap(mm, BASE, PAGE_SIZE), 0);
	memcpy(words, frame, sizeof(words));
	let_write(writers);
	EXPECT_EQ(memcmp(words, frame, sizeof(words)), 0);
	page_put(page);
	EXPECT(map_page(BASE));
}

UNIT_TEST(flush_reaches_every_cpu)
{
	cpuset_t writers = atomic_load(&cpus_online);
	unsigned int cpu;

	mm = mm_create();
	stop = 0;
	if (writers != 1)
		writers &= ~1U;
	EXPECT(mm && map_page(BASE));
	EXPECT_EQ(thread_set_allowed(current(), 1), 0);
	for_each_cpu (cpu, writers)
		crew_start(keep_writing, cpu, 1U << cpu);
	for (int round = 0; round < ROUNDS; round++)
		take_page_away(writers); /* with its tables */
	EXPECT(map_page(BASE + 2 * PAGE_SIZE));
	for (int round = 0; round < ROUNDS; round++)
		take_page_away(writers); /* alone: a neighbour keeps the tables */
	atomic_store(&stop, 1);
	crew_join();
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
	mm_put(mm);
}
