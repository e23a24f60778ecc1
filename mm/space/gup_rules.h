/*
 * mm/space/gup_rules.h - which page may be held in which way.
 *
 * A pin lets a device read and write a page for as long as it lasts, past all that a
 * fault would have to say. So a page of one's own must be exclusive, or the process's
 * next write goes to a copy that the device never sees. And a page of a file that is
 * written back may not be pinned for long to be written (FOLL_LONGTERM): it would never
 * be clean. The slow way asks the VMA (gup.c). The fast one has none at hand: it asks the
 * page, and what it cannot know is left to the slow way.
 */
#pragma once

#include "kernel/base/counters.h"
#include "kernel/base/trace.h"
#include "mm/space/object.h"
#include "mm/table/gup_fast.h"

/* An object's page, held, which is to be pinned for long. */
static inline bool gup_fast_allows_object(const struct page *head, unsigned int flags)
{
	const struct object *object;

	/* For reading it must be a copy, if its VMA is private: ask that. */
	if (!(flags & FOLL_WRITE))
		return false;
	/* SAFE(gup_object_once): it may be cut off at any moment, also between two looks.
	 * NULL: who knows what it was? One read decides, and is what is followed. Pairs
	 * with SAFE(object_cut_first). That the object itself stays until we are done
	 * with it is due to SAFE(object_grace). */
	object = READ_ONCE(head->object);
	TRACE_POINT(gup_object);
	return object && !object_tracks(object);
}

/* In a lockless section: is `head`, now held, what this kind of hold may have? */
static __always_inline bool gup_fast_allows(const struct page *head, unsigned int flags)
{
	u8 type;

	if (likely(!(flags & (FOLL_LONGTERM | FOLL_UNSHARE))))
		return true;
	type = READ_ONCE(head->type);
	if (type == PAGE_ANON)
		return true;
	/* SAFE(gup_longterm): a device would write to it for hours, past every check that
	 * a page of another kind needs before it is written; only what is known to need
	 * none passes. Pairs with SAFE(gup_longterm_vma). */
	if (flags & FOLL_LONGTERM)
		return type == PAGE_OBJECT && gup_fast_allows_object(head, flags);
	/* SAFE(gup_exclusive): the process's next write would be made to a copy, and who
	 * has pinned this page would go on reading the old contents. Looked at after the
	 * grab: pairs with may_share() in fork.c, and with cow_fault(), which makes the
	 * page exclusive. */
	if (type != PAGE_ANON_SHARED)
		return true;
	counter_add(COUNT_GUP_SHARED, 1);
	return false;
}

enum gup_rule {
	GUP_HOLD,  /* it may be had */
	GUP_FAULT, /* not this one, but the one that a fault puts in its place */
	GUP_REFUSE
};

/* The slow way: a page that this VMA maps, and that allows what is wanted. */
static inline enum gup_rule gup_slow_rule(
	const struct vma *vma, const struct page *head, unsigned int flags)
{
	u8 type = READ_ONCE(head->type);

	if (type == PAGE_ANON || !(flags & (FOLL_LONGTERM | FOLL_UNSHARE)))
		return GUP_HOLD;
	/* SAFE(gup_unshare_object): a private mapping's next write goes to a copy, and
	 * who reads what is in the file for hours would not see it. So the copy is made
	 * now. Pairs with satisfies() in anon.c. */
	if (type == PAGE_OBJECT)
		return flags & FOLL_LONGTERM && !(vma->flags & VMA_SHARED) ? GUP_FAULT
									   : GUP_HOLD;
	if (type == PAGE_ANON_SHARED || type == PAGE_LAZY)
		return GUP_FAULT;
	return flags & FOLL_LONGTERM ? GUP_REFUSE : GUP_HOLD;
}

/* May what this VMA maps be held like that at all? */
static inline bool gup_vma_allows(const struct vma *vma, unsigned int flags)
{
	const unsigned int longterm = FOLL_LONGTERM | FOLL_WRITE;

	/* SAFE(gup_longterm_vma): Linux up to 6.4: a page of a file that is pinned for
	 * long to be written is never clean, or is taken for clean while a device writes
	 * to it. By the VMA: of the page it is not known whether it was cut off. Pairs
	 * with SAFE(clean_pinned), which is for short pins. */
	return !((flags & longterm) == longterm && vma->flags & VMA_SHARED &&
		 vma->object && object_tracks(vma->object));
}
