/*
 * mm/rivals/rederef.c - step=rederef: pass pointers, read again.
 *
 * Linus Torvalds's first proposal in September 2020: why copy at all? Let the lockless
 * walk look like every other one: pointers go down, and each step reads *parent anew.
 *
 * For: one shape for all walkers, pointers always real, folding harmless.
 * Against: what is used is not what was checked. Between the two reads another CPU may
 * have unhooked the entry: the step then makes a table address out of an empty entry, or
 * takes a leaf's data for a table. Jason Gunthorpe: no use after free (the old table
 * waits for this walker), but data that nobody has validated. And it costs one load more
 * for each level that exists.
 *
 * Verdict: the right pages while nobody unhooks tables; under unmapping DAMAGED on every
 * machine: a walk through whatever lies at the address that an empty entry makes.
 */
#include "mm/rivals/classic.h"

void (*rederef_meanwhile)(const pxd_t *ptr);

static __always_inline pxd_t *pass_slot(pxd_t *ptr, pxd_t *copy)
{
	if (IS_LAB && rederef_meanwhile)
		rederef_meanwhile(ptr);
	return ptr;
}

static __always_inline unsigned long addr_end_constant(
	const int level, pxd_t entry, unsigned long address, unsigned long end)
{
	return pxd_addr_end(level, address, end);
}

static bool pte_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pmd,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PTE, walk, slot, pmd, address, end, addr_end_constant,
		pass_slot, NULL);
}

static bool pmd_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pud,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PMD, walk, slot, pud, address, end, addr_end_constant,
		pass_slot, pte_range);
}

static bool pud_range(struct gup_walk *walk, pxd_t *slot, pxd_t *p4d,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PUD, walk, slot, p4d, address, end, addr_end_constant,
		pass_slot, pmd_range);
}

static bool p4d_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pgd,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_P4D, walk, slot, pgd, address, end, addr_end_constant,
		pass_slot, pud_range);
}

bool rederef_walk(struct gup_walk *walk, pxd_t *root, pxd_t first, unsigned long address,
	unsigned long end)
{
	return classic_range(LEVEL_PGD, walk, root, root, address, end, addr_end_constant,
		pass_slot, p4d_range);
}
