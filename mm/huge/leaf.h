/*
 * mm/huge/leaf.h - memory that one entry maps above the lowest level: a LEAF.
 *
 * What it maps is a BLOCK: as many frames as a lowest table has entries, aligned, whose
 * first one counts for all (mm/space/page.h). A block may also be mapped by the entries
 * of a lowest table: after its leaf was split, or from the beginning, where the hardware
 * has no leaves (arch_leaf_possible()).
 *
 *     none --huge_fault()--> leaf --leaf_split()--> a table of entries
 *                             `------mm_collapse()-------'
 *
 * With each leaf of private memory a lowest table is DEPOSITED beside the table that the
 * leaf stands in, so that splitting needs no memory and cannot fail. Leaves come and go
 * in pairs with it. What a leaf of an object maps, or a device's, of any level, can be
 * had again by a fault: it has no such table, and is split into nothing.
 *
 * Who holds mm->lock knows that a TABLE stays a table. A leaf, or nothing, is stable only
 * under table_lock: faults make leaves where nothing is, and whoever needs less than all
 * of one splits it. So who has found a leaf, or nothing, looks again.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/table/descend.h"

#define HUGE_ORDER (ARCH_LEVEL_SHIFT(LEVEL_PMD) - PAGE_SHIFT)
#define HUGE_PAGES (1UL << HUGE_ORDER)
#define HUGE_SIZE  (PAGE_SIZE << HUGE_ORDER)

enum thp_policy {
	THP_NEVER,
	THP_MADVISE, /* where a program asks for it (MADV_HUGEPAGE) */
	THP_ALWAYS,
	THP_POLICIES
};

/* (a) `thp=`, and `thp_shmem=` for memory objects; may change at any time */
extern enum thp_policy thp_policy, thp_shmem;

/* From now on this policy; or this of Linux's words for `defrag`. False: there is none of
 * that name. And which it is. */
bool thp_choose(const char *name);
bool thp_shmem_choose(const char *name);
bool thp_defrag_choose(const char *name);
const char *thp_value(void);
const char *thp_shmem_value(void);
const char *thp_defrag_value(void);

/* Should this fault in the VMA try a block, in vain perhaps? Are blocks to be made? */
bool huge_wanted(const struct vma *vma, unsigned int access);
bool huge_makes(const struct vma *vma);

/* The FRAME_* for a block that a fault here would like to have. */
unsigned int huge_frame_flags(const struct vma *vma);

/* Does an object's block, or could it, lie within a block's worth of these addresses? */
bool huge_aligned(const struct vma *vma);

/* And has it room for one? */
bool huge_eligible(const struct vma *vma);

/*
 * mm->lock held for reading, huge_wanted(vma, access), and prepared (rmap_prepare()):
 * maps a zeroed block, or its object's, around the address, if nothing is there yet and
 * the VMA has room. It is only tried: what is not mapped afterwards is to be mapped page
 * by page. 0 or -ENOMEM: not even tables.
 */
int huge_fault(
	struct mm *mm, const struct vma *vma, unsigned long address, unsigned int access);

/* The same where `at` is a leaf, which may not allow the access: it does afterwards, or
 * is split, or somebody else was there: look again. */
void leaf_fault(struct mm *mm, const struct vma *vma, const struct descent *at,
	unsigned long address, unsigned int access);

/* A zeroed block that is to be mapped at the address, with a reference; NULL: no memory.
 * flags: FRAME_* beside those. */
struct page *block_alloc(
	const struct vma *vma, unsigned long address, unsigned int flags);

/* table_lock held. *ptr, an empty pmd entry, leads to the block: with an unlinked, empty
 * table, which is deposited, or maps it. */
void leaf_install(struct mm *mm, pxd_t *ptr, struct page *head, unsigned int prot,
	struct ptdesc *table);

/* table_lock held. *ptr, a large leaf of this level that spans the address, becomes a
 * table of entries that map the same, with the same rights; or nothing, flushed, if that
 * is where faults find what is mapped. */
void leaf_split(struct mm *mm, int level, pxd_t *ptr, unsigned long address);

/* mm->lock held: afterwards the address is in no large leaf; in none but one that begins
 * there. */
void leaf_split_around(struct mm *mm, unsigned long address);
void leaf_split_at(struct mm *mm, unsigned long address);

/* table_lock held. *ptr, a pte, maps a frame of a block: which becomes single frames,
 * with a reference for each entry (split.c). Those that are not mapped any more are free.
 * False: the block stays one: somebody holds it, or maps it elsewhere. */
bool block_split(pxd_t *ptr);

/* count.c, of a VMA, mm->lock held for reading: the bytes that leaves map, or tables as
 * leaves would. Of the machine: how many blocks there are about now, of private memory
 * or of objects. */
unsigned long huge_mapped(const struct vma *vma);
u64 huge_blocks(bool objects);

/* Does it map a block of a memory object? Of any leaf that counts. */
static inline bool leaf_is_objects(int level, pxd_t leaf)
{
	return READ_ONCE(leaf_page(level, leaf)->type) == PAGE_OBJECT;
}

/* Is there a table that was deposited for this leaf? */
static __always_inline bool leaf_has_table(const int level, pxd_t leaf)
{
	return level == LEVEL_PMD && arch_pxd_counted(level, leaf) &&
	       !leaf_is_objects(level, leaf);
}

/* table_lock held. The leaf at *ptr is gone, and the table that it had goes, too. */
void leaf_gone(pxd_t *ptr);

/*
 * object_block.c: the block of an object whose first page has this index, with a
 * reference; NULL: there is none, or it sticks out of the object. `make`: then one is
 * made, if no page is there, and there is memory (frame: FRAME_*). And a block of zeros
 * that is nobody's.
 */
struct page *object_block(
	struct object *object, u64 index, bool make, unsigned int frame);
struct page *object_block_alloc(unsigned int flags);

/* lock held: the slots lead to this block, whose reference is the object's from now on.
 */
void object_put_block(
	struct object *object, u64 index, struct page **slots, struct page *head);

/*
 * object->resizing held, from the first to the last. Freezes a block's worth of an
 * object without source: when it returns, it is mapped nowhere, and who has got hold of a
 * page before is seen in its references. Thaws it. Makes single pages of a block that
 * begins there, if nobody holds it.
 */
void object_freeze(struct object *object, u64 index);
void object_thaw(struct object *object);
bool object_split(struct object *object, u64 index);

/* split.c: of a block that is mapped nowhere, and whose count is frozen at zero: single
 * frames, with a reference each. */
void block_dissolve(struct page *head);
