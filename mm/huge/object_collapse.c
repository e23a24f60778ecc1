/*
 * mm/huge/object_collapse.c - pages of a memory object become one block: for
 * MADV_COLLAPSE where an object is mapped, and in the background (khugepaged.c).
 *
 *     freeze      none of them is mapped any more, or found (object_block.c)
 *     look        whoever has got hold of one before is seen: then it stays as it is
 *     copy, put in place, thaw
 *     retract     tables that map only this part go, so that faults make leaves
 *
 * No mm is locked but for retracting, and then one after the other; who faults meanwhile
 * waits for the thaw. A mapping that is missed keeps its table, which does no harm. Can
 * fail: no block, nothing there, or somebody holds a page.
 */
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/collapse.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/gather.h"

/* --- the object --------------------------------------------------------------------- */

/* lock held. 0: there are pages, and enough of them; 1: there is a block; -EINVAL. */
static int look_locked(
	struct object *object, u64 index, const struct collapse_limits *limits)
{
	u64 end = index + HUGE_PAGES, none = HUGE_PAGES;
	struct page *page;

	if (end * PAGE_SIZE > ALIGN_UP(object_size(object), PAGE_SIZE))
		return -EINVAL;
	for (; (page = object_next(object, &index, end)); index++, none--) {
		if (page_head(page)->order)
			return 1;
		/* A guess, before all are unmapped to be sure. */
		if (limits->eligible &&
			atomic_load(&page->refs) != atomic_load(&page->mapped) + 1)
			return -EAGAIN;
	}
	return none > limits->none ? -EINVAL : 0;
}

static int look(struct object *object, u64 index, const struct collapse_limits *limits)
{
	int err;

	spin_lock(&object->lock);
	err = look_locked(object, index, limits);
	spin_unlock(&object->lock);
	return err;
}

bool object_promises(
	struct object *object, u64 index, const struct collapse_limits *limits)
{
	return look(object, index, limits) == 0;
}

/* lock held, frozen. */
static bool is_held(struct page **slots)
{
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		/* SAFE(object_held_last): a device that has the page pinned would go on
		 * with it, and all others with the copy. Looked at when no entry leads to
		 * it any more: who grabs it later finds that out. Pairs with
		 * SAFE(gup_pte_recheck). */
		if (slots[i] && atomic_load(&slots[i]->refs) != 1)
			return true;
	return false;
}

static void put_in_place(
	struct object *object, u64 index, struct page **slots, struct page *head)
{
	struct list old = LIST_INIT(old);

	spin_lock(&object->lock);
	object_cut(object, index, index + HUGE_PAGES, &old);
	object_put_block(object, index, slots, head);
	spin_unlock(&object->lock);
	object_drop_pages(&old);
}

/* Frozen. */
static int replace(struct object *object, u64 index, struct page *head)
{
	struct page **slots;
	bool held;

	spin_lock(&object->lock);
	slots = object_slot(object, index, false);
	held = is_held(slots);
	spin_unlock(&object->lock);
	if (held)
		return -EAGAIN;
	for (unsigned long i = 0; i < HUGE_PAGES; i++)
		if (slots[i])
			copy_page(page_address(head + i), page_address(slots[i]));
	TRACE_POINT(object_copied);
	put_in_place(object, index, slots, head);
	counter_add_exact(COUNT_COLLAPSED, 1);
	return 0;
}

/* resizing held. */
static int collapse(
	struct object *object, u64 index, const struct collapse_limits *limits)
{
	int err = look(object, index, limits);
	struct page *head;

	if (err)
		return min(err, 0);
	head = object_block_alloc(limits->frame);
	if (!head)
		return -ENOMEM;
	object_freeze(object, index);
	err = replace(object, index, head);
	object_thaw(object);
	if (err)
		page_put(head);
	return err;
}

int object_collapse(
	struct object *object, u64 index, const struct collapse_limits *limits)
{
	int err;

	mutex_lock(&object->resizing);
	err = collapse(object, index, limits);
	mutex_unlock(&object->resizing);
	if (!err)
		object_retract(object, index);
	return err;
}

/* --- the tables --------------------------------------------------------------------- */

/* Could the VMA map the part by a leaf, and where? Its fields may be changing. */
static bool shows(const struct vma *vma, u64 index, unsigned long *address)
{
	unsigned long end = READ_ONCE(vma->end);

	*address = index * PAGE_SIZE - vma->shift;
	return IS_ALIGNED(*address, HUGE_SIZE) && *address >= READ_ONCE(vma->start) &&
	       *address < end && end - *address >= HUGE_SIZE;
}

/* The mm of the n-th VMA that shows the part, or of one behind it, with a reference;
 * NULL: there are not so many. */
static struct mm *nth_mm(
	struct object *object, u64 index, unsigned int n, unsigned long *address)
{
	struct rmap_link *link;
	struct mm *mm = NULL;

	spin_lock(&object->rmap.lock);
	list_for_each (link, &object->rmap.vmas, list) {
		if (!shows(link->vma, index, address))
			continue;
		if (n) {
			n--;
		} else if (atomic_inc_not_zero(&link->vma->mm->users)) {
			mm = link->vma->mm;
			break;
		}
	}
	spin_unlock(&object->rmap.lock);
	return mm;
}

/* What the mm has there of the object goes, with the table. */
static void retract(
	struct mm *mm, const struct object *object, u64 index, unsigned long address)
{
	struct vma *vma;
	unsigned long again;
	struct gather gather;

	/* SAFE(retract_locked): who holds the lock, for reading too, relies on tables: a
	 * fault would put its page into one that is about to be freed, and mremap() move
	 * entries out of it. Zoo number Z22. Pairs with descend.h. */
	mm_write_lock(mm);
	vma = vma_find(mm, address);
	/* SAFE(retract_private): copies that a private mapping has made are in the same
	 * table, and nowhere else: what was written would be lost. A fault makes the
	 * first one with the lock for reading, so it is looked at here. Pairs with
	 * rmap_prepare() in fault.c. */
	if (vma && vma->object == object && shows(vma, index, &again) &&
		again == address && !vma->anon) {
		/* SAFE(retract_claims): such a fault may hold the VMA. Pairs with
		 * vma_hold(). */
		vma_write_begin(vma);
		gather_begin(&gather, mm);
		gather_unmap(&gather, address, address + HUGE_SIZE);
		gather_free_tables(&gather, address, address + HUGE_SIZE, address,
			address + HUGE_SIZE);
		gather_end(&gather);
	}
	mm_write_unlock(mm);
}

void object_retract(struct object *object, u64 index)
{
	unsigned long address;
	struct mm *mm;

	for (unsigned int n = 0; (mm = nth_mm(object, index, n, &address)); n++) {
		retract(mm, object, index, address);
		mm_put(mm);
	}
}

/* --- where it is mapped ------------------------------------------------------------- */

/* mm->lock held for reading. What the mm shows there, with a reference; NULL: -ENOENT,
 * it is private memory, or -EINVAL. */
static struct object *shown_at(const struct mm *mm, unsigned long address,
	const struct collapse_limits *limits, u64 *index, int *err)
{
	const struct vma *vma = vma_find(mm, address);

	*err = vma && vma->start <= address && vma->object ? -EINVAL : -ENOENT;
	if (*err == -ENOENT || vma->end - address < HUGE_SIZE || !huge_aligned(vma) ||
		(limits->eligible ? !huge_eligible(vma) : vma->flags & VMA_NOHUGE))
		return NULL;
	*index = vma_offset(vma, address) / PAGE_SIZE;
	object_get(vma->object);
	return vma->object;
}

int object_collapse_shown(
	struct mm *mm, unsigned long address, const struct collapse_limits *limits)
{
	struct object *object;
	u64 index;
	int err;

	mm_read_lock(mm);
	object = shown_at(mm, address, limits, &index, &err);
	mm_read_unlock(mm);
	if (!object)
		return err;
	err = object_collapse(object, index, limits);
	object_put(object);
	if (!err && !limits->eligible)
		(void)mm_fault(mm, address, ACCESS_READ); /* a leaf at once */
	return err;
}
