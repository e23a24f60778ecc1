/*
 * mm/table/tlb.h - which CPUs may translate through an mm, and making them forget.
 *
 * When a flush returns, no CPU translates through what was unhooked before the call. With
 * flush=ipi it has also waited for each CPU that runs a thread of the mm to take an
 * interrupt; with flush=broadcast it proves nothing about what other CPUs are executing
 * (arch/contract/tlb.h). Callers may hold mm->table_lock; interrupts must be on.
 *
 * A CPU whose kernel thread merely kept the mm loaded is lazy. It uses no translation, so
 * tlb_flush_range() lets it be, and it catches up when it comes back. But its walker may
 * still read tables, on its own account: where tables are freed it is not spared.
 */
#pragma once

#include "mm/space/mm.h"

void tlb_flush_range(struct mm *mm, unsigned long start, unsigned long end);
void tlb_flush_mm(struct mm *mm);

/* Tables were unlinked from the range: afterwards no CPU walks through them either. */
void tlb_flush_tables(struct mm *mm, unsigned long start, unsigned long end);

/*
 * For who finds an entry empty, and acts on that: it may be empty because a gather has
 * just unhooked it and has not flushed yet (mm->flush_pending), and other CPUs go on
 * using what was there. When this returns, none does.
 */
void tlb_flush_pending(struct mm *mm);

/*
 * This CPU's threads now belong to `next` (NULL: a kernel thread, which keeps what is
 * loaded: lazy). Interrupts off. The scheduler's sched_switch_mm.
 */
void tlb_switch(struct mm *previous, struct mm *next);

/* mm->hardware_root has changed: when this returns, every CPU that runs the mm has the
 * new one loaded. */
void tlb_reload(struct mm *mm);

/* No thread uses mm any more: when this returns, no CPU has it loaded. */
void tlb_leave(struct mm *mm);

/* A hint, for oracles and tests: no thread of what the CPU has loaded runs there. */
bool tlb_is_lazy(unsigned int cpu);
