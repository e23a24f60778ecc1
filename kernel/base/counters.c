/*
 * kernel/base/counters.c - see counters.h.
 */
#include "kernel/base/counters.h"
#include "kernel/base/cpu.h"

DEFINE_PERCPU(s64[COUNTERS], counters);

static const char *const names[COUNTERS] = {
	[COUNT_SWITCHES] = "switches",
	[COUNT_IPIS] = "ipis",
	[COUNT_FAULTS] = "pgfault",
	[COUNT_FAULT_VMA] = "vma_lock_success",
	[COUNT_FAULT_VMA_MISSED] = "vma_lock_abort",
	[COUNT_FAULT_VMA_CLAIMED] = "vma_lock_abort_claimed",
	[COUNT_FAULT_VMA_FAMILY] = "vma_lock_retry",
	[COUNT_SPEC] = "spf_success",
	[COUNT_SPEC_ODD] = "spf_abort_odd",
	[COUNT_SPEC_UNMAPPED] = "spf_abort_unmapped",
	[COUNT_SPEC_VMA_COPY] = "spf_abort_vma_copy",
	[COUNT_SPEC_ACCESS] = "spf_abort_access_error",
	[COUNT_SPEC_FAMILY] = "spf_abort_anon_vma",
	[COUNT_SPEC_TABLE] = "spf_abort_pmd",
	[COUNT_SPEC_OBJECT] = "spf_abort_object",
	[COUNT_SPEC_SEQ_FIRST] = "spf_abort_seq1",
	[COUNT_SPEC_BUSY] = "spf_abort_ptl",
	[COUNT_SPEC_SEQ_LAST] = "spf_abort_seq2",
	[COUNT_SYSCALLS] = "syscalls",
	[COUNT_UNKNOWN_CALLS] = "unknown_calls",
	[COUNT_FOLD_GROWS] = "fold_grows",
	[COUNT_TLB_FLUSHES_RANGE] = "tlb_flushes_range",
	[COUNT_TLB_FLUSHES_FULL] = "tlb_flushes_full",
	[COUNT_TLB_IPIS] = "tlb_ipis",
	[COUNT_TLB_LAZY_SKIPPED] = "tlb_lazy_skipped",
	[COUNT_TLB_GEN_MISSED] = "tlb_gen_missed",
	[COUNT_TLB_ESCALATIONS] = "tlb_escalations",
	[COUNT_TABLES_FREED_RCU] = "tables_freed_rcu",
	[COUNT_TABLES_FREED_IPI] = "tables_freed_ipi",
	[COUNT_TABLES_FREED_AT_ONCE] = "tables_freed_at_once",
	[COUNT_RCU_GRACE_PERIODS] = "rcu_grace_periods",
	[COUNT_RCU_CALLBACKS] = "rcu_callbacks",
	[COUNT_TABLES] = "tables",
	[COUNT_TABLES_MOVED] = "tables_moved",
	[COUNT_GUP_FAST_PAGES] = "gup_fast_pages",
	[COUNT_GUP_SLOW_PAGES] = "gup_slow_pages",
	[COUNT_GUP_DROPPED_PAGES] = "gup_dropped_pages",
	[COUNT_GUP_RECHECK_PTE] = "gup_recheck_failed_pte",
	[COUNT_GUP_RECHECK_PMD] = "gup_recheck_failed_pmd",
	[COUNT_GUP_REFUSED] = "gup_refused",
	[COUNT_GUP_OVER_LIMIT] = "gup_over_limit",
	[COUNT_GUP_FORKED] = "gup_forked",
	[COUNT_GUP_SHARED] = "gup_shared",
	[COUNT_RECLAIMED] = "reclaimed_pages",
	[COUNT_COW_COPIES] = "cow_copies",
	[COUNT_HUGE_FAULTS] = "thp_fault_alloc",
	[COUNT_COLLAPSED] = "thp_collapse_alloc",
	[COUNT_LEAVES_SPLIT] = "thp_split_pmd",
	[COUNT_BLOCKS_SPLIT] = "thp_split_page",
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
