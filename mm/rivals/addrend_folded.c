/*
 * mm/rivals/addrend_folded.c - step=addrend-folded: keep the copies, end the loops.
 *
 * Alexander Gordeev and Gerald Schaefer, RFC v2 1/3, September 2020. A walk passes each
 * entry down by value; where a level is folded, the step's answer is the address of that
 * copy, and nobody may increment it. Nobody does if a loop ends where the entry that it
 * has read ends: pxd_addr_end_folded(), for this walk only, asks the value how much it
 * spans. A folded level's loop then runs once, and the range goes on at the top, the only
 * level whose pointer points into a table whatever is folded.
 *
 * For: a few lines in one machine's headers, easily carried back to old releases; all
 * other machines compile to what they were.
 * Against: a second family of helpers beside pxd_addr_end(), and no rule that says when
 * to use which: the next lockless walker forgets it. The pointers into the stack are
 * still there: right by care, not by construction. And a recheck of the pmd through such
 * a pointer (a root of two levels) compares the copy with itself.
 *
 * Verdict: the right pages on every machine. `step=` shows the stack under each folded
 * level, and that no loop goes on from there.
 */
#include "mm/rivals/classic.h"

#define pxd_addr_end_folded addr_end_value

static __always_inline pxd_t *pass_copy(pxd_t *ptr, pxd_t *copy)
{
	return copy;
}

static bool pte_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pmd,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PTE, walk, slot, pmd, address, end,
		pxd_addr_end_folded, pass_copy, NULL);
}

static bool pmd_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pud,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PMD, walk, slot, pud, address, end,
		pxd_addr_end_folded, pass_copy, pte_range);
}

static bool pud_range(struct gup_walk *walk, pxd_t *slot, pxd_t *p4d,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PUD, walk, slot, p4d, address, end,
		pxd_addr_end_folded, pass_copy, pmd_range);
}

static bool p4d_range(struct gup_walk *walk, pxd_t *slot, pxd_t *pgd,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_P4D, walk, slot, pgd, address, end,
		pxd_addr_end_folded, pass_copy, pud_range);
}

bool addrend_folded_walk(struct gup_walk *walk, pxd_t *root, pxd_t first,
	unsigned long address, unsigned long end)
{
	return classic_range(LEVEL_PGD, walk, root, root, address, end,
		pxd_addr_end_folded, pass_copy, p4d_range);
}
