/*
 * mm/rivals/pagewalk.c - a walk that meets a leaf: what may it believe, and how long?
 *
 * Asked in October 2019 (seed S4), when walk_page_mapping() was new. A device's leaf that
 * is split becomes nothing, and the next fault may bring it back.
 *
 * trusting: Linux until 2026. Split it, let go of the lock, and take what is there then
 * for a table, unless it is nothing. Against: a fault was faster, and the leaf is there
 * again: its memory is taken for a table. DAMAGED.
 *
 * external: Thomas Hellstrom: let the device's faults wait while the walk runs. For: a
 * leaf that was seen stays, and its callback sees each. Against, Kirill Shutemov: faults
 * are not the only ones. munmap(), madvise() and mremap() take leaves away, in any mm,
 * and ask no device: what is stored in place of the leaf that was seen is a mapping of
 * what is mapped no more. EXCLUDED beside faults, DAMAGED beside munmap().
 *
 * retry: Kirill Shutemov, and Linux since 2026: the lock of the entry is enough, if
 * one looks once more after splitting, and a leaf means to begin again. Right; but how
 * often may somebody else be faster? HARMLESS.
 *
 * Here table_lock is kept from the split to the look at what has become of it: there is
 * nothing to retry.
 */
#include "mm/rivals/pagewalk.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/pagewalk.h"
#include "mm/table/descend.h"
#include "mm/table/tlb.h"

static void split(struct mm *mm, const struct descent *at, unsigned long address)
{
	spin_lock(&mm->table_lock);
	if (pxd_leaf(LEVEL_PMD, pxd_read(at->ptr)))
		leaf_split(mm, LEVEL_PMD, at->ptr, address);
	spin_unlock(&mm->table_lock);
	TRACE_POINT(walk_split);
}

static void show(pxd_t entry, unsigned long address, pagewalk_fn *visit)
{
	visit(pxd_table(LEVEL_PMD, entry) + pxd_index(LEVEL_PTE, address));
}

int pagewalk_trusting(struct mm *mm, unsigned long address, pagewalk_fn *visit)
{
	struct descent at;
	pxd_t entry;

	descend_find_pmd(mm, address, &at);
	split(mm, &at, address);
	entry = pxd_read(at.ptr);
	if (!pxd_none(LEVEL_PMD, entry))
		show(entry, address, visit);
	return 0;
}

int pagewalk_retry(struct mm *mm, unsigned long address, pagewalk_fn *visit)
{
	struct descent at;
	pxd_t entry;

	descend_find_pmd(mm, address, &at);
	for (int i = 0; i <= WALK_RETRIES; i++) {
		split(mm, &at, address);
		entry = pxd_read(at.ptr);
		if (pxd_none(LEVEL_PMD, entry))
			return 0;
		if (!pxd_leaf(LEVEL_PMD, entry)) {
			show(entry, address, visit);
			return 0;
		}
	}
	return -EAGAIN;
}

void pagewalk_external(struct mm *mm, unsigned long address)
{
	struct descent at;
	pxd_t entry;

	descend_find_pmd(mm, address, &at);
	if (at.level != LEVEL_PMD || !pxd_leaf(LEVEL_PMD, at.entry))
		return;
	TRACE_POINT(walk_look);
	entry = arch_pxd_leaf_make(LEVEL_PMD, arch_pxd_phys(LEVEL_PMD, at.entry),
		cow_prot_shared(arch_pxd_prot(LEVEL_PMD, at.entry)));
	address = ALIGN_DOWN(address, HUGE_SIZE);
	spin_lock(&mm->table_lock);
	(void)pxd_unhook(LEVEL_PMD, at.ptr, address, entry);
	spin_unlock(&mm->table_lock);
	tlb_flush_range(mm, address, address + HUGE_SIZE);
}
