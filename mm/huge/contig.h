/*
 * mm/huge/contig.h - memory in one piece, of a device, mapped by leaves as large as fit.
 *
 * An object whose page i is frame `first` + i: it needs no tree to be found in, nor a
 * struct page. Its mappings hold no references (`pfn`, mm/space/object.h), so its leaves
 * of any level have no table deposited, and come and go by faults and flushes only:
 *
 *     none --contig_fault()--> leaf: pud, else pmd, else pte --leaf_split()--> none
 *
 * While it is TRACKED, leaves of all sizes allow reading only. The first write of a page
 * is REFUSED wherever it meets a large leaf, or could make one: the leaf is split, and
 * the fault goes one level down, to the page's own entry. That allows writing from then
 * on, and the page is noted as written. So tables stand beside leaves.
 *
 * Locks: faults hold mm->lock for reading, and look at an entry and store to it under
 * mm->table_lock. Lifetime: that of the object; the memory is the creator's.
 */
#pragma once

#include "mm/space/mm.h"

struct contig {
	phys_t first; /* (c) of a pud leaf, if there are to be such */
	bool tracked; /* (a) */
	u32 *written; /* (a) a bit for each page: written while it was tracked */
};

/* What lies at these frames. NULL: no memory, or nobody has an object of that size. */
struct object *object_create_contig(phys_t first, u64 size);

/* From now on who writes a page leaves a trace; or not any more. May sleep; one at a
 * time. */
void object_track(struct object *object, bool tracked);

/*
 * Of the pages first ... first + nr - 1, both multiples of 32: written[i / 32] has the
 * bit i % 32 if page i of them was written since it was last recorded. What is written
 * from now on is recorded the next time; and what was written just before is in the
 * memory when this returns. As mapping_write_protect().
 */
void object_record(struct object *object, u64 first, u64 nr, u32 *written);

/* Nobody has taken note of what object_record() told: the next one tells it, too. */
void object_record_again(struct object *object, u64 first, u64 nr, const u32 *written);

bool object_was_written(const struct object *object, u64 index);

/* mm->lock held for reading; the VMA, of such an object, allows the access: maps what is
 * at the address. 0, -ENOMEM, -EIO: beyond the end. */
int contig_fault(
	struct mm *mm, const struct vma *vma, unsigned long address, unsigned int access);
