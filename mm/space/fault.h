/*
 * mm/space/fault.h - a fault under way: what the front ends and the core share.
 *
 *     front end   fault.c: finds the VMA, and keeps it as it is
 *     core        anon.c, shared.c, cow.c, mm/huge: finds the entry, gets a frame, fills
 *                 it. No spinlock is held
 *     commit      fault_lock(): is all still as it was? Then the entry is stored
 *
 * The core knows the front end only by the VMA that it is given, which may be a copy.
 * Lifetime: a fault lies on the stack of its thread, whose it is alone.
 */
#pragma once

#include "kernel/base/spin.h"
#include "mm/space/vma.h"
#include "mm/table/descend.h"

/* `fault=`: which front end is tried first. What it cannot do, the one before it does. */
enum fault_policy {
	FAULT_MMAP,        /* mm->lock for reading: all of it */
	FAULT_VMA,         /* holds the VMA: all that needs no other one */
	FAULT_SPECULATIVE, /* keeps nothing: what needs no new table, no waiting */
	FAULT_POLICIES
};

extern enum fault_policy fault_policy; /* (c) once there are threads */

#define FAULT_BELOW 1 /* a front end gives up */

struct fault {
	struct mm *mm;
	unsigned long address;
	unsigned int asked;    /* ACCESS_* */
	unsigned int access;   /* ... what it is to make possible */
	const struct vma *vma; /* spans the address, and allows the access */
	struct descent at;     /* where the core stands: this entry was read from there */
	struct object *object; /* whose source is to be asked for a page, held; or NULL */
	u64 index;             /* of that page */
	bool speculates;       /* nothing is kept: commit finds that out, */
	u64 seq;               /* by mm->seq, which was this when the VMA was copied; */
	bool gave_up;          /* and so it has found */
};

/* Of `asked`, ACCESS_*, where nothing is known yet. */
static inline void fault_begin(
	struct fault *fault, struct mm *mm, unsigned long address, unsigned int asked)
{
	fault->mm = mm;
	fault->address = address;
	fault->asked = asked;
	fault->object = NULL;
	fault->speculates = false;
}

/* Does the fault's VMA allow the access? Then fault->access is what that comes to. And
 * will pages of its own be mapped? */
bool fault_allowed(struct fault *fault);
bool fault_needs_family(const struct fault *fault);

/* ... of a VMA that has had none yet. */
static inline bool fault_lacks_family(const struct fault *fault)
{
	return unlikely(!READ_ONCE(fault->vma->anon)) && fault_needs_family(fault);
}

/* The core from the pte on where the fault stands: 0, -ENOMEM; of an object also what
 * shared_fault() says. */
int fault_entry(struct fault *fault);

/* The front end that keeps nothing (speculate.c); what its commit does before the entry
 * is compared, as fault_lock() says; and a page of its VMA's object: 0 and *page, with a
 * reference, or -EAGAIN: more has to be kept for that. */
int fault_speculative(struct fault *fault);
bool speculate_lock(struct fault *fault);
int speculate_page(struct fault *fault, u64 index, struct page **page);

/* True: table_lock is held, and the entry, a pte, is what was read. False: it has become
 * what at.entry says now; or the fault has given up. */
static inline bool fault_lock(struct fault *fault)
{
	pxd_t now;

	if (!fault->speculates)
		spin_lock(&fault->mm->table_lock);
	else if (!speculate_lock(fault))
		return false;
	now = pxd_read(fault->at.ptr);
	/* SAFE(fault_recheck): of two threads that fault on one page, the second would
	 * replace the frame to which the first may have written already: a new one, or
	 * the copy of one that was shared. Pairs with the pxd_set() of the other. */
	if (now.v == fault->at.entry.v)
		return true;
	fault->at.entry.v = now.v;
	spin_unlock(&fault->mm->table_lock);
	return false;
}

static inline void fault_unlock(struct fault *fault)
{
	spin_unlock(&fault->mm->table_lock);
}
