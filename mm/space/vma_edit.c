/*
 * mm/space/vma_edit.c - changing the set of VMAs: copy, edit, publish.
 *
 * An edit works on a private copy of the array. All memory is taken at the beginning, so
 * that nothing can fail half-way: the copy has room for the VMAs that may be added, and
 * they stand in it already, behind the live ones:
 *
 *     [ live, by address ......... | spare ..... ]
 *       0                     count         room
 *
 * To add is to move the last spare one down to its place; to remove is to move it up
 * behind the live ones. At the end the copy is published and the spare ones are freed.
 * Where VMAs only become larger or smaller there is no copy: their fields are changed.
 *
 * Locks: a write section of the mm. Lifetimes: old sets are freed a grace period later;
 * VMAs at once, into their type-safe cache.
 */
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/cache.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"

static struct cache *vma_cache;
static struct vma_set no_vmas; /* of every new mm; never freed */

unsigned int mm_vmas_max = MM_VMAS_MAX;

void vma_init(void)
{
	/* SAFE(vma_type_safe): a reader under RCU follows pointers to VMAs that are freed
	 * meanwhile; it must find a VMA there, if only somebody else's. Pairs with the
	 * reads in vma_lookup_rcu(). */
	vma_cache = cache_create("vma", sizeof(struct vma), CACHE_TYPE_SAFE);
}

void vma_set_init(struct mm *mm)
{
	rcu_assign_pointer(mm->vmas, &no_vmas);
}

static void set_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct vma_set, rcu));
}

static void set_free(struct vma_set *set)
{
	if (set == &no_vmas)
		return;
	/* SAFE(vma_set_grace): a reader that took this set from mm->vmas before it was
	 * replaced is still searching it. Pairs with the rcu_read_lock() of those who
	 * call vma_lookup_rcu(). */
	call_rcu(&set->rcu, set_free_rcu);
}

static void vma_free(struct vma *vma)
{
	if (READ_ONCE(vma->users)) /* else it has never been in a set */
		vma_detach(vma);
	rmap_leave(vma);
	cache_free(vma_cache, vma);
}

void vma_set_free(struct mm *mm)
{
	for (unsigned int i = 0; i < mm->vmas->count; i++)
		vma_free(mm->vmas->vma[i]);
	set_free(mm->vmas);
}

/* --- an edit ------------------------------------------------------------------------ */

static void free_spare(struct vma_edit *edit)
{
	while (edit->room > edit->set->count)
		vma_free(edit->set->vma[--edit->room]);
}

/* Fills the copy, and takes `fresh` VMAs. */
static int fill(struct vma_edit *edit, unsigned int fresh)
{
	const struct vma_set *old = edit->mm->vmas;
	struct vma_set *set = edit->set;
	unsigned int count = old->count;

	for (unsigned int i = 0; i < count; i++)
		set->vma[i] = old->vma[i];
	set->count = edit->room = count;
	while (fresh--) {
		struct vma *vma = cache_alloc(vma_cache);

		if (!vma)
			return -ENOMEM;
		WRITE_ONCE(vma->object, NULL); /* not so yet: the cache is type-safe */
		WRITE_ONCE(vma->anon, NULL);
		set->vma[edit->room++] = vma;
	}
	return 0;
}

static int edit_begin(struct vma_edit *edit, struct mm *mm, unsigned int fresh)
{
	unsigned int room = mm->vmas->count + fresh;

	mm_assert_write_locked(mm);
	if (fresh && room > mm_vmas_max)
		return -ENOMEM;
	edit->mm = mm;
	edit->set = kmalloc_dirty(sizeof(struct vma_set) + room * sizeof(struct vma *));
	if (!edit->set)
		return -ENOMEM;
	if (!fill(edit, fresh))
		return 0;
	free_spare(edit);
	kfree(edit->set);
	return -ENOMEM;
}

static void edit_end(struct vma_edit *edit)
{
	struct vma_set *old = edit->mm->vmas;

	/* Published with release: who finds the set finds it filled. */
	rcu_assign_pointer(edit->mm->vmas, edit->set);
	set_free(old);
	free_spare(edit);
}

/* The last spare VMA, a fresh one, becomes the live one with this index. Those that were
 * removed stand before the fresh ones: the rmaps still know them. */
static struct vma *edit_insert(struct vma_edit *edit, unsigned int index)
{
	struct vma_set *set = edit->set;
	struct vma *vma = set->vma[edit->room - 1];

	ASSERT(set->count < edit->room, "an edit of VMAs ran out of spare ones");
	for (unsigned int i = edit->room - 1; i > index; i--)
		set->vma[i] = set->vma[i - 1];
	set->vma[index] = vma;
	set->count++;
	return vma;
}

/* VMAs first .. last - 1 become spare: the live ones above change places with them. */
static void edit_remove(struct vma_set *set, unsigned int first, unsigned int last)
{
	unsigned int gone = last - first;

	for (unsigned int i = first; i < last; i++)
		vma_write_begin(set->vma[i]);
	for (; last < set->count; first++, last++) {
		struct vma *vma = set->vma[first];

		set->vma[first] = set->vma[last];
		set->vma[last] = vma;
	}
	set->count -= gone;
}

/* --- fields ------------------------------------------------------------------------- */

/* Of start and end, which is `bound`. */
static void set_bound(struct vma *vma, unsigned long *bound, unsigned long address)
{
	vma_write_begin(vma);
	/* SAFE(shrink_locked): a walk of the object may be in the VMA, without mm->lock.
	 * It would go on to where the VMA is no more, and take what somebody maps there
	 * next for the object's. Pairs with walk_mapped() in pagewalk.c. */
	if (vma->object)
		spin_lock(&vma->object->rmap.lock);
	WRITE_ONCE(*bound, address);
	if (vma->object)
		spin_unlock(&vma->object->rmap.lock);
}

static void set_start(struct vma *vma, unsigned long start)
{
	set_bound(vma, &vma->start, start);
}

static void set_end(struct vma *vma, unsigned long end)
{
	set_bound(vma, &vma->end, end);
}

struct vma_kind vma_kind_of(const struct vma *vma)
{
	return (struct vma_kind){
		vma->prot, vma->flags, vma->object, vma->anon, vma->shift};
}

static void edit_add(struct vma_edit *edit, unsigned int index, unsigned long start,
	unsigned long end, const struct vma_kind *kind)
{
	struct vma *vma = edit_insert(edit, index);

	LAB_ASSERT(!index || edit->set->vma[index - 1]->start < start,
		"VMA [%lx, %lx) stands before another", start, end);
	LAB_ASSERT(
		index + 1 == edit->set->count || end <= edit->set->vma[index + 1]->start,
		"VMA [%lx, %lx) overlaps another", start, end);
	WRITE_ONCE(vma->mm, edit->mm);
	WRITE_ONCE(vma->start, start);
	WRITE_ONCE(vma->end, end);
	WRITE_ONCE(vma->prot, kind->prot);
	WRITE_ONCE(vma->flags, kind->flags);
	WRITE_ONCE(vma->object, kind->object);
	WRITE_ONCE(vma->anon, kind->anon);
	WRITE_ONCE(vma->shift, kind->shift);
	rmap_join(vma);
	vma_attach(vma);
}

/* Cuts the VMA with this index in two; the upper part is a new one. */
static void edit_cut(struct vma_edit *edit, unsigned int index, unsigned long address)
{
	struct vma *low = edit->set->vma[index];
	struct vma_kind kind = vma_kind_of(low);

	/* In this order: for rmap_walk() one of the two is always there. */
	edit_add(edit, index + 1, address, low->end, &kind);
	set_end(low, address);
}

/* --- removing ----------------------------------------------------------------------- */

/* The range lies within one VMA, of which something is left on both sides. */
static bool is_hole(const struct vma_range *range)
{
	return range->cuts_low && range->cuts_high && range->last - range->first == 1;
}

/* Some VMA lies in the range with all that it is. */
static bool covers_one(const struct vma_range *range)
{
	return range->first + range->cuts_low + range->cuts_high < range->last;
}

/* Takes the range out of the VMAs at its two ends. */
static void shrink(const struct vma_set *set, const struct vma_range *range)
{
	if (range->cuts_low)
		set_end(set->vma[range->first], range->start);
	if (range->cuts_high)
		set_start(set->vma[range->last - 1], range->end);
}

/* Returns the index at which a VMA of the range would stand. */
static unsigned int edit_clear(struct vma_edit *edit, const struct vma_range *range)
{
	unsigned int first = range->first, last = range->last;

	if (is_hole(range)) {
		edit_cut(edit, first, range->end);
		set_end(edit->set->vma[first], range->start);
		return first + 1;
	}
	shrink(edit->set, range);
	first += range->cuts_low;
	last -= range->cuts_high;
	if (first < last)
		edit_remove(edit->set, first, last);
	return first;
}

/* --- merging ------------------------------------------------------------------------ */

static bool is_kind(const struct vma *vma, const struct vma_kind *kind)
{
	return vma->prot == kind->prot && vma->flags == kind->flags &&
	       vma->object == kind->object && vma->shift == kind->shift &&
	       (!vma->anon || !kind->anon || vma->anon == kind->anon);
}

static bool joins(const struct vma *low, const struct vma *high)
{
	struct vma_kind kind = vma_kind_of(high);

	return low->end == high->start && is_kind(low, &kind);
}

/* Joins what can be joined of the VMAs first - 1 .. last. */
static void edit_merge(struct vma_set *set, unsigned int first, unsigned int last)
{
	for (unsigned int i = min(last, set->count - 1); i && i >= first; i--) {
		struct vma *low = set->vma[i - 1], *high = set->vma[i];

		if (joins(low, high)) {
			if (!low->anon && high->anon)
				rmap_join_family(low, high->anon);
			set_end(low, high->end);
			edit_remove(set, i, i + 1);
		}
	}
}

/* What touches the range from below, or from above, and is of this kind; or NULL. */
static struct vma *neighbour(const struct vma_set *set, const struct vma_range *range,
	bool above, const struct vma_kind *kind)
{
	struct vma *vma = vma_at(set, above ? range->last : range->first - 1);

	if (!vma || !is_kind(vma, kind))
		return NULL;
	return (above ? vma->start == range->end : vma->end == range->start) ? vma : NULL;
}

/* A free range that becomes part of just one neighbour needs no other set. */
static bool extend(const struct vma_set *set, const struct vma_range *range,
	const struct vma_kind *kind)
{
	struct vma *low = neighbour(set, range, false, kind);
	struct vma *high = neighbour(set, range, true, kind);

	if (!low == !high || range->first < range->last)
		return false;
	if (kind->anon && !(low ?: high)->anon)
		rmap_join_family(low ?: high, kind->anon);
	if (low)
		set_end(low, range->end);
	else
		set_start(high, range->start);
	return true;
}

int vma_replace_begin(struct vma_edit *edit, struct mm *mm, const struct vma_range *range,
	const struct vma_kind *kind)
{
	edit->mm = mm;
	edit->set = NULL;
	if (!kind && !is_hole(range) && !covers_one(range))
		return 0;
	return edit_begin(edit, mm, !!kind + is_hole(range));
}

void vma_replace_end(
	struct vma_edit *edit, const struct vma_range *range, const struct vma_kind *kind)
{
	unsigned int index;

	if (!edit->set) {
		shrink(edit->mm->vmas, range);
		return;
	}
	index = edit_clear(edit, range);
	if (kind) {
		edit_add(edit, index, range->start, range->end, kind);
		edit_merge(edit->set, index, index + 1);
	}
	edit_end(edit);
}

int vma_replace(struct mm *mm, const struct vma_range *range, const struct vma_kind *kind)
{
	struct vma_edit edit;
	int err;

	if (extend(mm->vmas, range, kind))
		return 0;
	err = vma_replace_begin(&edit, mm, range, kind);
	if (!err)
		vma_replace_end(&edit, range, kind);
	return err;
}

/* --- copying ------------------------------------------------------------------------ */

int vma_set_copy(struct mm *mm, const struct mm *from)
{
	const struct vma_set *set = from->vmas;
	struct vma_edit edit;
	int err = edit_begin(&edit, mm, set->count);

	if (err)
		return err;
	for (unsigned int i = 0; i < set->count; i++) {
		const struct vma *vma = set->vma[i];
		struct vma_kind kind = vma_kind_of(vma);

		edit_add(&edit, i, vma->start, vma->end, &kind);
	}
	edit_end(&edit);
	return 0;
}

/* --- changing in place ------------------------------------------------------------- */

static void change_kind(struct vma_kind *kind, const struct vma_change *change)
{
	if (change->protects)
		kind->prot = change->prot;
	kind->flags = (kind->flags & ~change->clear) | change->set;
}

static void change_all(const struct vma_set *set, unsigned int first, unsigned int last,
	const struct vma_change *change)
{
	for (; first < last; first++) {
		struct vma *vma = set->vma[first];
		struct vma_kind kind = vma_kind_of(vma);

		change_kind(&kind, change);
		vma_write_begin(vma);
		WRITE_ONCE(vma->prot, kind.prot);
		WRITE_ONCE(vma->flags, kind.flags);
	}
}

/* One VMA is just this range, and will not join its neighbours. */
static bool stands_alone(const struct vma_set *set, const struct vma_range *range,
	const struct vma_change *change)
{
	struct vma_kind kind = vma_kind_of(set->vma[range->first]);

	change_kind(&kind, change);
	return range->last - range->first == 1 && covers_one(range) &&
	       !neighbour(set, range, false, &kind) &&
	       !neighbour(set, range, true, &kind);
}

static void edit_change(struct vma_edit *edit, const struct vma_range *range,
	const struct vma_change *change)
{
	unsigned int first = range->first, last = range->last;

	if (range->cuts_high)
		edit_cut(edit, last - 1, range->end);
	if (range->cuts_low) {
		edit_cut(edit, first++, range->start);
		last++;
	}
	change_all(edit->set, first, last, change);
	edit_merge(edit->set, first, last);
}

int vma_change(
	struct mm *mm, const struct vma_range *range, const struct vma_change *change)
{
	const struct vma_set *set = mm->vmas;
	struct vma_edit edit;
	int err;

	if (stands_alone(set, range, change)) {
		change_all(set, range->first, range->last, change);
		return 0;
	}
	err = edit_begin(&edit, mm, range->cuts_low + range->cuts_high);
	if (err)
		return err;
	edit_change(&edit, range, change);
	edit_end(&edit);
	return 0;
}
