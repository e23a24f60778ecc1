/*
 * tests/unit/mm_flat.c - the flat model of an address space; see mm_flat.h. What mm's
 * calls promise is written down here a second time, page by page and without any
 * cleverness.
 */
#include "tests/unit/mm_flat.h"
#include "tests/unit/mm_help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"
#include "mm/huge/leaf.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"

#define GAP   ((int)(MM_STACK_GAP / PAGE_SIZE))
#define BRK_1 0x123UL /* the heap begins here in the page brk_page() */

enum {
	TOUCH, /* most often */
	MAP = 6,
	REPLACE,
	HINT,
	ANYWHERE,
	UNMAP,
	PROTECT = UNMAP + 2,
	DISCARD = PROTECT + 2,
	HEAP,
	FORK,
	SHARE,
	TRUNCATE = SHARE + 2,
	REMAP,
	MISTAKE = REMAP + 3,
	COLLAPSE, /* from here on: in windows with blocks */
	SPLIT = COLLAPSE + 6,
	KINDS
};

static const char *const names[KINDS] = {[TOUCH] = "touch",
	[MAP] = "map, no replacing",
	[REPLACE] = "map, replacing",
	[HINT] = "map at a hint",
	[ANYWHERE] = "map anywhere",
	[UNMAP] = "unmap",
	[PROTECT] = "protect",
	[DISCARD] = "discard",
	[HEAP] = "brk",
	[FORK] = "fork",
	[SHARE] = "map shared",
	[TRUNCATE] = "truncate",
	[REMAP] = "remap",
	[MISTAKE] = "mistake",
	[COLLAPSE] = "collapse",
	[SPLIT] = "split"};

static int kind_of(const struct flat_op *op)
{
	int kind = op->kind;

	while (!names[kind])
		kind--;
	return kind;
}

static unsigned long at(const struct flat *flat, int page)
{
	return flat->base + (unsigned long)page * PAGE_SIZE;
}

static int page_of(const struct flat *flat, unsigned long address)
{
	return (int)((address - flat->base) / PAGE_SIZE);
}

static int brk_page(const struct flat *flat)
{
	return flat->pages / 2;
}

/* The page with which the block around this one begins, which may be before the window.
 */
static int block_of(const struct flat *flat, int page)
{
	return page - (int)(at(flat, page) % HUGE_SIZE / PAGE_SIZE);
}

/* --- operations -----------------------------------------------------------------------
 */

/* Whole blocks, as far as they are in the window: so large a VMA is rare otherwise. */
static void round_out(const struct flat *flat, struct flat_op *op)
{
	op->from = max(block_of(flat, op->from), 0);
	op->to = min(block_of(flat, op->to - 1) + (int)HUGE_PAGES, flat->pages);
	if (op->kind < UNMAP)
		op->kind = REPLACE;
}

struct flat_op flat_op(const struct flat *flat, u64 seed, unsigned int number)
{
	static const u8 prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};
	u64 random =
		(seed + 1) * 0x9e3779b97f4a7c15UL + (number + 1) * 0xbf58476d1ce4e5b9UL;
	int longest;
	struct flat_op op;

	(void)mm_random(&random);
	(void)mm_random(&random);
	op.kind = mm_random(&random) % (flat->blocks ? KINDS : COLLAPSE);
	op.prot = prots[mm_random(&random) % ARRAY_SIZE(prots)];
	/* Mostly about one place, so that operations meet. */
	op.from = mm_random(&random) % 4 ? flat->focus + mm_random(&random) % 32
					 : mm_random(&random) % flat->pages;
	longest = mm_random(&random) % 16 ? 12 : flat->pages;
	op.to = op.from + 1 +
		mm_random(&random) % (u64)min(flat->pages - op.from, longest);
	op.value = mm_random(&random);
	op.whole = flat->blocks && op.kind >= MAP && mm_random(&random) % 2;
	if (op.whole)
		round_out(flat, &op);
	return op;
}

void flat_print(const struct flat *flat, const struct flat_op *op)
{
	print("#   %s, pages %u to %u (%lx), prot %u, %lx\n", names[kind_of(op)],
		op->from, op->to - 1, at(flat, op->from), op->prot,
		(unsigned long)op->value);
}

/* --- the model ------------------------------------------------------------------------
 */

static bool differs(struct flat *flat, const char *what, u64 got, u64 expected)
{
	if (got == expected || flat->wrong)
		return got != expected;
	flat->wrong = what;
	flat->got = got;
	flat->expected = expected;
	return true;
}

static void forget(struct flat *flat, int from, int to)
{
	for (int i = from; i < to; i++) {
		flat->resident -= flat->page[i].resident;
		flat->page[i].resident = flat->page[i].own = false;
		flat->page[i].value = 0;
	}
}

static void set(struct flat *flat, int from, int to, u8 is)
{
	forget(flat, from, to);
	for (int i = from; i < to; i++) {
		flat->page[i].is = is;
		flat->page[i].slot = -1;
	}
}

/* They show the object, from this page of it on. */
static void show(struct flat *flat, int from, int to, int slot)
{
	for (int i = from; i < to; i++)
		flat->page[i].slot = slot++;
}

static bool is_shared(const struct flat_page *page)
{
	return page->slot >= 0;
}

/* What it would show is cut off. */
static bool is_beyond(const struct flat *flat, const struct flat_page *page)
{
	return page->slot >= flat->object_pages;
}

static bool hole(const struct flat *flat, int page)
{
	return page < 0 || flat->page[page].is == FLAT_HOLE;
}

static bool is_stack(const struct flat *flat, int page)
{
	return !hole(flat, page) && flat->page[page].is >> 4 & VMA_STACK;
}

static u64 *contents(struct flat *flat, struct flat_page *page)
{
	return is_shared(page) ? &flat->object_value[page->slot] : &page->value;
}

/* Where the VMA of this page ends, which mm says: for the model it need not end there. */
static int vma_end(struct flat *flat, int page)
{
	const struct vma *vma;
	int end = page;

	mm_read_lock(flat->mm);
	vma = vma_find(flat->mm, at(flat, page));
	if (vma && vma->start <= at(flat, page))
		end = page_of(flat, min(vma->end, at(flat, flat->pages)));
	mm_read_unlock(flat->mm);
	return end;
}

/* Might one block be mapped at this place? It may lie outside the window. */
static bool room_for_block(struct flat *flat, int first)
{
	return first >= 0 && first + (int)HUGE_PAGES <= flat->pages &&
	       flat->page[first].is != FLAT_HOLE && !is_shared(&flat->page[first]) &&
	       vma_end(flat, first) - first >= (int)HUGE_PAGES;
}

static int count_resident(const struct flat *flat, int first)
{
	int count = 0;

	for (int i = first; i < first + (int)HUGE_PAGES; i++)
		count += flat->page[i].resident;
	return count;
}

static void whole_block(struct flat *flat, int first)
{
	flat->resident += (int)HUGE_PAGES - count_resident(flat, first);
	for (int i = first; i < first + (int)HUGE_PAGES; i++)
		flat->page[i].resident = true;
}

/* mm has touched [from, to), and this block, in which there was nothing. Only mm knows
 * whether there was a table, or no memory: what is there now is all of it, or those
 * pages.
 */
static void touched_first(struct flat *flat, int first, int from, int to)
{
	int last = first + (int)HUGE_PAGES - 1, other = from > first ? first : last;

	if ((from > first || to <= last) && mm_peek(flat->mm, at(flat, other)))
		whole_block(flat, first);
}

/* As far as there is something; mm has done so already. */
static void populate(struct flat *flat, int from, int to, bool write)
{
	for (int first = block_of(flat, from); flat->blocks && first < to;
		first += HUGE_PAGES)
		if (room_for_block(flat, first) && !is_stack(flat, first) &&
			!count_resident(flat, first))
			touched_first(flat, first, from, to);
	for (int i = from; i < to && !is_beyond(flat, &flat->page[i]); i++) {
		flat->resident += !flat->page[i].resident;
		flat->page[i].resident = true;
		flat->page[i].own |= write;
	}
}

/* The first page from `from` on, below `to`, that is a hole (or is none); or `to`. */
static int next(const struct flat *flat, int from, int to, bool is_hole)
{
	while (from < to && hole(flat, from) != is_hole)
		from++;
	return from;
}

/* Nothing is mapped there, and no stack too near above. */
static bool free_range(const struct flat *flat, int from, int to)
{
	int above = next(flat, from, flat->pages, false);

	return above >= to &&
	       !(above < flat->pages && is_stack(flat, above) && above - to < GAP);
}

/* --- map ------------------------------------------------------------------------------
 */

static void mapped(
	struct flat *flat, const struct flat_op *op, int from, unsigned int flags)
{
	int to = from + op->to - op->from;
	unsigned int vma = (flags & MM_STACK ? VMA_STACK : 0) |
			   (flags & MM_NORESERVE ? VMA_NORESERVE : 0);

	set(flat, from, to, op->prot | vma << 4);
	if ((flags & MM_POPULATE) && op->prot != PROT_NONE)
		populate(flat, from, to, op->prot & PROT_WRITE);
}

static int flat_map(struct flat *flat, const struct flat_op *op, unsigned long *address,
	unsigned int flags)
{
	return mm_map(
		flat->mm, address, (op->to - op->from) * PAGE_SIZE, op->prot, flags);
}

static unsigned int map_flags(const struct flat_op *op)
{
	return (op->value & 7 ? 0 : MM_STACK) | (op->value & 8 ? MM_POPULATE : 0) |
	       (op->value >> 4 & 7 ? 0 : MM_NORESERVE);
}

static void map_fixed(struct flat *flat, const struct flat_op *op, unsigned int noreplace)
{
	unsigned int flags = MM_FIXED | noreplace | map_flags(op);
	bool refused = noreplace && next(flat, op->from, op->to, false) < op->to;
	unsigned long address = at(flat, op->from);

	differs(flat, "mmap", flat_map(flat, op, &address, flags), refused ? -EEXIST : 0);
	differs(flat, "mmap's address", address, at(flat, op->from));
	if (!refused)
		mapped(flat, op, op->from, flags);
}

/* Where mm must place it when it may choose: as high as it can. */
static int highest(const struct flat *flat, int pages)
{
	int from = flat->pages - pages;

	while (!free_range(flat, from, from + pages))
		from--;
	return from;
}

/* A place below the window is as good as any: checked, and given back. */
static void placed(struct flat *flat, const struct flat_op *op, int page,
	unsigned long hint, unsigned int flags)
{
	unsigned long address = hint, length = (op->to - op->from) * PAGE_SIZE;

	differs(flat, "mmap", flat_map(flat, op, &address, flags), 0);
	differs(flat, "where mmap placed it", address, at(flat, page));
	if (page >= 0)
		mapped(flat, op, page, flags);
	else
		differs(flat, "munmap", mm_unmap(flat->mm, address, length), 0);
}

/* Page numbers below 0 are holes: free_range() needs none of the array for them. */
static void map_somewhere(struct flat *flat, const struct flat_op *op, bool hint)
{
	int pages = op->to - op->from;
	unsigned int flags = map_flags(op) & ~(unsigned int)MM_STACK;

	if (hint && free_range(flat, op->from, op->to))
		placed(flat, op, op->from, at(flat, op->from), flags);
	else if (flat->alone && highest(flat, pages) + pages > 0 &&
		 highest(flat, pages) < 0)
		return; /* half in the window: the model ends there */
	else if (flat->alone)
		placed(flat, op, highest(flat, pages), hint ? at(flat, op->from) : 0,
			flags);
}

static void map_shared(struct flat *flat, const struct flat_op *op)
{
	unsigned int flags = MM_FIXED | (map_flags(op) & ~(unsigned int)MM_STACK);
	unsigned long address = at(flat, op->from);
	int slot = op->value >> 16 & 15;

	differs(flat, "a shared mmap",
		mm_map_object(flat->mm, &address, (op->to - op->from) * PAGE_SIZE,
			op->prot, flags | MM_SHARED, flat->object, slot * PAGE_SIZE),
		0);
	set(flat, op->from, op->to,
		op->prot | VMA_SHARED << 4 |
			(flags & MM_NORESERVE ? VMA_NORESERVE << 4 : 0));
	show(flat, op->from, op->to, slot);
	if ((flags & MM_POPULATE) && op->prot != PROT_NONE)
		populate(flat, op->from, op->to, op->prot & PROT_WRITE);
}

/* Of the last page the first word is left. */
static void truncate(struct flat *flat, const struct flat_op *op)
{
	u64 size = op->value % (FLAT_OBJECT * PAGE_SIZE / 8) * 8;
	int pages = (int)((size + PAGE_SIZE - 1) / PAGE_SIZE);

	differs(flat, "truncate", object_resize(flat->object, size), 0);
	for (int i = 0; i < flat->pages; i++)
		if (flat->page[i].slot >= pages)
			forget(flat, i, i + 1);
	for (int i = pages; i < FLAT_OBJECT; i++)
		flat->object_value[i] = 0;
	flat->object_pages = pages;
}

/* --- remap ----------------------------------------------------------------------------
 */

/* In pages of the window; `end`: of the VMA that `old` is in, before anything is done. */
struct remap {
	int old, old_pages, pages, to, end;
	unsigned int flags;
};

static struct remap remap_of(struct flat *flat, const struct flat_op *op)
{
	static const unsigned int flags[] = {0, MM_REMAP_MAYMOVE,
		MM_REMAP_MAYMOVE | MM_REMAP_FIXED, MM_REMAP_MAYMOVE | MM_REMAP_FIXED,
		MM_REMAP_MAYMOVE | MM_REMAP_FIXED,
		MM_REMAP_MAYMOVE | MM_REMAP_FIXED | MM_REMAP_DONTUNMAP};
	u64 random = op->value >> 8;
	struct remap remap = {.old = op->from, .old_pages = op->to - op->from};
	int longest;

	remap.flags = flags[random % ARRAY_SIZE(flags)];
	if (!flat->alone && !(remap.flags & MM_REMAP_FIXED))
		remap.flags = 0; /* who knows where there is room */
	remap.to = flat->focus - 10 + random / 8 % 48;
	if (op->whole)
		remap.to = max(block_of(flat, remap.to), 0);
	longest = flat->pages - max(remap.to, remap.old);
	remap.pages = random / 512 % 3 ? remap.old_pages : 1 + (int)(random / 2048 % 12);
	remap.pages = min(remap.pages, longest);
	if (random / 65536 % 8 == 0 || remap.flags & MM_REMAP_DONTUNMAP)
		remap.old_pages = remap.flags & MM_REMAP_DONTUNMAP ? remap.pages : 0;
	remap.end = vma_end(flat, remap.old);
	return remap;
}

/* May it move, and grow? */
static int remap_refusal(const struct flat *flat, const struct remap *remap)
{
	if (hole(flat, remap->old))
		return -EFAULT;
	if (!remap->old_pages && !is_shared(&flat->page[remap->old]))
		return -EINVAL;
	return remap->old_pages > remap->end - remap->old ? -EFAULT : 0;
}

/* All its pages go to where nothing is. */
static void move_pages(struct flat *flat, const struct remap *remap, int to)
{
	struct flat_page *old = &flat->page[remap->old];
	u8 is = old->is & ~(VMA_HEAP << 4);

	set(flat, to, to + remap->pages, is);
	if (is_shared(old))
		show(flat, to, to + remap->pages, old->slot);
	for (int i = 0; i < remap->old_pages; i++) {
		flat->page[to + i] = old[i];
		flat->page[to + i].is = is;
		old[i].resident = old[i].own = false;
		old[i].value = 0;
	}
	if (!(remap->flags & MM_REMAP_DONTUNMAP))
		set(flat, remap->old, remap->old + remap->old_pages, FLAT_HOLE);
}

static void cut(struct flat *flat, struct remap *remap)
{
	if (remap->old_pages <= remap->pages)
		return;
	set(flat, remap->old + remap->pages, remap->old + remap->old_pages, FLAT_HOLE);
	remap->old_pages = remap->pages;
}

static int remap_fixed(struct flat *flat, struct remap *remap)
{
	int err;

	if (remap->old < remap->to + remap->pages &&
		remap->to < remap->old + remap->old_pages)
		return -EINVAL;
	set(flat, remap->to, remap->to + remap->pages, FLAT_HOLE);
	cut(flat, remap);
	err = remap_refusal(flat, remap);
	if (!err)
		move_pages(flat, remap, remap->to);
	return err;
}

/* It is to be larger. Moved below the window it is lost to the model. */
static int remap_grow(struct flat *flat, struct remap *remap)
{
	int end = remap->old + remap->pages, err = remap_refusal(flat, remap);
	u8 is = flat->page[remap->old].is;

	if (err)
		return err;
	if (remap->old + remap->old_pages == remap->end &&
		free_range(flat, remap->end, end)) {
		int slot = flat->page[remap->old].slot;

		set(flat, remap->end, end, is);
		if (slot >= 0)
			show(flat, remap->end, end, slot + remap->old_pages);
		remap->to = remap->old;
		return 0;
	}
	if (!(remap->flags & MM_REMAP_MAYMOVE))
		return -ENOMEM;
	remap->to = highest(flat, remap->pages);
	if (remap->to >= 0)
		move_pages(flat, remap, remap->to);
	else
		set(flat, remap->old, remap->old + remap->old_pages, FLAT_HOLE);
	return 0;
}

static int remap_model(struct flat *flat, struct remap *remap)
{
	if (hole(flat, remap->old))
		return -EFAULT;
	if (remap->flags & MM_REMAP_FIXED)
		return remap_fixed(flat, remap);
	if (remap->pages > remap->old_pages)
		return remap_grow(flat, remap);
	cut(flat, remap);
	remap->to = remap->old;
	return 0;
}

static void remap(struct flat *flat, const struct flat_op *op)
{
	struct remap remap = remap_of(flat, op);
	unsigned long result = at(flat, remap.to);
	size_t old_size = remap.old_pages * PAGE_SIZE, size = remap.pages * PAGE_SIZE;
	int expected, got, place = flat->alone ? highest(flat, remap.pages) : 0;

	if (place < 0 && place + remap.pages > 0)
		return; /* half in the window: the model ends there */
	expected = remap_model(flat, &remap);
	got = mm_remap(
		flat->mm, at(flat, remap.old), old_size, size, remap.flags, &result);
	differs(flat, "mremap", got, expected);
	if (got)
		return;
	differs(flat, "where mremap placed it", result, at(flat, remap.to));
	if (remap.to < 0)
		differs(flat, "munmap", mm_unmap(flat->mm, result, size), 0);
}

/* --- the other calls ------------------------------------------------------------------
 */

static void unmap(struct flat *flat, const struct flat_op *op)
{
	differs(flat, "munmap",
		mm_unmap(flat->mm, at(flat, op->from), (op->to - op->from) * PAGE_SIZE),
		0);
	set(flat, op->from, op->to, FLAT_HOLE);
}

static void protect(struct flat *flat, const struct flat_op *op)
{
	int end = next(flat, op->from, op->to, true);

	differs(flat, "mprotect",
		mm_protect(flat->mm, at(flat, op->from), (op->to - op->from) * PAGE_SIZE,
			op->prot),
		end < op->to ? -ENOMEM : 0);
	for (int i = op->from; i < end; i++)
		flat->page[i].is = (flat->page[i].is & 0xf0) | op->prot;
}

static void discard(struct flat *flat, const struct flat_op *op)
{
	differs(flat, "madvise",
		mm_discard(flat->mm, at(flat, op->from), (op->to - op->from) * PAGE_SIZE),
		next(flat, op->from, op->to, true) < op->to ? -ENOMEM : 0);
	forget(flat, op->from, op->to);
}

static bool move_brk(struct flat *flat, unsigned long brk)
{
	int from = page_of(flat, flat->brk + PAGE_SIZE - 1);
	int to = page_of(flat, brk + PAGE_SIZE - 1);

	if (brk < at(flat, brk_page(flat)) + BRK_1)
		return false;
	if (to > from && !free_range(flat, from, to + 1))
		return false;
	if (to > from)
		set(flat, from, to, PROT_READ | PROT_WRITE | VMA_HEAP << 4);
	else
		set(flat, to, from, FLAT_HOLE);
	return true;
}

static void heap(struct flat *flat, const struct flat_op *op)
{
	unsigned long brk = at(flat, brk_page(flat)) + op->value % (8 * PAGE_SIZE);

	if (!flat->has_brk)
		return;
	if (move_brk(flat, brk))
		flat->brk = brk;
	differs(flat, "brk", mm_brk(flat->mm, brk), flat->brk);
}

static void mistake(struct flat *flat, const struct flat_op *op)
{
	unsigned long address = at(flat, op->from), any = address + 1;
	struct mm *mm = flat->mm;

	differs(flat, "mmap unaligned", mm_map(mm, &any, PAGE_SIZE, 0, MM_FIXED),
		-EINVAL);
	differs(flat, "mmap empty", mm_map(mm, &any, 0, 0, MM_FIXED), -EINVAL);
	differs(flat, "mmap huge", mm_map(mm, &any, ~0UL, 0, 0), -ENOMEM);
	differs(flat, "munmap unaligned", mm_unmap(mm, address + 1, PAGE_SIZE), -EINVAL);
	differs(flat, "munmap empty", mm_unmap(mm, address, 0), -EINVAL);
	differs(flat, "mprotect unaligned", mm_protect(mm, address + 8, 1, 0), -EINVAL);
	differs(flat, "mprotect unknown", mm_protect(mm, address, 1, 64), -EINVAL);
	differs(flat, "mprotect empty", mm_protect(mm, address, 0, 0), 0);
	differs(flat, "madvise unaligned", mm_discard(mm, address + 8, 1), -EINVAL);
	differs(flat, "madvise empty", mm_discard(mm, address, 0), 0);
}

/* --- blocks ---------------------------------------------------------------------------
 */

/* Has the VMA there pages of its own, or had it? */
static bool has_family(struct flat *flat, int page)
{
	const struct vma *vma;
	bool has;

	mm_read_lock(flat->mm);
	vma = vma_find(flat->mm, at(flat, page));
	has = vma && READ_ONCE(vma->anon);
	mm_read_unlock(flat->mm);
	return has;
}

/* Others may hold pages for a moment, and there may be no block. */
static void collapse_block(struct flat *flat, int first)
{
	bool may = room_for_block(flat, first) && count_resident(flat, first) &&
		   has_family(flat, first);
	int err;

	if (is_shared(&flat->page[first]))
		return; /* it would unmap other pages of the object: mm_huge_object.c */
	err = mm_collapse(flat->mm, at(flat, first), HUGE_SIZE);
	if (err == -ENOMEM || (err == -EAGAIN && !flat->alone))
		return;
	differs(flat, "collapse", err, may ? 0 : -EINVAL);
	if (may)
		whole_block(flat, first);
}

static void collapse(struct flat *flat, const struct flat_op *op)
{
	int first = block_of(flat, op->from + (int)HUGE_PAGES - 1);

	for (; first + (int)HUGE_PAGES <= op->to; first += HUGE_PAGES)
		collapse_block(flat, first);
}

/* Of contents and rights nothing changes. */
static void split(struct flat *flat, const struct flat_op *op)
{
	struct blocks_split count;

	mm_split_blocks(flat->mm, at(flat, op->from), at(flat, op->to), &count);
}

/* --- touching -------------------------------------------------------------------------
 */

/* A touch below a stack makes it grow, rights or not, down to the page. */
static void grow_stack(struct flat *flat, int page)
{
	int above = next(flat, page, flat->pages, false), below = page;

	if (above == page || above == flat->pages || !is_stack(flat, above))
		return;
	while (below >= 0 && hole(flat, below))
		below--;
	/* What nobody can use may be near, and so may another stack. */
	if (below >= 0 && (flat->page[below].is & 7) && !is_stack(flat, below) &&
		page - (below + 1) < GAP)
		return;
	set(flat, page, above, flat->page[above].is);
}

static bool allowed(const struct flat_page *page, unsigned int access)
{
	unsigned int prot = page->is & 7;

	if (page->is == FLAT_HOLE || prot == PROT_NONE)
		return false;
	return !(access == ACCESS_WRITE && !(prot & PROT_WRITE)) &&
	       !(access == ACCESS_EXEC && !(prot & PROT_EXEC));
}

static void touch(struct flat *flat, const struct flat_op *op)
{
	static const unsigned int accesses[] = {ACCESS_WRITE, ACCESS_READ, ACCESS_WRITE,
		ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC};
	unsigned int access = accesses[op->value % ARRAY_SIZE(accesses)];
	struct flat_page *page = &flat->page[op->from];
	unsigned long address = at(flat, op->from);
	u64 value = op->value;
	bool may;

	grow_stack(flat, op->from);
	may = allowed(page, access) && !is_beyond(flat, page);
	if (access == ACCESS_EXEC) {
		differs(flat, "a fault", mm_fault(flat->mm, address, access),
			may                     ? 0
			: allowed(page, access) ? -EIO
						: -EFAULT);
	} else if (access == ACCESS_WRITE) {
		differs(flat, "a user's store",
			arch_copy_to_user(address, &value, sizeof(value)) == 0, may);
		if (may)
			*contents(flat, page) = value;
	} else if (!differs(flat, "a user's load",
			   arch_copy_from_user(&value, address, sizeof(value)) == 0,
			   may)) {
		differs(flat, "what a user loaded", value,
			may ? *contents(flat, page) : op->value);
	}
	if (may)
		populate(flat, op->from, op->from + 1, access == ACCESS_WRITE);
}

/* --- comparing ------------------------------------------------------------------------
 */

struct check {
	struct flat *flat;
	int page;                  /* of the window, next to be seen in a VMA */
	const struct anon *family; /* of the VMA before */
	u64 shift;                 /* likewise */
};

/* Pages of two families cannot be in one VMA, nor can what has moved apart. */
static bool other_family(const struct vma *vma, const struct check *check)
{
	return (vma->anon && check->family && vma->anon != check->family) ||
	       vma->shift != check->shift;
}

static void check_vma_page(
	struct flat *flat, const struct vma *vma, const struct flat_page *page, int i)
{
	differs(flat, "a VMA's rights and flags", (vma->prot | vma->flags << 4) & 0xff,
		page->is);
	differs(flat, "a VMA's object", vma->object != NULL, is_shared(page));
	if (is_shared(page))
		differs(flat, "what a VMA shows",
			vma_offset(vma, at(flat, i)) / PAGE_SIZE, page->slot);
}

/* VMAs come in address order. Two neighbours that could be one are wrong, unless they are
 * stacks: those do not merge when they grow together. */
static void check_vma(const struct vma *vma, void *arg)
{
	struct check *check = arg;
	struct flat *flat = check->flat;
	int from, to;

	if (vma->start < flat->base || vma->end > at(flat, flat->pages))
		return;
	from = page_of(flat, vma->start);
	to = page_of(flat, vma->end);
	differs(flat, "where a VMA starts", from,
		next(flat, check->page, flat->pages, false));
	for (int i = from; i < to; i++)
		check_vma_page(flat, vma, &flat->page[i], i);
	if (from && !hole(flat, from - 1) && !is_stack(flat, from) &&
		!other_family(vma, check))
		differs(flat, "VMAs that could be one",
			flat->page[from - 1].is == flat->page[from].is, false);
	check->page = to;
	check->family = vma->anon;
	check->shift = vma->shift;
}

/* An entry for a page that others may have, too, waits for a store before it allows any.
 * Who is not alone with his mm cannot know: another thread may have forked. */
static void check_rights(
	struct flat *flat, const struct flat_page *page, unsigned int got)
{
	unsigned int expected = page->is & 7;

	if (!is_shared(page) && !(page->own && flat->alone) && expected & PROT_WRITE &&
		!(got & PROT_WRITE))
		expected = (expected & ~(unsigned int)PROT_WRITE) | PROT_READ;
	differs(flat, "an entry's rights", got, expected);
}

static void check_page(struct flat *flat, int i)
{
	unsigned long *word = mm_peek(flat->mm, at(flat, i));

	differs(flat, "a frame", word != NULL, flat->page[i].resident);
	if (!word || !flat->page[i].resident)
		return;
	differs(flat, "contents", *word, *contents(flat, &flat->page[i]));
	check_rights(flat, &flat->page[i], mm_peek_prot(flat->mm, at(flat, i)));
}

static void check(struct flat *flat, int from, int to)
{
	struct check check = {.flat = flat};

	mm_for_each_vma(flat->mm, check_vma, &check);
	differs(flat, "where VMAs end", flat->pages,
		next(flat, check.page, flat->pages, false));
	if (flat->alone)
		differs(flat, "resident pages", mm_pages(flat->mm), flat->resident);
	mm_read_lock(flat->mm); /* keeps the tables that are looked at */
	for (int i = from; i < to; i++)
		check_page(flat, i);
	mm_read_unlock(flat->mm);
}

/* --- fork -----------------------------------------------------------------------------
 */

static void scribble(struct flat *flat, u64 value)
{
	for (int i = 0; i < flat->pages; i++) {
		struct flat_page *page = &flat->page[i];

		if (!allowed(page, ACCESS_WRITE) || is_beyond(flat, page))
			continue;
		differs(flat, "a store after fork",
			arch_copy_to_user(at(flat, i), &value, sizeof(value)), 0);
		if (is_shared(page))
			*contents(flat, page) = value;
	}
}

/* The child is what the parent was. Then one of the two writes wherever it can, and ends;
 * the other, which nobody else uses, has seen nothing of it, but for what is shared. */
static void fork_flat(struct flat *flat, const struct flat_op *op)
{
	struct mm *doomed = flat->mm, *child = mm_fork(flat->mm);

	if (differs(flat, "fork", child != NULL, true))
		return;
	for (int i = 0; i < flat->pages; i++)
		flat->page[i].own = false;
	mm_use(flat->mm = child);
	check(flat, 0, flat->pages);
	if (!flat->alone || op->value & 1) {
		flat->mm = doomed;
		doomed = child;
	}
	mm_use(doomed);
	scribble(flat, op->value);
	mm_use(flat->mm);
	mm_put(doomed);
	check(flat, 0, flat->pages);
}

/* For blocks, none of which reaches out of it below. */
static void make_wide(struct flat *flat)
{
	unsigned long end = at(flat, flat->pages);

	flat->base = ALIGN_UP(end - FLAT_PAGES * PAGE_SIZE, HUGE_SIZE);
	flat->pages = page_of(flat, end);
	/* Before the border of two. */
	flat->focus = block_of(flat, flat->pages / 2 + (int)HUGE_PAGES - 1) - 16;
}

void flat_init(struct flat *flat, struct mm *mm, unsigned long base, bool has_brk)
{
	flat->mm = mm;
	flat->alone = !base;
	flat->pages = FLAT_PAGES_SMALL;
	flat->focus = 240;
	flat->base = base ? base : mm->mmap_base - flat->pages * PAGE_SIZE;
	flat->blocks = thp_policy == THP_ALWAYS;
	if (flat->blocks)
		make_wide(flat);
	flat->has_brk = has_brk;
	flat->brk = at(flat, brk_page(flat)) + BRK_1;
	flat->resident = 0;
	flat->wrong = NULL;
	for (int i = 0; i < flat->pages; i++)
		flat->page[i] = (struct flat_page){.is = FLAT_HOLE, .slot = -1};
	flat->object = object_create(FLAT_OBJECT / 2 * PAGE_SIZE);
	flat->object_pages = FLAT_OBJECT / 2;
	for (int i = 0; i < FLAT_OBJECT; i++)
		flat->object_value[i] = 0;
	if (has_brk)
		mm_set_brk_start(mm, flat->brk);
}

void flat_end(struct flat *flat)
{
	object_put(flat->object);
}

bool flat_step(struct flat *flat, const struct flat_op *op, enum flat_look look)
{
	switch (kind_of(op)) {
	case TOUCH:
		touch(flat, op);
		break;
	case MAP:
		map_fixed(flat, op, MM_NOREPLACE);
		break;
	case REPLACE:
		map_fixed(flat, op, 0);
		break;
	case HINT:
	case ANYWHERE:
		map_somewhere(flat, op, kind_of(op) == HINT);
		break;
	case UNMAP:
		unmap(flat, op);
		break;
	case PROTECT:
		protect(flat, op);
		break;
	case DISCARD:
		discard(flat, op);
		break;
	case HEAP:
		heap(flat, op);
		break;
	case FORK:
		fork_flat(flat, op);
		break;
	case SHARE:
		map_shared(flat, op);
		break;
	case TRUNCATE:
		truncate(flat, op);
		break;
	case REMAP:
		remap(flat, op);
		break;
	case MISTAKE:
		mistake(flat, op);
		break;
	case COLLAPSE:
		collapse(flat, op);
		break;
	case SPLIT:
		split(flat, op);
	}
	if (look == FLAT_NAMED && (kind_of(op) == TRUNCATE || kind_of(op) == REMAP))
		look = FLAT_ALL;
	if (look == FLAT_NAMED)
		check(flat, op->from, op->to);
	else if (look == FLAT_ALL)
		check(flat, 0, flat->pages);
	return !flat->wrong;
}
