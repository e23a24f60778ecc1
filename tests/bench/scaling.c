/*
 * tests/bench/scaling.c - the same operation on every CPU, each CPU as often.
 *
 * For each phase prints "phase NAME OPERATIONS" and runs the operation in a thread on
 * each CPU, between bench_begin() and bench_end(): how many locks were taken and how many
 * words that several CPUs use were written is counted from outside
 * (tests/tools/counter.c). The threads share one mm. The first phase does nothing: what
 * starting threads costs.
 */
#include "tests/bench/bench.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"
#include "mm/space/mm.h"
#include "tests/unit/crew.h"

#define ROUNDS 512
#define RANGE  (ROUNDS * PAGE_SIZE)

static struct mm *mm;        /* (c) during a phase */
static unsigned long memory; /* (c) a range for each CPU */

static void do_nothing(unsigned long cpu)
{
}

static void frames(unsigned long cpu)
{
	for (int i = 0; i < ROUNDS; i++)
		page_put(frame_alloc(0, PAGE_ANON, 0));
}

static void faults(unsigned long cpu)
{
	for (int i = 0; i < ROUNDS; i++)
		mm_fault(mm, memory + cpu * RANGE + i * PAGE_SIZE, ACCESS_WRITE);
}

static void maps(unsigned long cpu)
{
	for (int i = 0; i < ROUNDS; i++) {
		unsigned long at = 0;

		mm_map(mm, &at, PAGE_SIZE, PROT_READ, 0);
		mm_unmap(mm, at, PAGE_SIZE);
	}
}

static void hold_and_let_go(unsigned long at)
{
	struct page *held[8];

	for (unsigned int i = 0; i < ROUNDS / ARRAY_SIZE(held); i++)
		gup_put(held, gup_fast(at, ARRAY_SIZE(held), FOLL_GET, held));
}

/* Per page; these pages are there since faults() has run. */
static void gup_own(unsigned long cpu)
{
	hold_and_let_go(memory + cpu * RANGE);
}

static void gup_same(unsigned long cpu)
{
	hold_and_let_go(memory);
}

static void (*work)(unsigned long cpu); /* (c) during a phase */
static unsigned long turn;              /* (a) the CPU that works */

/* All threads are there from the start: one that came later would get the stack of one
 * that is gone, and share its words. */
static void in_turn(unsigned long cpu)
{
	spin_until(atomic_load(&turn) == cpu);
	mm_use(mm);
	work(cpu);
	mm_use(NULL);
	atomic_store(&turn, cpu + 1);
}

static void phase(const char *name, void (*fn)(unsigned long cpu))
{
	print("phase %s %u\n", name, ROUNDS * cpu_count);
	work = fn;
	atomic_store(&turn, 0);
	bench_begin();
	crew_on_each_cpu(in_turn);
	bench_end();
}

void bench_scaling(void)
{
	memory = 0;
	mm = mm_create();
	ASSERT(mm && !mm_map(mm, &memory, NR_CPUS * RANGE, PROT_READ | PROT_WRITE, 0),
		"no memory for the benchmark");
	phase("nothing", do_nothing);
	phase("frame_alloc_free", frames);
	phase("anon_fault", faults);
	phase("gup_fast_own_pages", gup_own);
	phase("gup_fast_same_pages", gup_same);
	phase("mmap_munmap_untouched", maps);
	mm_put(mm);
}

__noinline void bench_begin(void)
{
	barrier();
}

__noinline void bench_end(void)
{
	barrier();
}
