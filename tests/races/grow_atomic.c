/*
 * tests/races/grow_atomic.c - the root of an mm grows while a thread of it does an atomic
 * access to user memory. Number Z2 of the zoo, CVE-2020-11884.
 *
 * s390x does such accesses in secondary-space mode, in which instructions come from
 * primary space: so for a moment the register of the user's root has the kernel's. The
 * CPU that makes the root grow interrupts all others, which load the new root into that
 * register; and the kernel would go on with instructions of the user's choice. So the
 * section has interrupts off, and growing waits for it.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"
#include "mm/table/fold.h"

#define VALUE 7

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, RACE_RW);
	*(u32 *)page_address(race_page(mm, RACE_AT)) = VALUE;
}

static void look(void)
{
	u32 value = 0;

	mm_use(mm);
	RACE_CLAIM(!arch_user_load_u32(RACE_AT, &value) && value == VALUE,
		"what was stored is read");
	mm_use(NULL);
}

/* Where roots do not grow it is refused. */
static void grow(void)
{
	mm_write_lock(mm);
	(void)fold_grow(mm, mm->limit + 1);
	mm_write_unlock(mm);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(grow_atomic) = {
	.name = "grow_atomic",
	.story = "the root grows during an atomic access to user memory",
	.setup = setup,
	.actor = {look, grow},
	.teardown = teardown,
	.script = "0@secondary 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=secondary_irqs_off machine=s390x", RACE_DAMAGED,
				"instructions of the user's"},
			{"mutant=secondary_irqs_off", RACE_HARMLESS, "no such section"},
			{"machine=s390x", RACE_EXCLUDED, "cross-call"},
			{"", RACE_HARMLESS, "no such section"},
			{},
		},
};
