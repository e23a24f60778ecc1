/*
 * tests/races/switch_flush.c - a CPU begins to use an mm while a page of it is unmapped.
 * Number Z18 of the zoo, CVE-2016-2069 and CVE-2025-37964.
 *
 * The CPU has loaded the root, so from now on it may cache what is mapped. munmap() asks
 * the CPUs whose bit is set. The bit was set before the load: this one is asked, and
 * waited for. Set after it (the mutant), the CPU would be left out, and could go on using
 * a frame that is somebody else's. In the few instructions until then only its walker
 * could do so, ahead of time; so it is the ledger (mm/oracle) that tells, by the table.
 */
#include "tests/races/help.h"
#include "arch/contract/uaccess.h"

static struct mm *mm;

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
}

static void use(void)
{
	u64 word;

	mm_use(mm);
	if (arch_copy_from_user(&word, RACE_AT, sizeof(word)))
		word = 0; /* it is gone, and that is fine */
	mm_use(NULL);
}

static void unmap(void)
{
	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(switch_flush) = {
	.name = "switch_flush",
	.story = "a CPU loads an mm beside munmap()",
	.setup = setup,
	.actor = {use, unmap},
	.teardown = teardown,
	.script = "0@tlb_load 1 0",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"flush=ipi", RACE_EXCLUDED, "cross-call"},
			{"mutant=cpu_bit_before_load", RACE_DAMAGED,
				"the CPU is not asked"},
			{"", RACE_HARMLESS, "a broadcast reaches the CPU"},
			{},
		},
};
