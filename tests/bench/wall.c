/*
 * tests/bench/wall.c - two CPUs against one, by the clock on the wall.
 *
 * The other measurements count; this one shows how the host's real parallelism turns out.
 * Each CPU holds 512 pages and lets them go, over and over: its own pages, or the same
 * ones, whose counters then travel between the CPUs. Prints "wall NAME BEST MEDIAN": how
 * much two CPUs do in the time in which one does 100. It says nothing on a busy host.
 */
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "mm/space/gup.h"
#include "tests/bench/bench.h"
#include "tests/unit/crew.h"

#define PAGES 512
#define LOOPS 200
#define CPUS  2

static struct mm *mm;
static unsigned long memory, stride; /* of CPU n: memory + n * stride */
static struct page *held[CPUS][PAGES];
static u64 took[CPUS];
static u32 missing; /* (a) who has not come to the start yet */

static void hold_and_let_go(unsigned long cpu)
{
	u64 start;

	mm_use(mm);
	atomic_sub(&missing, 1);
	spin_until(!atomic_load(&missing));
	start = arch_clock_ns();
	for (int i = 0; i < LOOPS; i++) {
		unsigned long count = gup_fast(
			memory + cpu * stride, PAGES, FOLL_GET | FOLL_WRITE, held[cpu]);

		gup_put(held[cpu], count);
	}
	took[cpu] = arch_clock_ns() - start;
	mm_use(NULL);
}

/* The longest time of that many CPUs at once. */
static u64 run(unsigned int cpus)
{
	u64 longest = 0;

	atomic_store(&missing, cpus);
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		crew_start(hold_and_let_go, cpu, 1U << cpu);
	crew_join();
	for (unsigned int cpu = 0; cpu < cpus; cpu++)
		longest = max(longest, took[cpu]);
	return longest;
}

static void compare(const char *name, unsigned long distance)
{
	u64 ratio[BENCH_TRIES], middle;

	stride = distance;
	for (unsigned int i = 0; i < BENCH_TRIES; i++) {
		u64 one = run(1);

		ratio[i] = one * CPUS * 100 / run(CPUS);
	}
	middle = bench_median(ratio); /* sorts them */
	print("wall %s %lu %lu\n", name, ratio[BENCH_TRIES - 1], middle);
}

void bench_wall(void)
{
	memory = 0;
	mm = mm_create();
	ASSERT(cpu_count >= CPUS && mm &&
			!mm_map(mm, &memory, CPUS * PAGES * PAGE_SIZE,
				PROT_READ | PROT_WRITE, MM_POPULATE),
		"two CPUs and memory are needed");
	compare("own", PAGES * PAGE_SIZE);
	compare("same", 0);
	mm_put(mm);
}
