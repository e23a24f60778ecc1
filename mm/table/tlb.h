/*
 * mm/table/tlb.h - which CPUs may translate through an mm, and making them forget.
 *
 * When a flush returns, no CPU translates through what was unhooked before the call. On
 * machines with IPIs (x86_64) it has also waited for each of those CPUs to take an
 * interrupt; on machines that broadcast (s390x) it proves nothing about what other CPUs
 * are executing. Callers may hold mm->table_lock; interrupts must be on.
 */
#pragma once

#include "mm/space/mm.h"

void tlb_flush_range(struct mm *mm, unsigned long start, unsigned long end);
void tlb_flush_mm(struct mm *mm);

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
