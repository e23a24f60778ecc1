/*
 * arch/contract/tlb.h - forgetting translations.
 *
 * There are two flush models (the boot option flush=, mm/table/policy.h), and every
 * machine can do both:
 *
 *   ipi        mm/table/tlb.c makes each CPU of the mm flush locally, by a cross-call. It
 *              has then also waited for each of them to have interrupts on.
 *   broadcast  one call of arch_tlb_flush_everywhere() reaches every CPU whatever it does
 *              and PROVES NOTHING about lockless walkers on other CPUs.
 *
 * ARCH_TLB_BROADCASTS (<arch/pgtable.h>): the model that is the machine's own. The other
 * is played: with the local forms of the flushing instructions, or by interrupts that
 * cannot be masked.
 *
 * A translation made from a large leaf is one: it goes with any address in the leaf.
 *
 * When a flush returns, no CPU it covers can translate through the old entries, and their
 * walk caches do not point to unlinked tables.
 */
#pragma once

#include "arch/contract/pgtable.h"

/* This CPU, user range [start, end) of the address space now loaded. */
void arch_tlb_flush_local(unsigned long start, unsigned long end);
void arch_tlb_flush_local_all(void);

/* Every CPU that uses `root`. Any context. */
void arch_tlb_flush_everywhere(pxd_t *root);
