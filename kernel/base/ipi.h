/*
 * kernel/base/ipi.h - making other CPUs do something.
 *
 * ipi_call() runs fn(arg) on every CPU of `set` (with interrupts off; on this CPU too if
 * it is in the set) and returns when all have finished. Do not call it with interrupts
 * off (lab: asserted): the target might be waiting for us in the same way. fn must not
 * sleep and may take only locks of rank above RANK_TLB_WAIT.
 *
 * When it returns, each target has passed a point with interrupts enabled since the call:
 * this, and nothing else, is what "the IPI waited for the walker" means.
 */
#pragma once

#include "kernel/base/cpu.h"

void ipi_call(cpuset_t set, void (*fn)(void *), void *arg);

/* The CPUs for which an ipi_call() waits right now: a hint, for tests. */
cpuset_t ipi_awaited(void);

/* Called by the architecture's IPI interrupt, interrupts off. Runs pending calls. */
void ipi_receive(void);
