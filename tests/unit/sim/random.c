/*
 * tests/unit/sim/random.c - random mappings at every depth, seen by the simulated
 * hardware: its walk shares no code with mm/table, so both must be right to agree.
 */
#include "arch/sim/sim.h"
#include "arch/contract/irq.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "mm/table/tlb.h"

#define PLACES 24
#define STEPS  2000
#define SEED   20200909

struct place {
	unsigned long address;
	u64 value; /* in its first word; 0: not mapped */
};

static struct place places[PLACES];

/* Addresses near and far, so that they share tables of every level, or do not. */
static void choose_places(const struct mm *mm, u64 *seed)
{
	for (unsigned long i = 0; i < PLACES; i++) {
		int level = LEVEL_PMD + (int)(mm_random(seed) % (LEVELS - LEVEL_PMD));
		unsigned long far =
			mm_random(seed) % 3 * max(pxd_size(level), 32 * PAGE_SIZE);

		places[i].address = (far + i * PAGE_SIZE) % mm->limit;
		places[i].value = 0;
	}
}

static void map_place(struct mm *mm, struct place *place, u64 value)
{
	table_mm_map(mm, place->address, PROT_READ | PROT_WRITE);
	EXPECT(sim_user_store(place->address, value));
	place->value = value;
}

/* The gap around a place reaches to the nearest mapped places. */
static void unmap_place(struct mm *mm, struct place *place)
{
	unsigned long floor = 0, ceiling = 0;

	for (int i = 0; i < PLACES; i++) {
		unsigned long other = places[i].address;

		if (!places[i].value || other == place->address)
			continue;
		if (other < place->address && other + PAGE_SIZE > floor)
			floor = other + PAGE_SIZE;
		if (other > place->address && (!ceiling || other < ceiling))
			ceiling = other;
	}
	table_mm_unmap(mm, place->address, place->address + PAGE_SIZE, floor, ceiling);
	place->value = 0;
}

static bool all_agree(void)
{
	for (int i = 0; i < PLACES; i++) {
		u64 value = 0;

		if (sim_user_load(places[i].address, &value) != (places[i].value != 0) ||
			value != places[i].value)
			return false;
	}
	return true;
}

static void random_steps(struct mm *mm, u64 *seed)
{
	for (u64 step = 1; step <= STEPS; step++) {
		struct place *place = &places[mm_random(seed) % PLACES];

		if (place->value)
			unmap_place(mm, place);
		else
			map_place(mm, place, step);
		if (!all_agree()) {
			print("# seed %d, step %lu\n", SEED, (unsigned long)step);
			EXPECT(!"hardware and model disagree");
			return;
		}
	}
}

static void load(struct mm *mm)
{
	arch_irq_disable();
	tlb_switch(NULL, mm);
	arch_irq_enable();
}

UNIT_TEST(sim_random_mappings)
{
	u64 seed = SEED;
	struct mm mm;

	for_each_root_level(root)
	{
		EXPECT(table_mm_make(&mm, root));
		choose_places(&mm, &seed);
		load(&mm);
		random_steps(&mm, &seed);
		load(NULL);
		tlb_leave(&mm);
		table_mm_free(&mm);
	}
}
