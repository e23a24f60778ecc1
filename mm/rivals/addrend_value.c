/*
 * mm/rivals/addrend_value.c - step=addrend-value: pxd_addr_end() takes the entry.
 *
 * Jason Gunthorpe in the discussion of v1; patches 2 and 3 of RFC v2. As
 * addrend_folded.c, but there is one pxd_addr_end(), it always gets the entry's value,
 * and so every walker of every kind ends its loops where the entry really ends.
 *
 * For: the rule is in the type: nobody can forget to pass the value. `ptr + 1 ==
 * offset(parent, next)` holds in all loops again. John Hubbard: set_pte_at() carries
 * arguments that some machines ignore, too. Mike Rapoport would have used only this.
 * Against: all machines and walkers change for the sake of one; awkward where no entry is
 * at hand; Linus Torvalds did not like to mend the step in the loop's end.
 *
 * The lockless walk is addrend_folded.c's, instruction by instruction: what the change is
 * about is everybody else. So here is everybody else: the locked walk, in its way.
 *
 * Verdict: the right pages on every machine.
 */
#include "mm/rivals/classic.h"
#include "kernel/base/spin.h"

struct visit {
	addrend_visit_fn *fn;
	void *arg;
};

typedef void visit_fn(
	struct visit *visit, pxd_t *parent, unsigned long address, unsigned long end);

bool addrend_value_walk(struct gup_walk *walk, pxd_t *root, pxd_t first,
	unsigned long address, unsigned long end)
{
	return addrend_folded_walk(walk, root, first, address, end);
}

static __always_inline void visit_range(const int level, struct visit *visit,
	pxd_t *parent, unsigned long address, unsigned long end, visit_fn *next)
{
	pxd_t *ptr = pxd_offset_lockless(level, parent, pxd_read(parent), address);
	unsigned long stop;

	for (;; ptr++, address = stop) {
		pxd_t entry = pxd_read(ptr);

		stop = addr_end_value(level, entry, address, end);
		if (!pxd_none(level, entry) &&
			(level == LEVEL_PTE || pxd_leaf(level, entry)))
			visit->fn(ptr, address, visit->arg);
		else if (!pxd_none(level, entry))
			next(visit, ptr, address, stop);
		if (stop == end)
			return;
	}
}

static void visit_pte(
	struct visit *visit, pxd_t *pmd, unsigned long address, unsigned long end)
{
	visit_range(LEVEL_PTE, visit, pmd, address, end, NULL);
}

static void visit_pmd(
	struct visit *visit, pxd_t *pud, unsigned long address, unsigned long end)
{
	visit_range(LEVEL_PMD, visit, pud, address, end, visit_pte);
}

static void visit_pud(
	struct visit *visit, pxd_t *p4d, unsigned long address, unsigned long end)
{
	visit_range(LEVEL_PUD, visit, p4d, address, end, visit_pmd);
}

static void visit_p4d(
	struct visit *visit, pxd_t *pgd, unsigned long address, unsigned long end)
{
	visit_range(LEVEL_P4D, visit, pgd, address, end, visit_pud);
}

void addrend_value_visit(struct mm *mm, unsigned long start, unsigned long end,
	addrend_visit_fn *fn, void *arg)
{
	struct visit visit = {.fn = fn, .arg = arg};

	spin_assert_held(&mm->table_lock);
	visit_range(LEVEL_PGD, &visit, mm->root, start, end, visit_p4d);
}
