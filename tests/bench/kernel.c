/*
 * tests/bench/kernel.c - operations that no system call reaches alone, for `make bench`.
 *
 * Stands in for the unit tests in a release kernel (BENCH=y): boot with test=bench, or
 * test=scaling. Under -icount shift=0 the clock's nanoseconds are instructions. Runs in
 * the first thread, with interrupts on.
 */
#include "tests/bench/bench.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"
#include "arch/contract/timer.h"
#include "mm/space/frame.h"
#include "tests/unit/unit.h"

static u64 time_of(operation *run, void *arg, unsigned long rounds)
{
	u64 start = arch_clock_ns();

	run(arg, rounds);
	return arch_clock_ns() - start;
}

u64 bench_median(u64 *values)
{
	for (unsigned int i = 1; i < BENCH_TRIES; i++)
		for (unsigned int n = i; n && values[n] < values[n - 1]; n--) {
			u64 high = values[n - 1];

			values[n - 1] = values[n];
			values[n] = high;
		}
	return values[BENCH_TRIES / 2];
}

static void nothing(void *arg, unsigned long rounds)
{
	while (rounds--)
		barrier();
}

void bench_undone(const char *name, operation *run, operation *undo, void *arg,
	unsigned long rounds)
{
	u64 took[BENCH_TRIES], empty[BENCH_TRIES];

	for (unsigned int i = 0; i <= BENCH_TRIES; i++) {
		unsigned int slot =
			i % BENCH_TRIES; /* the first is done twice: warm by then */

		empty[slot] = time_of(nothing, arg, rounds);
		took[slot] = time_of(run, arg, rounds);
		undo(arg, rounds);
	}
	print("bench %s %lu %lu\n", name, bench_median(took) - bench_median(empty),
		rounds);
}

void bench(const char *name, operation *run, void *arg, unsigned long rounds)
{
	bench_undone(name, run, nothing, arg, rounds);
}

static void irq_off_on(void *arg, unsigned long rounds)
{
	while (rounds--)
		arch_irq_restore(arch_irq_save());
}

static void clear(void *arg, unsigned long rounds)
{
	while (rounds--)
		clear_page(arg);
}

static void copy(void *arg, unsigned long rounds)
{
	while (rounds--)
		copy_page(arg, (char *)arg + PAGE_SIZE);
}

static void take_and_give(void *arg, unsigned long rounds)
{
	while (rounds--)
		page_put(frame_alloc(0, PAGE_ANON, 0));
}

static void bench_frames(void)
{
	struct page *page = frame_alloc(1, PAGE_KERNEL, 0);

	bench("clear_page", clear, page_address(page), 100);
	bench("copy_page", copy, page_address(page), 100);
	bench("frame_alloc_free", take_and_give, NULL, 1000);
	page_put(page);
}

int unit_run(const char *pattern)
{
	if (!strcmp(pattern, "scaling")) {
		bench_scaling();
		return 0;
	}
	if (!strcmp(pattern, "wall")) {
		bench_wall();
		return 0;
	}
	bench("irq_off_on", irq_off_on, NULL, 1000);
	bench_frames();
	bench_gup_all();
	return 0;
}
