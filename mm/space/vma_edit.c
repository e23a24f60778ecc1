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
 * To add is to move the first spare one down to its place; to remove is to move it up
 * behind the live ones. At the end the copy is published and the spare ones are freed.
 * Where VMAs only become larger or smaller there is no copy: their fields are changed.
 *
 * Locks: a write section of the mm. Lifetimes: old sets are freed a grace period later;
 * VMAs at once, into their type-safe cache.
 */
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "mm/space/cache.h"
#include "mm/space/vma.h"

struct vma_edit {
	struct mm *mm;
	struct vma_set *set; /* private until published */
	unsigned int room;   /* of set->vma; from count on they are spare */
};

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

void vma_set_free(struct mm *mm)
{
	for (unsigned int i = 0; i < mm->vmas->count; i++)
		cache_free(vma_cache, mm->vmas->vma[i]);
	set_free(mm->vmas);
}

/* --- an edit ---------------------------------------------------------------------------
 */

static void free_spare(struct vma_edit *edit)
{
	while (edit->room > edit->set->count)
		cache_free(vma_cache, edit->set->vma[--edit->room]);
}

/* Fills the copy, and takes `fresh` VMAs. */
static int fill(struct vma_edit *edit, unsigned int fresh)
{
	const struct vma_set *old = edit->mm->vmas;

	for (unsigned int i = 0; i < old->count; i++)
		edit->set->vma[i] = old->vma[i];
	edit->set->count = edit->room = old->count;
	while (fresh--) {
		struct vma *vma = cache_alloc(vma_cache);

		if (!vma)
			return -ENOMEM;
		edit->set->vma[edit->room++] = vma;
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
	edit->set = kmalloc(sizeof(struct vma_set) + room * sizeof(struct vma *));
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

/* The first spare VMA becomes the live one with this index. */
static struct vma *edit_insert(struct vma_edit *edit, unsigned int index)
{
	struct vma_set *set = edit->set;
	struct vma *vma = set->vma[set->count];

	ASSERT(set->count < edit->room, "an edit of VMAs ran out of spare ones");
	for (unsigned int i = set->count++; i > index; i--)
		set->vma[i] = set->vma[i - 1];
	set->vma[index] = vma;
	return vma;
}

/* VMAs first .. last - 1 become spare: the live ones above change places with them. */
static void edit_remove(struct vma_set *set, unsigned int first, unsigned int last)
{
	unsigned int gone = last - first;

	for (; last < set->count; first++, last++) {
		struct vma *vma = set->vma[first];

		set->vma[first] = set->vma[last];
		set->vma[last] = vma;
	}
	set->count -= gone;
}

/* --- fields ----------------------------------------------------------------------------
 */

static void set_start(struct vma *vma, unsigned long start)
{
	vma_write_begin(vma);
	WRITE_ONCE(vma->start, start);
}

static void set_end(struct vma *vma, unsigned long end)
{
	vma_write_begin(vma);
	WRITE_ONCE(vma->end, end);
}

static void edit_add(struct vma_edit *edit, unsigned int index, unsigned long start,
	unsigned long end, unsigned int prot, unsigned int flags)
{
	struct vma *vma = edit_insert(edit, index);

	LAB_ASSERT(vma_floor(edit->set, index) <= start &&
			   (index + 1 == edit->set->count ||
				   end <= edit->set->vma[index + 1]->start),
		"VMA [%lx, %lx) overlaps another", start, end);
	WRITE_ONCE(vma->mm, edit->mm);
	WRITE_ONCE(vma->start, start);
	WRITE_ONCE(vma->end, end);
	WRITE_ONCE(vma->prot, prot);
	WRITE_ONCE(vma->flags, flags);
}

/* Cuts the VMA with this index in two; the upper part is a new one. */
static void edit_cut(struct vma_edit *edit, unsigned int index, unsigned long address)
{
	struct vma *low = edit->set->vma[index];
	unsigned long end = low->end;

	set_end(low, address);
	edit_add(edit, index + 1, address, end, low->prot, low->flags);
}

static bool is_inside(const struct vma *vma, unsigned long address)
{
	return vma && vma->start < address && address < vma->end;
}

static void edit_split(struct vma_edit *edit, unsigned long address)
{
	unsigned int index = vma_index(edit->set, address);

	if (is_inside(vma_at(edit->set, index), address))
		edit_cut(edit, index, address);
}

/* --- removing --------------------------------------------------------------------------
 */

/* What [start, end) takes away: VMAs first .. last - 1 wholly; of `low` what is above
 * start, of `high` what is below end (each NULL, or both the same). */
struct cut {
	unsigned int first, last;
	struct vma *low, *high;
};

static struct cut find_cut(
	const struct vma_set *set, unsigned long start, unsigned long end)
{
	unsigned int first = vma_index(set, start), last = vma_index(set, end);
	struct vma *low = vma_at(set, first), *high = vma_at(set, last);

	if (low && low->start >= start)
		low = NULL;
	if (high && high->start >= end)
		high = NULL;
	if (low)
		first++;
	return (struct cut){first, max(first, last), low, high};
}

static bool is_hole(const struct cut *cut)
{
	return cut->low && cut->low == cut->high;
}

static void shrink(const struct cut *cut, unsigned long start, unsigned long end)
{
	if (cut->high)
		set_start(cut->high, end);
	if (cut->low)
		set_end(cut->low, start);
}

static void edit_clear(struct vma_edit *edit, unsigned long start, unsigned long end)
{
	struct cut cut = find_cut(edit->set, start, end);

	if (is_hole(&cut)) {
		edit_cut(edit, cut.first - 1, end);
		set_end(cut.low, start);
		return;
	}
	shrink(&cut, start, end);
	edit_remove(edit->set, cut.first, cut.last);
}

int vma_remove(struct mm *mm, unsigned long start, unsigned long end)
{
	struct cut cut = find_cut(mm->vmas, start, end);
	struct vma_edit edit;
	int err;

	if (!is_hole(&cut) && cut.first == cut.last) {
		shrink(&cut, start, end);
		return 0;
	}
	err = edit_begin(&edit, mm, is_hole(&cut));
	if (err)
		return err;
	edit_clear(&edit, start, end);
	edit_end(&edit);
	return 0;
}

/* --- merging ---------------------------------------------------------------------------
 */

static bool is_kind(const struct vma *vma, unsigned int prot, unsigned int flags)
{
	return vma && vma->prot == prot && vma->flags == flags;
}

/* Joins what can be joined, from the VMA before `start` to the one after `end`. */
static void edit_merge(struct vma_edit *edit, unsigned long start, unsigned long end)
{
	struct vma_set *set = edit->set;
	unsigned int i = vma_index(set, start - 1); /* the one before, if it touches */

	while (i + 1 < set->count && set->vma[i]->end <= end) {
		struct vma *low = set->vma[i], *high = set->vma[i + 1];

		if (low->end != high->start || !is_kind(low, high->prot, high->flags)) {
			i++;
			continue;
		}
		set_end(low, high->end);
		edit_remove(set, i + 1, i + 2);
	}
}

/* The VMA of this kind that ends, or begins, at the address; or NULL. */
static struct vma *neighbour(const struct vma_set *set, unsigned long address, bool above,
	unsigned int prot, unsigned int flags)
{
	struct vma *vma = vma_at(set, vma_index(set, above ? address : address - 1));

	if (!is_kind(vma, prot, flags))
		return NULL;
	return (above ? vma->start : vma->end) == address ? vma : NULL;
}

/* A free range that becomes part of just one neighbour needs no other set. */
static bool extend(struct mm *mm, unsigned long start, unsigned long end,
	unsigned int prot, unsigned int flags)
{
	struct vma *low = neighbour(mm->vmas, start, false, prot, flags);
	struct vma *high = neighbour(mm->vmas, end, true, prot, flags);

	if (!low == !high)
		return false;
	if (low)
		set_end(low, end);
	else
		set_start(high, start);
	return true;
}

int vma_replace(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot,
	unsigned int flags)
{
	struct cut cut = find_cut(mm->vmas, start, end);
	bool is_free = !cut.low && !cut.high && cut.first == cut.last;
	struct vma_edit edit;
	int err;

	if (is_free && extend(mm, start, end, prot, flags))
		return 0;
	err = edit_begin(&edit, mm, 1 + is_hole(&cut));
	if (err)
		return err;
	edit_clear(&edit, start, end);
	edit_add(&edit, vma_index(edit.set, start), start, end, prot, flags);
	edit_merge(&edit, start, end);
	edit_end(&edit);
	return 0;
}

/* --- protecting ------------------------------------------------------------------------
 */

static void set_prot(const struct vma_set *set, unsigned long start, unsigned long end,
	unsigned int prot)
{
	struct vma *vma;

	for (unsigned int i = vma_index(set, start);
		(vma = vma_at(set, i)) && vma->start < end; i++) {
		vma_write_begin(vma);
		WRITE_ONCE(vma->prot, prot);
	}
}

/* One VMA is just this range, and will not join its neighbours. */
static bool stands_alone(
	const struct mm *mm, unsigned long start, unsigned long end, unsigned int prot)
{
	const struct vma *vma = vma_find(mm, start);

	return vma->start == start && vma->end == end &&
	       !neighbour(mm->vmas, start, false, prot, vma->flags) &&
	       !neighbour(mm->vmas, end, true, prot, vma->flags);
}

int vma_protect(struct mm *mm, unsigned long start, unsigned long end, unsigned int prot)
{
	struct vma_edit edit;
	int err;

	if (stands_alone(mm, start, end, prot)) {
		set_prot(mm->vmas, start, end, prot);
		return 0;
	}
	err = edit_begin(&edit, mm,
		is_inside(vma_find(mm, start), start) +
			is_inside(vma_find(mm, end), end));
	if (err)
		return err;
	edit_split(&edit, start);
	edit_split(&edit, end);
	set_prot(edit.set, start, end, prot);
	edit_merge(&edit, start, end);
	edit_end(&edit);
	return 0;
}
