/*
 * mm/space/vma.h - the set of VMAs of an mm: inside mm/space only.
 *
 * A set is an array, sorted by address, that never changes once it is published in
 * mm->vmas: who changes what VMAs there are publishes another one (vma_edit.c), and the
 * old one is freed by RCU. The VMAs themselves stay the same objects from one set to the
 * next; their fields change only in a write section, after vma_write_begin().
 *
 * Under mm->lock a plain look is right. Without it: vma_hold(), or vma_lookup_rcu().
 */
#pragma once

#include "kernel/base/atomic.h"
#include "kernel/sched/rcu.h"
#include "mm/space/mm.h"

struct vma_set {
	struct rcu_head rcu;
	unsigned int count;
	struct vma *vma[];
};

/* --- looking (vma.c) ---------------------------------------------------------------- */

/* The index of the lowest VMA that ends above `address`; set->count: there is none. It
 * may begin above `address`, too. vma_find(): the VMA itself, or NULL. */
unsigned int vma_index(const struct vma_set *set, unsigned long address);
struct vma *vma_find(const struct mm *mm, unsigned long address);

/* The VMA with this index, or NULL: there are not so many. */
static inline struct vma *vma_at(const struct vma_set *set, unsigned int index)
{
	return index < set->count ? set->vma[index] : NULL;
}

/* In the object, or in the family of pages of its own: the offset of what stands at the
 * address. */
static inline u64 vma_offset(const struct vma *vma, unsigned long address)
{
	return address + vma->shift;
}

/* Where [start, end), not empty, lies in a set: it meets the VMAs first .. last - 1, of
 * which the lowest may begin below it (cuts_low), and the highest end above it. */
struct vma_range {
	unsigned long start, end;
	unsigned int first, last;
	bool cuts_low, cuts_high;
};

void vma_range_find(const struct vma_set *set, unsigned long start, unsigned long end,
	struct vma_range *range);

/* The end of what lies below the VMA with this index. */
unsigned long vma_floor(const struct vma_set *set, unsigned int index);

/* Nothing is mapped in the range, nor does it come too near to the stack above it. */
bool vma_range_is_free(const struct mm *mm, unsigned long start, unsigned long end);

/* The highest free range of `length` bytes below `end`: its start, or 0. */
unsigned long vma_find_gap(const struct mm *mm, unsigned long length, unsigned long end);

/* What a VMA was at one moment: at mm->seq, which is even. Of the copy these fields only:
 * mm, start, end, prot, flags, object, anon, shift. */
struct vma_snapshot {
	u64 seq;
	struct vma vma;
};

/*
 * The VMA at `address`, looked up under rcu_read_lock() without mm->lock: 0 and
 * *snapshot; -EFAULT: there was none (snapshot->seq tells when); -EAGAIN: a write section
 * was open, or has opened meanwhile: nothing is known. Never waits.
 *
 * Does not promise that any of it is still true: who acts on it asks
 * mm_seq_moved(mm, snapshot->seq) under a lock that a writer takes before it acts.
 */
int vma_lookup_rcu(struct mm *mm, unsigned long address, struct vma_snapshot *snapshot);

/*
 * The VMA that spans the address, held, without mm->lock: its fields, and the tables
 * below it, stay as they are until vma_let_go(). NULL: there is none, or a write section
 * has claimed it, or it cannot be told: ask under mm->lock. Never waits. Who holds one
 * must not wait for mm->lock.
 */
struct vma *vma_hold(struct mm *mm, unsigned long address);
void vma_let_go(struct vma *vma);

/* --- changing (vma_edit.c): a write section is open --------------------------------- */

void vma_init(void); /* once, at boot */

/* What is promised in a range. VMAs of one kind that touch are one, unless they have
 * pages of two families. */
struct vma_kind {
	unsigned int prot, flags;
	struct object *object;
	struct anon *anon;
	u64 shift; /* as a VMA's */
};

/* Memory of one's own. Field by field: hooks see no stores of several words. */
static inline void vma_kind_own(
	struct vma_kind *kind, unsigned int prot, unsigned int flags)
{
	kind->prot = prot;
	kind->flags = flags;
	kind->object = NULL;
	kind->anon = NULL;
	kind->shift = 0;
}

void vma_claim(struct vma *vma);

/* In a write section, before the first change of a live VMA's fields, each of which is
 * one WRITE_ONCE(), and of the entries below it: from now on until the section ends
 * nobody holds it. May sleep. */
static inline void vma_write_begin(struct vma *vma)
{
	mm_assert_write_locked(vma->mm);
	if (vma->lock_seq != vma->mm->seq)
		vma_claim(vma);
}

/* The same of all VMAs that the range meets. */
void vma_write_begin_range(const struct vma_set *set, const struct vma_range *range);

/* In a write section, claimed by it: a VMA with all its fields set may be found from now
 * on; it is in no published set any more, and nobody holds it, nor will. */
void vma_attach(struct vma *vma);
void vma_detach(struct vma *vma);

/* What a VMA promises. */
struct vma_kind vma_kind_of(const struct vma *vma);

/* Can they be one, if they touch and their rights are the same? */
static inline bool vma_same_place(const struct vma *one, const struct vma *other)
{
	return one->flags == other->flags && one->object == other->object &&
	       one->shift == other->shift;
}

/* What becomes of VMAs that stay: their protection is `prot`, if it is to change; the
 * flags `clear` go, then those of `set` come. */
struct vma_change {
	bool protects;
	unsigned int prot, clear, set;
};

/* Field by field, as above. */
static inline void vma_change_flags(
	struct vma_change *change, unsigned int clear, unsigned int set)
{
	change->protects = false;
	change->clear = clear;
	change->set = set;
}

static inline void vma_change_prot(struct vma_change *change, unsigned int prot)
{
	change->protects = true;
	change->prot = prot;
	change->clear = change->set = 0;
}

/* A change under way. */
struct vma_edit {
	struct mm *mm;
	struct vma_set *set; /* private until published; NULL: the old one will do */
	unsigned int room;   /* of set->vma; from count on they are spare */
};

/*
 * Each is done in one new set, or in none. -ENOMEM: no memory, or too many VMAs; then
 * nothing has changed. VMAs of the same kind that touch are one VMA afterwards.
 *
 * vma_replace: the range, in which no VMA is, becomes part of one.
 * vma_replace_begin, _end: the range becomes part of one VMA (kind NULL: of none); what
 * was there is gone. The first can fail; between the two the caller unmaps what the old
 * VMAs map, for only as long as they are there does rmap_walk() find it.
 * vma_change: the VMAs in the range, which has no holes, get this protection and flags.
 */
int vma_replace(
	struct mm *mm, const struct vma_range *range, const struct vma_kind *kind);
int vma_replace_begin(struct vma_edit *edit, struct mm *mm, const struct vma_range *range,
	const struct vma_kind *kind);
void vma_replace_end(struct vma_edit *edit, const struct vma_range *range,
	const struct vma_kind *kind);
int vma_change(
	struct mm *mm, const struct vma_range *range, const struct vma_change *change);

void vma_set_init(struct mm *mm);                       /* no VMAs */
int vma_set_copy(struct mm *mm, const struct mm *from); /* mm has none yet */
void vma_set_free(struct mm *mm); /* nobody knows mm any more: all VMAs, and the set */
