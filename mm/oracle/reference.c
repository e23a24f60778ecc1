/*
 * mm/oracle/reference.c - see reference.h. A descent shares no loop with the walk.
 */
#include "mm/oracle/reference.h"

#include "mm/table/descend.h"

/* Odd while an entry is being unhooked. */
u32 reference_begin(const struct mm *mm)
{
	return atomic_load(&mm->unhooks);
}

static const struct page *find(struct mm *mm, unsigned long address, struct descent *at)
{
	unsigned long offset;

	descend_find(mm, address, at);
	if (!pxd_leaf(at->level, at->entry))
		return NULL;
	offset = address & (pxd_size(at->level) - 1);
	return page_of_phys(phys(arch_pxd_phys(at->level, at->entry).v + offset));
}

void reference_check(struct mm *mm, u32 begun, unsigned long start,
	struct page *const *pages, unsigned long count)
{
	struct descent at;

	for (unsigned long i = 0; i < count; i++) {
		unsigned long address = start + i * PAGE_SIZE;
		const struct page *page = find(mm, address, &at);

		if (begun & 1 || atomic_load(&mm->unhooks) != begun)
			return;
		if (page != pages[i])
			pxd_broken("gup_fast() found another page", at.level, at.ptr,
				address);
	}
}
