/*
 * mm/table/policy.h - what is chosen at boot about flushing, freeing and walking.
 *
 *   flush=ipi|broadcast   how other CPUs are made to forget (the flush model). Default:
 *                         the machine's own; the other one is modelled faithfully.
 *   tables=rcu|rcu-ipi-fallback|ipi|immediate
 *                         when an unlinked, flushed table becomes free
 *   reader=irq|rcu|both|none     (lab) what a lockless walk holds
 *
 * With `fold=` (arch/contract/pgtable.h), `step=` (mm/rivals) and `rcu=`
 * (kernel/sched/rcu.h) these are all policies of mm/table. Words are written by the
 * option parser, before the first mm exists (c); release builds know reader= at build
 * time. They lie in a section of their own (policy_words): an explorer of interleavings
 * must not see them.
 */
#pragma once

#include "kernel/base/types.h"

enum flush_model {
	FLUSH_IPI, /* an interrupt on each CPU of the mm: waits for IRQ-off walkers */
	FLUSH_BROADCAST, /* reaches every CPU whatever it does: proves nothing of walkers
			  */
};

enum table_policy {
	TABLES_RCU,              /* after a grace period, always */
	TABLES_RCU_IPI_FALLBACK, /* without memory for a batch: IPI to all, then free */
	TABLES_IPI,              /* after an IPI to every CPU of the mm */
	TABLES_IMMEDIATE, /* at once after the flush: safe only if the flush waits */
};

enum reader_policy {
	READER_IRQ, /* interrupts off */
	READER_RCU, /* rcu_read_lock(), interrupts on */
	READER_BOTH,
	READER_NONE, /* nothing: a mistake to be shown */
};

struct table_policies {
	enum flush_model flush;
	enum table_policy tables;
	enum reader_policy reader;
};

extern struct table_policies policies;

static inline enum reader_policy policy_reader(void)
{
	return IS_LAB ? policies.reader : READER_IRQ;
}
