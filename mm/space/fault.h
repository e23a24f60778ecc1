/*
 * mm/space/fault.h - a fault under way: what the front ends and the core share.
 *
 *     front end   fault.c: finds the VMA, and keeps it as it is
 *     core        anon.c, shared.c, cow.c, mm/huge: finds the entry, gets a frame, fills
 *                 it. No spinlock is held
 *     commit      fault_lock(): is all still as it was? Then the entry is stored
 *
 * The core knows the front end only by the VMA that it is given. Lifetime: a fault lies
 * on the stack of its thread, whose it is alone.
 */
#pragma once

#include "kernel/base/spin.h"
#include "mm/table/descend.h"

/* `fault=`: which front end is tried first. What it cannot do, the one before it does. */
enum fault_policy {
	FAULT_MMAP, /* mm->lock for reading: all of it */
	FAULT_VMA,  /* holds the VMA: all that needs no other one */
	FAULT_POLICIES
};

extern enum fault_policy fault_policy; /* (c) once there are threads */

struct fault {
	struct mm *mm;
	unsigned long address;
	unsigned int asked;    /* ACCESS_* */
	unsigned int access;   /* ... what it is to make possible */
	const struct vma *vma; /* spans the address, and allows the access */
	struct descent at;     /* where the core stands: this entry was read from there */
	struct object *object; /* whose source is to be asked for a page, held; or NULL */
	u64 index;             /* of that page */
};

/* True: table_lock is held, and the entry, a pte, is what was read. False: it has become
 * what at.entry says now. */
static inline bool fault_lock(struct fault *fault)
{
	pxd_t now;

	spin_lock(&fault->mm->table_lock);
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
