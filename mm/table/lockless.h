/*
 * mm/table/lockless.h - what a walker without a lock holds instead of one.
 *
 * Between lockless_begin() and lockless_end() no table that was linked at the beginning
 * or later is freed, whatever other CPUs unlink meanwhile: they wait (policy.h, tables=)
 * for this CPU to take their interrupt, or for the grace period that this section holds
 * up. Nothing else is promised: entries change, and frames are freed without waiting.
 *
 * Short: with reader=irq this CPU answers nobody meanwhile.
 */
#pragma once

#include "arch/contract/irq.h"
#include "kernel/sched/rcu.h"
#include "mm/table/policy.h"

static __always_inline unsigned long lockless_begin(void)
{
	enum reader_policy reader = policy_reader();
	unsigned long irqs = 0;

	if (reader == READER_RCU || reader == READER_BOTH)
		rcu_read_lock();
	/* SAFE(walker_irqs_off): with interrupts on this CPU could answer the flush, or
	 * the grace period could end, in the middle of a walk, and the table be freed
	 * under it. Pairs with the waits in table_free.c. */
	if (reader == READER_IRQ || reader == READER_BOTH)
		irqs = arch_irq_save();
	return irqs;
}

static __always_inline void lockless_end(unsigned long irqs)
{
	enum reader_policy reader = policy_reader();

	if (reader == READER_IRQ || reader == READER_BOTH)
		arch_irq_restore(irqs);
	if (reader == READER_RCU || reader == READER_BOTH)
		rcu_read_unlock();
}
