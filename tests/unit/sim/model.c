/*
 * tests/unit/sim/model.c - the flat-model test on a program that wanders: before each
 * operation it may be on another CPU, so that every stale translation is used some day.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "mm/table/tlb.h"
#include "tests/unit/mm_model.h"
#include "tests/unit/unit.h"

static void run_here(struct mm *mm)
{
	arch_irq_disable();
	tlb_switch(NULL, mm);
	arch_irq_enable();
}

/* What is left behind is lazy: it keeps its translations. */
static void wander(struct mm *mm, u64 random)
{
	run_here(NULL);
	sim_on_cpu(mm ? random >> 32 & 3 : 0);
	run_here(mm);
}

static void run_wandering(void)
{
	model_moves = wander;
	model_run(unit_seed(1), unit_amount(4000));
	model_moves = NULL;
}

UNIT_TEST(sim_mm_model_wanders)
{
	run_wandering();
}

UNIT_TEST(sim_mm_model_wanders_blocks)
{
	model_blocks(run_wandering, true);
}
