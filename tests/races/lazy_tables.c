/*
 * tests/races/lazy_tables.c - a table is freed while a CPU has its mm loaded lazily.
 * Number Z17 of the zoo, from 2017 to 2025 in five forms.
 *
 * The CPU runs a kernel thread, and has kept the mm of before. It reads no user memory,
 * so a flush of pages may spare it. But its walker may go through the tables on its own,
 * from what it remembers of the way (here a program plays it): if tables go, the CPU must
 * be asked, and lets go of them. Under flush=broadcast nobody is spared.
 */
#include "tests/races/help.h"
#include "arch/contract/irq.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/trace.h"
#include "mm/table/policy.h"
#include "mm/table/ptdesc.h"

static struct mm *mm;
static const struct ptdesc *table; /* what the walker remembers */
static u32 generation;

static void setup(void)
{
	struct descent at;

	mm = race_mm(1, PROT_READ);
	descend_find(mm, RACE_AT, &at);
	table = ptdesc_of(LEVEL_PTE, at.ptr);
	generation = table->generation;
}

/* As the hardware does it: not interrupted, and only from tables that are loaded. */
static void walk_on(void)
{
	unsigned long irqs = arch_irq_save();

	if (policies.flush == FLUSH_IPI && atomic_load(&mm->cpus) & 1U << arch_cpu_id())
		RACE_CLAIM(READ_ONCE(table->type) == PAGE_TABLE &&
				   READ_ONCE(table->generation) == generation,
			"a lazy CPU walks through a table that was freed");
	arch_irq_restore(irqs);
}

static void laze(void)
{
	u64 word;

	mm_use(mm);
	if (arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		word = 0;
	mm_use(NULL);
	TRACE_POINT(race);
	walk_on();
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void check(void)
{
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(lazy_tables) = {
	.name = "lazy_tables",
	.story = "a table is freed while a lazy CPU has it loaded",
	.setup = setup,
	.actor = {laze, unmap},
	.check = check,
	.teardown = teardown,
	.script = "0@race 1 r 0",
	.sweeps = "flush tables",
	.cells =
		(const struct race_cell[]){
			{"mutant=lazy_walks_tables flush=ipi", RACE_DAMAGED,
				"the lazy CPU is spared"},
			{"mutant=lazy_walks_tables", RACE_HARMLESS,
				"a broadcast spares nobody"},
			{"", RACE_HARMLESS, "the lazy CPU is asked"},
			{},
		},
};
