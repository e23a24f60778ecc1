/*
 * tests/unit/sim/two_cpus.h - a bare mm that two simulated CPUs have used.
 */
#pragma once

#include "arch/contract/irq.h"
#include "arch/sim/sim.h"
#include "mm/table/tlb.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"

#define PAGE_AT 0x123000UL

static inline void switch_to(unsigned int cpu, struct mm *mm)
{
	sim_on_cpu(cpu);
	arch_irq_disable();
	tlb_switch(NULL, mm);
	arch_irq_enable();
}

/* CPUs 0 and 1 run the mm and have touched its page; CPU 0 goes on. */
static inline void two_cpus(struct mm *mm, int root)
{
	EXPECT(table_mm_make(mm, root));
	table_mm_map(mm, PAGE_AT, PROT_READ | PROT_WRITE);
	for (int cpu = 1; cpu >= 0; cpu--) {
		switch_to(cpu, mm);
		EXPECT(sim_user_store(PAGE_AT, 1));
		EXPECT_EQ(sim_tlb_entries(), 1);
	}
	EXPECT_EQ(mm->cpus, 3);
}

static inline void all_leave(struct mm *mm)
{
	for (int cpu = SIM_CPUS - 1; cpu >= 0; cpu--)
		switch_to(cpu, NULL);
	tlb_leave(mm);
	EXPECT_EQ(mm->cpus, 0);
	table_mm_free(mm);
}
