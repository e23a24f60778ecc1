/*
 * kernel/base/counters.c - see counters.h.
 */
#include "kernel/base/counters.h"
#include "kernel/base/cpu.h"

DEFINE_PERCPU(s64[COUNTERS], counters);

static const char *const names[COUNTERS] = {
	[COUNT_SWITCHES] = "switches",
	[COUNT_IPIS] = "ipis",
	[COUNT_FAULTS] = "faults",
	[COUNT_SYSCALLS] = "syscalls",
	[COUNT_UNKNOWN_CALLS] = "unknown_calls",
	[COUNT_TLB_FLUSHES] = "tlb_flushes",
	[COUNT_FOLD_GROWS] = "fold_grows",
	[COUNT_TABLES] = "tables",
	[COUNT_GUP_FAST_PAGES] = "gup_fast_pages",
	[COUNT_GUP_SLOW_PAGES] = "gup_slow_pages",
	[COUNT_GUP_DROPPED_PAGES] = "gup_dropped_pages",
	[COUNT_GUP_RECHECK_PTE] = "gup_recheck_failed_pte",
	[COUNT_GUP_RECHECK_PMD] = "gup_recheck_failed_pmd",
	[COUNT_GUP_REFUSED] = "gup_refused",
	[COUNT_GUP_OVER_LIMIT] = "gup_over_limit",
};

s64 counter_sum(enum counter which)
{
	s64 sum = 0;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++)
		sum += per_cpu(counters, cpu)[which];
	return sum;
}

const char *counter_name(enum counter which)
{
	return names[which];
}
