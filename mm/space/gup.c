/*
 * mm/space/gup.c - getting user pages, the slow way; see gup.h, and gup_fast.h for the
 * fast one.
 *
 * Under mm->lock for reading tables stay, and under mm->table_lock entries, too: so what
 * is mapped can be held without a second look. Where nothing is mapped, or not with the
 * rights that are wanted, both locks are dropped and the page is faulted in as an access
 * of user space would do it: the VMA decides. Then everything is looked up again.
 */
#include "mm/space/gup.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "kernel/sched/thread.h"
#include "mm/space/gup_rules.h"
#include "mm/space/vma.h"
#include "mm/table/gup_leaf.h"
#include "mm/table/walk.h"

bool (*gup_killed)(void);

/* What is still wanted: [address, end). */
struct gup_slow {
	const struct vma *vma; /* where `address` is, while mm->lock is held */
	unsigned long address, end;
	unsigned int flags, prot;
	struct page **next;
	int error; /* why a page that is mapped is not to be had, or 0 */
};

/* table_lock held. The pages of one block from `page` on; how many; 0: refused. */
static unsigned long hold_run(
	struct gup_slow *slow, struct page *page, unsigned long count)
{
	struct page *head = page_head(page);
	enum gup_rule rule = gup_slow_rule(slow->vma, head, slow->flags);

	count = min(count, (unsigned long)(head + BIT(head->order) - page));
	if (unlikely(rule != GUP_HOLD)) {
		slow->error = rule == GUP_REFUSE ? -EFAULT : 0;
		return 0;
	}
	if (unlikely(!page_try_hold(head, count, slow->flags & FOLL_PIN))) {
		slow->error = -ENOMEM;
		return 0;
	}
	for (unsigned long i = 0; i < count; i++)
		*slow->next++ = page + i;
	slow->address += count * PAGE_SIZE;
	return count;
}

/* Is it as it must be? By force, what an entry does not allow may be read; and written,
 * if nobody else has the page. */
static bool may_hold(const struct gup_slow *slow, int level, pxd_t entry)
{
	struct page *page;

	if (arch_pxd_allows(level, entry, slow->prot) || !(slow->flags & FOLL_FORCE))
		return arch_pxd_allows(level, entry, slow->prot);
	page = leaf_page(level, entry);
	if (!(slow->flags & FOLL_WRITE))
		return true;
	if (page_is_exclusive(page))
		atomic_and(&page->state, ~PAGE_CLEAN); /* no fault tells of it */
	return page_is_exclusive(page);
}

/* A leaf; true: the walk ends before it. */
static bool hold_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	struct gup_slow *slow = walk->arg;
	unsigned long end = min(slow->end - 1, address + pxd_size(level) - 1) + 1;
	struct page *page;

	if (address > slow->address)
		return true;
	if (!arch_pxd_counted(level, entry)) {
		slow->error = -EFAULT; /* a device's, which may take it back */
		return true;
	}
	if (!may_hold(slow, level, entry))
		return true;
	page = page_of_phys(
		phys(arch_pxd_phys(level, entry).v + (slow->address - address)));
	while (slow->address != end) {
		unsigned long count =
			hold_run(slow, page, (end - slow->address) / PAGE_SIZE);

		if (!count)
			return true;
		page += count;
	}
	return false;
}

static bool hold_ptes(
	struct walk *walk, pxd_t *ptr, unsigned long address, unsigned long end)
{
	return walk_ptes(walk, ptr, address, end, hold_leaf);
}

/* mm->lock held: hold what is mapped, up to the first page that is not, or `end`. */
static void hold_mapped(struct mm *mm, struct gup_slow *slow, unsigned long end)
{
	static const struct walk_ops ops = {.leaf = hold_leaf, .ptes = hold_ptes};
	struct walk walk = {.mm = mm, .ops = &ops, .arg = slow};

	spin_lock(&mm->table_lock);
	(void)walk_range(&walk, slow->address, end);
	spin_unlock(&mm->table_lock);
}

/* What one VMA has of it: true, unless a page has to be faulted in first. */
static bool hold_in_vma(struct mm *mm, struct gup_slow *slow)
{
	bool all = false;
	unsigned long end;

	mm_read_lock(mm);
	slow->vma = vma_find(mm, slow->address);
	if (slow->vma && slow->vma->start <= slow->address) {
		end = min(slow->end, slow->vma->end);
		if (gup_vma_allows(slow->vma, slow->flags))
			hold_mapped(mm, slow, end);
		else
			slow->error = -EFAULT;
		all = slow->address == end;
	}
	mm_read_unlock(mm);
	return all;
}

static unsigned int access_of(unsigned int flags)
{
	unsigned int force = flags & FOLL_FORCE ? ACCESS_FORCE : 0;

	if (flags & FOLL_WRITE)
		return ACCESS_WRITE | force;
	return (flags & FOLL_UNSHARE ? ACCESS_UNSHARE : ACCESS_READ) | force;
}

/* Until all is held: 0, or why not. */
static int hold_all(struct mm *mm, struct gup_slow *slow)
{
	for (;;) {
		/* SAFE(force_keeps_write): after a fault, too, what is wanted is the same
		 * as before. That fault has made a page that may be written, but it may
		 * be gone again; content with any page now, one would write to the file's
		 * own. Pairs with may_hold(). */
		bool all = hold_in_vma(mm, slow);
		int error;

		if (slow->address == slow->end || slow->error)
			return slow->error;
		if (gup_killed && gup_killed())
			return -EINTR;
		if (all)
			continue;
		error = mm_fault(mm, slow->address, access_of(slow->flags));
		if (error)
			return error == -EIO ? -EFAULT : error;
		TRACE_POINT(gup_again);
	}
}

/* What both ways accept: 0, and start rounded down. */
static int check(unsigned long *start, unsigned long count, unsigned int flags)
{
	*start &= PAGE_MASK;
	if (!(flags & FOLL_GET) == !(flags & FOLL_PIN) ||
		(flags & FOLL_LONGTERM && !(flags & FOLL_PIN)))
		return -EINVAL;
	if (*start >= arch_user_end() || count > (arch_user_end() - *start) / PAGE_SIZE)
		return -EFAULT;
	return 0;
}

static long gup_rest(struct mm *mm, unsigned long start, unsigned long count,
	unsigned int flags, struct page **pages)
{
	struct gup_slow slow;
	long held;
	int error;

	/* One by one: hooks see no stores of several words. */
	slow.address = start;
	slow.end = start + count * PAGE_SIZE;
	slow.flags = flags | gup_unshares(flags);
	slow.prot = flags & FOLL_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	slow.next = pages;
	slow.error = 0;
	error = hold_all(mm, &slow);
	held = slow.next - pages;
	counter_add_exact(COUNT_GUP_SLOW_PAGES, held);
	return held ? held : error;
}

long gup_slow(struct mm *mm, unsigned long start, unsigned long count, unsigned int flags,
	struct page **pages)
{
	int error = check(&start, count, flags);

	return error || !count ? error : gup_rest(mm, start, count, flags, pages);
}

long gup(
	unsigned long start, unsigned long count, unsigned int flags, struct page **pages)
{
	int error = check(&start, count, flags);
	unsigned long fast;
	long slow;

	if (error || !count)
		return error;
	fast = gup_fast(start, count, flags, pages);
	if (fast == count)
		return fast;
	slow = gup_rest(current()->mm, start + fast * PAGE_SIZE, count - fast, flags,
		pages + fast);
	return slow > 0 ? (long)fast + slow : fast ? (long)fast : slow;
}

/* Neighbours in the array that are of one block go with one subtraction. */
static __always_inline void drop(struct page **pages, unsigned long count, const bool pin)
{
	struct page **end = pages + count;

	counter_add_exact(COUNT_GUP_DROPPED_PAGES, count);
	while (pages < end) {
		struct page *head = page_head(*pages++);
		s32 run = 1;

		if (likely(!READ_ONCE(head->order))) {
			page_put_many(head, pin ? PAGE_PIN_BIAS : 1);
			continue;
		}
		for (; pages < end && page_head(*pages) == head; pages++)
			run++;
		page_drop(head, run, pin);
	}
}

void gup_put(struct page **pages, unsigned long count)
{
	drop(pages, count, false);
}

void gup_unpin(struct page **pages, unsigned long count)
{
	drop(pages, count, true);
}

s64 gup_held(void)
{
	return counter_sum(COUNT_GUP_FAST_PAGES) + counter_sum(COUNT_GUP_SLOW_PAGES) -
	       counter_sum(COUNT_GUP_DROPPED_PAGES);
}
