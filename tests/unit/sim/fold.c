/*
 * tests/unit/sim/fold.c - what other CPUs do while a root grows (see flush.c).
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "kernel/sched/rcu.h"
#include "mm/table/fold.h"
#include "mm/table/tlb.h"

#define AT 0x8000000UL
#define RW (PROT_READ | PROT_WRITE)

static struct mm *mm;

static void on(unsigned int cpu, struct mm *load)
{
	sim_on_cpu(cpu);
	arch_irq_disable();
	tlb_switch(NULL, load);
	arch_irq_enable();
}

static int grow(void)
{
	int err;

	mm_write_lock(mm);
	err = fold_grow(mm, mm->limit + 1);
	mm_write_unlock(mm);
	return err;
}

static void put_page(unsigned long address)
{
	EXPECT_EQ(mm_map(mm, &address, PAGE_SIZE, RW, MM_FIXED), 0);
	EXPECT_EQ(mm_fault(mm, address, ACCESS_WRITE), 0);
}

/* CPU 1 runs the mm, CPU 2 is lazy with it, CPU 3 joins afterwards. */
static void reload(void)
{
	unsigned long top;
	u64 value;

	if (fold_policy.first == fold_policy.deepest)
		return;
	mm = mm_create();
	put_page(AT);
	for (int cpu = 2; cpu >= 0; cpu--) {
		on(cpu, mm);
		EXPECT(sim_user_store(AT, cpu));
	}
	on(2, NULL);
	on(0, mm);
	EXPECT_EQ(grow(), 0);
	top = mm->limit - PAGE_SIZE;
	put_page(top);
	for (int cpu = 3; cpu >= 0; cpu--) {
		on(cpu, mm);
		EXPECT(sim_user_load(AT, &value) && value == 0);
		EXPECT(sim_user_store(top, 4));
	}
	for (int cpu = 3; cpu >= 0; cpu--)
		on(cpu, NULL);
	mm_put(mm);
}

UNIT_TEST(sim_fold_reloads_other_cpus)
{
	fold_each_start(reload);
}

/* Without memory for a table, all is as it was. A table that is there costs nothing. */
static void starve(void)
{
	unsigned long limit;
	int err;

	if (fold_policy.first == fold_policy.deepest)
		return;
	mm = mm_create();
	put_page(AT);
	limit = mm->limit;
	sim_frames_left = 0;
	err = grow();
	sim_frames_left = ~0UL;
	EXPECT_EQ(err, arch_root_level_loaded(fold_policy.first) == fold_policy.first
			       ? -ENOMEM
			       : 0);
	EXPECT_EQ(mm->limit == limit, err != 0);
	EXPECT(mm_peek(mm, AT));
	mm_put(mm);
}

UNIT_TEST(sim_fold_grow_without_memory)
{
	fold_each_start(starve);
}

/* Neither has mm_create(), whichever of its tables fails. */
static void starve_birth(void)
{
	long blocks;

	rcu_barrier();
	blocks = sim_blocks_used;
	for (unsigned long frames = 0; frames < 3; frames++) {
		sim_frames_left = frames;
		mm = mm_create();
		sim_frames_left = ~0UL;
		EXPECT_EQ(
			mm != NULL, frames > (unsigned long)(arch_root_level_loaded(
								     fold_policy.first) -
							     fold_policy.first));
		if (mm)
			mm_put(mm);
		rcu_barrier();
		EXPECT_EQ(sim_blocks_used, blocks);
	}
}

UNIT_TEST(sim_fold_birth_without_memory)
{
	fold_each_start(starve_birth);
}

/* A walker that comes between the two stores of a growth: if the limit lets it look for
 * an address above the old one, the root must be large enough to tell that from AT. */
static unsigned long old_limit;
static bool looked;

static void look_above(void)
{
	looked = true;
	if (atomic_load(&mm->limit) > old_limit)
		EXPECT(!mm_peek(mm, old_limit + AT));
}

static void grow_watched(void)
{
	if (fold_policy.first == fold_policy.deepest)
		return;
	mm = mm_create();
	put_page(AT);
	old_limit = mm->limit;
	looked = false;
	sim_at(TRACE_fold_root, look_above);
	EXPECT_EQ(grow(), 0);
	EXPECT(looked);
	EXPECT(mm->limit > old_limit && !mm_peek(mm, old_limit + AT));
	mm_put(mm);
}

UNIT_TEST(sim_fold_root_before_limit)
{
	fold_each_start(grow_watched);
}
