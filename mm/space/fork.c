/*
 * mm/space/fork.c - a copy of an address space that shares its pages.
 *
 * Entry by entry, one lowest table after the other: the child's entry points to the same
 * page, and neither of the two allows writing any more. A page that is pinned is not
 * shared: the child gets a copy of it at once, and the parent goes on with its own, where
 * a device may be writing. One that was given up (reclaim.c) the child does not get, and
 * the leaves of objects it finds by faults of its own.
 *
 * The parent is in a write section: its VMAs and tables stand still and nobody faults.
 * But its threads run, and pin pages without any lock: write_protect_seq tells them.
 * Nobody knows the child yet. Both table locks are held while entries are copied. Can
 * fail: no memory; then the child is thrown away, and the parent's pages that were shared
 * with nobody become exclusive again when they are written.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/khugepaged.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"
#include "mm/table/fold.h"
#include "mm/table/tlb.h"

struct fork {
	struct mm *parent, *child;
	const struct vma *vma; /* of the parent, that is being copied */
	struct page *spare;    /* for the next page that cannot be shared, or NULL */
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

/* May an entry of the parent allow writing to it? The entries of a block are made shared
 * one by one: until all are, some may, and go on doing so if the fork fails in between.
 */
static bool is_own(const struct page *page)
{
	return page_is_exclusive(page) || (page->order && page_is_shared(page));
}

/* A reference for the child's entry, if it can have the page itself. */
static bool may_share(struct page *page)
{
	/* SAFE(fork_pinned): the parent's next write would be made to a copy, and what
	 * the device writes after that would never be seen. Pairs with
	 * SAFE(gup_exclusive), which keeps shared ones unpinned. */
	if (is_own(page) && page_maybe_pinned(page))
		return false;
	TRACE_POINT(fork_look);
	return page_try_get(page, 1);
}

/* The page is to be shared; what both entries for it will be. An object's page is that
 * already, and a shared VMA's entry allows what it does. */
static pxd_t share(
	int level, struct page *page, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	unsigned int prot = arch_pxd_prot(level, entry);

	if (!is_own(page))
		return entry;
	WRITE_ONCE(page->type, PAGE_ANON_SHARED);
	if (!(prot & PROT_WRITE))
		return entry;
	entry = arch_pxd_leaf_make(
		level, arch_pxd_phys(level, entry), cow_prot_shared(prot));
	pxd_unhook(level, ptr, address, entry);
	return entry;
}

/* The child's own page, of the spare one. */
static pxd_t copy(struct fork *fork, pxd_t entry, unsigned long address)
{
	struct page *own = fork->spare;

	fork->spare = NULL;
	copy_page(page_address(own), phys_to_virt(arch_pxd_phys(LEVEL_PTE, entry)));
	rmap_home(own, fork->vma, address);
	return arch_pxd_leaf_make(LEVEL_PTE, page_phys(own), fork->vma->prot);
}

/* False: a spare page is needed first. */
static bool fork_pte(struct fork *fork, pxd_t *from, pxd_t *to, unsigned long address)
{
	pxd_t entry = pxd_read(from);
	struct page *page = leaf_page(LEVEL_PTE, entry);

	if (READ_ONCE(page->type) == PAGE_LAZY)
		return true; /* lost for the child: as well now as later */
	if (may_share(page))
		entry = share(LEVEL_PTE, page, from, entry, address);
	else if (fork->spare)
		entry = copy(fork, entry, address);
	else
		return false;
	pxd_set(LEVEL_PTE, to, entry);
	page_map(leaf_page(LEVEL_PTE, entry));
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

/* Both locks held: the child has the leaf, too; or the parent's is split, since a block
 * that is pinned is copied page by page. */
static void share_leaf(struct fork *fork, pxd_t *from, pxd_t *to, unsigned long address,
	struct ptdesc *table)
{
	pxd_t entry = pxd_read(from);
	struct page *page = leaf_page(LEVEL_PMD, entry);

	if (!may_share(page)) {
		leaf_split(fork->parent, LEVEL_PMD, from, address);
		table_free_unused(table);
		return;
	}
	entry = share(LEVEL_PMD, page, from, entry, address);
	table_deposit(to, table);
	pxd_set(LEVEL_PMD, to, entry);
	page_map(page);
}

/* A leaf of the parent. Faults, which could split it, are kept away. */
static int fork_leaf(struct fork *fork, pxd_t *from, unsigned long address)
{
	struct ptdesc *table = table_alloc(fork->child, LEVEL_PTE);
	struct descent to;
	int err = table ? descend_alloc(fork->child, address, LEVEL_PMD, &to) : -ENOMEM;

	if (err) {
		if (table)
			table_free_unused(table);
		return err;
	}
	lock_tables(fork);
	share_leaf(fork, from, to.ptr, address, table);
	unlock_tables(fork);
	return 0;
}

static int fork_vma(struct fork *fork, const struct vma *vma)
{
	unsigned long stop;
	int err = 0;

	if (vma->flags & VMA_PFN)
		return 0; /* the child's faults find the same */
	fork->vma = vma;
	for (unsigned long at = vma->start; !err && at != vma->end; at = stop) {
		struct descent from;

		descend_find(fork->parent, at, &from);
		/* Nothing below, or a leaf, or one lowest table. */
		stop = pxd_addr_end(max(from.level, LEVEL_PMD), at, vma->end);
		if (pxd_leaf(from.level, from.entry) && from.level == LEVEL_PMD &&
			!leaf_is_objects(LEVEL_PMD, from.entry)) {
			err = fork_leaf(fork, from.ptr, at);
			descend_find(fork->parent, at, &from); /* it may be split */
		}
		if (!err && from.level == LEVEL_PTE)
			err = fork_table(fork, from.ptr, at, stop);
	}
	return err;
}

static int fork_vmas(struct fork *fork)
{
	const struct vma_set *vmas = fork->parent->vmas;
	int err = 0;

	/* SAFE(fork_claims): mm->lock keeps away only the faults that take it. Linux 6.4:
	 * one that held its VMA made a page writable that had been shared with the child
	 * just now, or was about to be. Pairs with vma_hold(). */
	for (unsigned int i = 0; i < vmas->count; i++)
		vma_write_begin(vmas->vma[i]);
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
	if (READ_ONCE(parent->scan_listed))
		khugepaged_enter(child);
	if (!err)
		return child;
	mm_put(child);
	return NULL;
}
