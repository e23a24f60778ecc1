/*
 * kernel/base/counters.h - per-CPU event counters; counted without atomics by the owner
 * CPU, summed by readers (a sum is exact only when nothing runs). Declared in one table.
 */
#pragma once

#include "kernel/base/percpu.h"
#include "kernel/base/thread_info.h"

enum counter {
	COUNT_SWITCHES,
	COUNT_IPIS,
	COUNT_FAULTS,
	COUNT_FAULT_VMA,         /* of those: done holding the VMA */
	COUNT_FAULT_VMA_MISSED,  /* left to fault=mmap: no VMA was got hold of, */
	COUNT_FAULT_VMA_CLAIMED, /* and of these, a write section had claimed it; */
	COUNT_FAULT_VMA_FAMILY,  /* or it had no page of its own yet */
	COUNT_SPEC,              /* done speculatively, or left to fault=vma, because */
	COUNT_SPEC_ODD,          /* a write section was open, */
	COUNT_SPEC_UNMAPPED,     /* no VMA was there, or a device's, */
	COUNT_SPEC_VMA_COPY,     /* one was opened while it was copied, */
	COUNT_SPEC_ACCESS,       /* it does not allow the access, */
	COUNT_SPEC_FAMILY,       /* it had no page of its own yet, */
	COUNT_SPEC_TABLE,        /* there was no lowest table, */
	COUNT_SPEC_OBJECT,       /* nor the object's page, */
	COUNT_SPEC_SEQ_FIRST,    /* a write section was opened before commit, */
	COUNT_SPEC_BUSY,         /* the table lock was taken, */
	COUNT_SPEC_SEQ_LAST,     /* or a write section was opened just then */
	COUNT_SYSCALLS,
	COUNT_UNKNOWN_CALLS, /* of those: there is no such call */
	COUNT_FOLD_GROWS,    /* levels added to running mms */
	COUNT_TABLES,        /* page tables allocated minus freed */
	COUNT_TABLES_MOVED,  /* by mremap, as a whole */
	COUNT_GUP_FAST_PAGES,
	COUNT_GUP_SLOW_PAGES,
	COUNT_GUP_DROPPED_PAGES,
	COUNT_GUP_RECHECK_PTE, /* fast path: the entry had changed after the grab */
	COUNT_GUP_RECHECK_PMD, /* or the one above it */
	COUNT_GUP_REFUSED,     /* the frame's count was zero, or too high */
	COUNT_GUP_OVER_LIMIT,  /* the range is above what the root can express */
	COUNT_GUP_FORKED,      /* a fork was copying the entries meanwhile */
	COUNT_GUP_SHARED,      /* the page is shared, and was to be pinned */
	COUNT_COW_COPIES,      /* shared pages copied for a write or a pin */
	COUNT_HUGE_FAULTS,     /* blocks that faults have mapped */
	COUNT_COLLAPSED,       /* blocks that have taken the place of pages */
	COUNT_LEAVES_SPLIT,    /* leaves that became tables of entries */
	COUNT_BLOCKS_SPLIT,    /* blocks that became single frames */
	COUNT_RECLAIMED, /* lazy and clean pages that were taken for lack of memory */
	COUNT_TLB_FLUSHES_RANGE,
	COUNT_TLB_FLUSHES_FULL,
	COUNT_TLB_IPIS,         /* CPUs that a flush interrupted */
	COUNT_TLB_LAZY_SKIPPED, /* CPUs that it spared */
	COUNT_TLB_GEN_MISSED,   /* a CPU flushed all: it had missed a generation */
	COUNT_TLB_ESCALATIONS,  /* nested gathers: the whole mm was flushed */
	COUNT_TABLES_FREED_RCU,
	COUNT_TABLES_FREED_IPI,
	COUNT_TABLES_FREED_AT_ONCE,
	COUNT_RCU_GRACE_PERIODS,
	COUNT_RCU_CALLBACKS,
	COUNTERS
};

DECLARE_PERCPU(s64[COUNTERS], counters);

/* An interrupt between load and store may lose or double a count: use with preemption or
 * interrupts off where exactness matters. */
#define counter_add(which, n) (this_cpu(counters)[which] += (n))

/* Exact, in threads. */
#define counter_add_exact(which, n)                                                      \
	do {                                                                             \
		preempt_disable();                                                       \
		counter_add(which, n);                                                   \
		preempt_enable();                                                        \
	} while (0)

s64 counter_sum(enum counter which);
const char *counter_name(enum counter which);
