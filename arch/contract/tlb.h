/*
 * arch/contract/tlb.h - forgetting translations.
 *
 * arch_tlb_broadcasts(): the machine's flush reaches every CPU (s390x IPTE/IDTE): one
 * call of arch_tlb_flush_everywhere() suffices, and PROVES NOTHING about lockless walkers
 * on other CPUs. Otherwise (x86_64) mm/table/tlb.c sends IPIs whose handlers flush
 * locally.
 *
 * When a flush returns, no CPU it covers can translate through the old entries, and their
 * walk caches do not point to unlinked tables.
 */
#pragma once

#include "arch/contract/pgtable.h"

bool arch_tlb_broadcasts(void);

/* This CPU, user range [start, end) of the address space now loaded. */
void arch_tlb_flush_local(unsigned long start, unsigned long end);
void arch_tlb_flush_local_all(void);

/* Every CPU that uses `root`; only if arch_tlb_broadcasts(). */
void arch_tlb_flush_everywhere(pxd_t *root);
