/*
 * mm/space/rmap.c - reverse maps; see rmap.h.
 *
 * A walk goes through one list under its lock. For each VMA that has an address for the
 * page it takes the table_lock of that mm, and asks the entry. What can fail: memory for
 * a new family.
 */
#include "mm/space/rmap.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/gather.h"
#include "mm/table/tlb.h"

void rmap_init(struct rmap *rmap, enum lock_rank rank)
{
	spin_init(&rmap->lock, "rmap", rank);
	list_init(&rmap->vmas);
}

/* --- families ----------------------------------------------------------------------- */

static struct anon *anon_create(void)
{
	struct anon *anon = kmalloc(sizeof(*anon));

	if (!anon)
		return NULL;
	anon->refs = 1;
	rmap_init(&anon->rmap, RANK_FAMILY);
	return anon;
}

static void anon_free_rcu(struct rcu_head *head)
{
	kfree(container_of(head, struct anon, rcu));
}

static void anon_put(struct anon *anon)
{
	/* SAFE(anon_grace): a walker has come here from a page that was mapped, and is
	 * about to ask whether the family still lives. Pairs with the read section of
	 * anon_of(). */
	if (atomic_sub(&anon->refs, 1) == 0)
		call_rcu(&anon->rcu, anon_free_rcu);
}

/* The family of a page, with a reference; NULL: nobody has the page mapped. */
static struct anon *anon_of(const struct page *page)
{
	struct anon *anon = NULL;

	rcu_read_lock();
	/* SAFE(anon_mapped): a page that a pin or a pipe holds may outlive its family by
	 * far. Mapped it is only while the family has VMAs: whose memory then stays until
	 * this section ends. Pairs with rmap_leave(), which comes after the unmapping. */
	if (atomic_load(&page->mapped) > 0)
		anon = READ_ONCE(page->anon);
	TRACE_POINT(rmap_family);
	if (anon && !atomic_inc_not_zero(&anon->refs))
		anon = NULL;
	rcu_read_unlock();
	return anon;
}

/* --- lists -------------------------------------------------------------------------- */

static void enter(struct rmap *rmap, struct rmap_link *link, struct vma *vma)
{
	link->vma = vma;
	spin_lock(&rmap->lock);
	/* SAFE(rmap_copy_behind): a fork's copy stands behind its original. In front of
	 * it, a walk would find it empty, and the original not any more: the entry was
	 * copied in between, to where nobody looks again. Pairs with for_each(). */
	list_append(&rmap->vmas, &link->list);
	spin_unlock(&rmap->lock);
}

static void leave(struct rmap *rmap, struct rmap_link *link)
{
	spin_lock(&rmap->lock);
	list_remove(&link->list);
	spin_unlock(&rmap->lock);
}

void rmap_join_family(struct vma *vma, struct anon *anon)
{
	atomic_add(&anon->refs, 1);
	enter(&anon->rmap, &vma->anon_link, vma);
	atomic_store(&vma->anon, anon);
}

void rmap_join(struct vma *vma)
{
	if (vma->object) {
		object_get(vma->object);
		enter(&vma->object->rmap, &vma->object_link, vma);
	}
	if (vma->anon)
		rmap_join_family(vma, vma->anon);
}

void rmap_leave(struct vma *vma)
{
	if (vma->object) {
		leave(&vma->object->rmap, &vma->object_link);
		object_put(vma->object);
	}
	if (vma->anon) {
		leave(&vma->anon->rmap, &vma->anon_link);
		anon_put(vma->anon);
	}
}

void rmap_lock(const struct vma *vma)
{
	if (vma->object)
		spin_lock(&vma->object->rmap.lock);
	if (vma->anon)
		spin_lock(&vma->anon->rmap.lock);
}

void rmap_unlock(const struct vma *vma)
{
	if (vma->anon)
		spin_unlock(&vma->anon->rmap.lock);
	if (vma->object)
		spin_unlock(&vma->object->rmap.lock);
}

/* The family of a neighbour with which this VMA could be one some day, if only their
 * rights were the same; or NULL. */
static struct anon *neighbours_family(const struct mm *mm, const struct vma *vma)
{
	unsigned int index = vma_index(mm->vmas, vma->start);
	const struct vma *low = index ? vma_at(mm->vmas, index - 1) : NULL;
	const struct vma *high = vma_at(mm->vmas, index + 1);

	if (low && low->end == vma->start && vma_same_place(low, vma))
		return atomic_load(&low->anon);
	if (high && high->start == vma->end && vma_same_place(vma, high))
		return atomic_load(&high->anon);
	return NULL;
}

/* Unless another thread was faster. Listed first: with the family at hand, others map. */
static void adopt(struct mm *mm, struct vma *vma, struct anon *anon)
{
	spin_lock(&anon->rmap.lock);
	spin_lock(&mm->table_lock);
	if (!vma->anon) {
		atomic_add(&anon->refs, 1);
		vma->anon_link.vma = vma;
		list_append(&anon->rmap.vmas, &vma->anon_link.list);
		atomic_store(&vma->anon, anon);
	}
	spin_unlock(&mm->table_lock);
	spin_unlock(&anon->rmap.lock);
}

int rmap_prepare(struct mm *mm, struct vma *vma)
{
	struct anon *fresh = NULL, *anon;

	if (atomic_load(&vma->anon))
		return 0;
	anon = neighbours_family(mm, vma);
	if (!anon)
		anon = fresh = anon_create();
	if (!anon)
		return -ENOMEM;
	adopt(mm, vma, anon);
	if (fresh)
		anon_put(fresh);
	return 0;
}

void rmap_home(struct page *page, const struct vma *vma, unsigned long address)
{
	page->mapped = 0;
	page->state = 0;
	page->index = vma_offset(vma, address) / PAGE_SIZE;
	WRITE_ONCE(page->anon, vma->anon);
}

struct page *rmap_alloc(const struct vma *vma, unsigned long address, unsigned int flags)
{
	struct page *page = frame_alloc(0, PAGE_ANON, FRAME_USER | flags);

	if (page)
		rmap_home(page, vma, address);
	return page;
}

/* --- walks -------------------------------------------------------------------------- */

/* table_lock held: is the page mapped there? */
static bool is_mapped(const struct page *page, struct mm *mm, struct mapping *at)
{
	struct descent here;

	descend_find(mm, at->address, &here);
	at->ptr = here.ptr;
	at->entry.v = here.entry.v;
	return here.level == LEVEL_PTE && pxd_leaf(LEVEL_PTE, here.entry) &&
	       leaf_page(LEVEL_PTE, here.entry) == page;
}

/* What one VMA may have of the page. True: stop. */
static bool visit_vma(const struct page *page, struct vma *vma, rmap_fn *visit, void *arg)
{
	struct mm *mm = vma->mm;
	struct mapping at;
	bool found, stop;

	at.vma = vma;
	at.address = vma_address(vma, page);
	if (at.address < READ_ONCE(vma->start) || at.address >= READ_ONCE(vma->end))
		return false;
	TRACE_POINT(rmap_look);
	spin_lock(&mm->table_lock);
	found = is_mapped(page, mm, &at);
	stop = found && visit(&at, arg);
	spin_unlock(&mm->table_lock);
	/* SAFE(rmap_pending): unhooked by a gather that has not flushed yet: other CPUs
	 * would go on using the page when our caller believes it to be mapped nowhere.
	 * Pairs with gather_begin(). */
	if (!found)
		tlb_flush_pending(mm);
	return stop;
}

static bool walk_list(
	struct rmap *rmap, const struct page *page, rmap_fn *visit, void *arg)
{
	struct rmap_link *link;
	bool stop = false;

	spin_lock(&rmap->lock);
	list_for_each (link, &rmap->vmas, list) {
		stop = visit_vma(page, link->vma, visit, arg);
		if (stop)
			break;
	}
	spin_unlock(&rmap->lock);
	return stop;
}

bool rmap_walk(struct page *page, rmap_fn *visit, void *arg)
{
	struct object *object;
	struct anon *anon;
	bool stop = false;

	if (READ_ONCE(page->type) == PAGE_OBJECT) {
		object = atomic_load(&page->object);
		return object && walk_list(&object->rmap, page, visit, arg);
	}
	anon = anon_of(page);
	if (anon) {
		stop = walk_list(&anon->rmap, page, visit, arg);
		anon_put(anon);
	}
	return stop;
}

static bool unmap_one(const struct mapping *at, void *arg)
{
	struct page *page = leaf_page(LEVEL_PTE, at->entry);
	unsigned int *count = arg;

	(void)pxd_unhook(LEVEL_PTE, at->ptr, at->address, arch_pxd_empty(LEVEL_PTE));
	/* SAFE(rmap_flush): our caller may give the page to somebody else when it is
	 * mapped nowhere. Pairs with pxd_unhook(). */
	tlb_flush_range(at->vma->mm, at->address, at->address + PAGE_SIZE);
	page_unmap(page);
	page_put(page);
	++*count;
	return false;
}

unsigned int rmap_unmap(struct page *page)
{
	unsigned int count = 0;

	(void)rmap_walk(page, unmap_one, &count);
	return count;
}

typedef void unmap_fn(struct gather *gather, unsigned long start, unsigned long end);

/* What the VMA shows of [offset, end) of its object. */
static void unmap_vma(const struct vma *vma, u64 offset, u64 end, unmap_fn *unmap)
{
	unsigned long start = READ_ONCE(vma->start), stop = READ_ONCE(vma->end);
	u64 first = vma_offset(vma, start);
	u64 skip = max(offset, first) - first;
	struct gather gather;

	if (start >= stop || skip >= stop - start || first >= end)
		return;
	TRACE_POINT(rmap_look);
	gather_begin(&gather, vma->mm);
	unmap(&gather, start + skip, start + min(end - first, stop - start));
	gather_end(&gather);
}

static void unmap_list(struct rmap *rmap, u64 offset, u64 end, unmap_fn *unmap)
{
	struct rmap_link *link;

	spin_lock(&rmap->lock);
	list_for_each (link, &rmap->vmas, list)
		unmap_vma(link->vma, offset, end, unmap);
	spin_unlock(&rmap->lock);
}

void rmap_unmap_from(struct rmap *rmap, u64 offset)
{
	unmap_list(rmap, offset, ~0UL, gather_unmap);
}

void rmap_unmap_pages(struct rmap *rmap, u64 offset, u64 end)
{
	unmap_list(rmap, offset, end, gather_unmap_object);
}
