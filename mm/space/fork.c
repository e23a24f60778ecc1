/*
 * mm/space/fork.c - a copy of an address space that shares its pages.
 *
 * Entry by entry, one lowest table after the other: the child's entry points to the same
 * page, and neither of the two allows writing any more. A page that is pinned is not
 * shared: the child gets a copy of it at once, and the parent goes on with its own, where
 * a device may be writing. One that was given up (reclaim.c) the child does not get.
 *
 * The parent is in a write section: its VMAs and tables stand still and nobody faults.
 * But its threads run, and pin pages without any lock: write_protect_seq tells them.
 * Nobody knows the child yet. Both table locks are held while entries are copied. Can
 * fail: no memory; then the child is thrown away, and the parent's pages that were shared
 * with nobody become exclusive again when they are written.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/fold.h"
#include "mm/table/tlb.h"

struct fork {
	struct mm *parent, *child;
	unsigned int prot;  /* of the VMA that is being copied */
	struct page *spare; /* for the next page that cannot be shared, or NULL */
};

static void lock_tables(struct fork *fork)
{
	spin_lock(&min(fork->parent, fork->child)->table_lock);
	spin_lock(&max(fork->parent, fork->child)->table_lock);
}

static void unlock_tables(struct fork *fork)
{
	spin_unlock(&fork->parent->table_lock);
	spin_unlock(&fork->child->table_lock);
}

/* A reference for the child's entry, if it can have the page itself. */
static bool may_share(struct page *page)
{
	/* SAFE(fork_pinned): the parent's next write would be made to a copy, and what
	 * the device writes after that would never be seen. Pairs with
	 * SAFE(gup_exclusive), which keeps shared ones unpinned. */
	if (READ_ONCE(page->type) == PAGE_ANON && page_maybe_pinned(page))
		return false;
	TRACE_POINT(fork_look);
	return page_try_get(page, 1);
}

/* The page is to be shared; what both entries for it will be. An object's page is that
 * already, and a shared VMA's entry allows what it does. */
static pxd_t share(struct page *page, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	unsigned int prot = arch_pxd_prot(LEVEL_PTE, entry);

	if (READ_ONCE(page->type) != PAGE_ANON)
		return entry;
	WRITE_ONCE(page->type, PAGE_ANON_SHARED);
	if (!(prot & PROT_WRITE))
		return entry;
	entry = arch_pxd_leaf_make(LEVEL_PTE, page_phys(page), cow_prot_shared(prot));
	pxd_unhook(LEVEL_PTE, ptr, address, entry);
	return entry;
}

/* The child's own page, of the spare one. */
static pxd_t copy(struct fork *fork, const struct page *page)
{
	struct page *own = fork->spare;

	fork->spare = NULL;
	copy_page(page_address(own), page_address(page));
	own->mapped = 0;
	own->index = page->index;
	WRITE_ONCE(own->anon, page->anon);
	return arch_pxd_leaf_make(LEVEL_PTE, page_phys(own), fork->prot);
}

/* False: a spare page is needed first. */
static bool fork_pte(struct fork *fork, pxd_t *from, pxd_t *to, unsigned long address)
{
	pxd_t entry = pxd_read(from);
	struct page *page = page_of_phys(arch_pxd_phys(LEVEL_PTE, entry));

	if (READ_ONCE(page->type) == PAGE_LAZY)
		return true; /* lost for the child: as well now as later */
	if (may_share(page))
		entry = share(page, from, entry, address);
	else if (fork->spare)
		entry = copy(fork, page);
	else
		return false;
	pxd_set(LEVEL_PTE, to, entry);
	page_map(page_of_phys(arch_pxd_phys(LEVEL_PTE, entry)));
	fork->child->pages++;
	return true;
}

/* Two lowest tables, or parts of them. Returns where it stopped. */
static unsigned long fork_ptes(struct fork *fork, pxd_t *from, pxd_t *to,
	unsigned long address, unsigned long end)
{
	lock_tables(fork);
	for (; address != end; address += PAGE_SIZE, from++, to++)
		if (!pxd_none(LEVEL_PTE, pxd_read(from)) &&
			!fork_pte(fork, from, to, address))
			break;
	unlock_tables(fork);
	return address;
}

/* What the parent has below one entry, its lowest table from `from` on. */
static int fork_table(
	struct fork *fork, pxd_t *from, unsigned long address, unsigned long end)
{
	unsigned long start = address;
	struct descent to;
	int err = descend_alloc(fork->child, address, LEVEL_PTE, &to);

	while (!err) {
		unsigned long done = (address - start) / PAGE_SIZE;

		address = fork_ptes(fork, from + done, to.ptr + done, address, end);
		if (address == end)
			return 0;
		fork->spare = frame_alloc(0, PAGE_ANON, FRAME_USER);
		err = fork->spare ? 0 : -ENOMEM;
	}
	return err;
}

static int fork_vma(struct fork *fork, const struct vma *vma)
{
	unsigned long stop;
	int err = 0;

	if (vma->flags & VMA_PFN)
		return 0; /* the child's faults find the same */
	fork->prot = vma->prot;
	for (unsigned long at = vma->start; !err && at != vma->end; at = stop) {
		struct descent from;

		descend_find(fork->parent, at, &from);
		LAB_ASSERT(!pxd_leaf(from.level, from.entry) || from.level == LEVEL_PTE,
			"a leaf of level %d at %lx is to be copied", from.level, at);
		/* Nothing below, or one lowest table. */
		stop = pxd_addr_end(max(from.level, LEVEL_PMD), at, vma->end);
		if (from.level == LEVEL_PTE)
			err = fork_table(fork, from.ptr, at, stop);
	}
	return err;
}

static int fork_vmas(struct fork *fork)
{
	const struct vma_set *vmas = fork->parent->vmas;
	int err = 0;

	for (unsigned int i = 0; !err && i < vmas->count; i++)
		err = fork_vma(fork, vmas->vma[i]);
	return err;
}

static int fork_pages(struct mm *parent, struct mm *child)
{
	struct fork fork = {.parent = parent, .child = child};
	int err;

	/* SAFE(fork_seq_first): odd before the first look at pins (a full barrier): a
	 * walker that grabs a page after we have found it unpinned sees it, and lets go.
	 * Pairs with SAFE(gup_fork_seq). */
	atomic_add(&parent->write_protect_seq, 1);
	err = fork_vmas(&fork);
	if (fork.spare)
		page_put(fork.spare);
	/* SAFE(fork_flush): another thread of the parent would go on writing, through an
	 * old translation, to what the child reads. Pairs with share(). */
	tlb_flush_mm(parent);
	atomic_add(&parent->write_protect_seq, 1);
	return err;
}

static int fork_locked(struct mm *parent, struct mm *child)
{
	/* As deep as the parent, which may have grown: its addresses are to be reached.
	 */
	int err = fold_grow(child, parent->limit);

	if (!err)
		err = vma_set_copy(child, parent);
	TRACE_POINT(fork_joined);
	if (!err)
		err = fork_pages(parent, child);
	return err;
}

struct mm *mm_fork(struct mm *parent)
{
	struct mm *child = mm_create();
	int err;

	if (!child)
		return NULL;
	child->stack_top = parent->stack_top;
	child->mmap_base = parent->mmap_base;
	mm_write_lock(min(parent, child));
	mm_write_lock(max(parent, child));
	child->brk_start = parent->brk_start;
	child->brk = parent->brk;
	err = fork_locked(parent, child);
	mm_write_unlock(child);
	mm_write_unlock(parent);
	if (!err)
		return child;
	mm_put(child);
	return NULL;
}
