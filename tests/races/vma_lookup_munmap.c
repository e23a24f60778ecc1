/*
 * tests/races/vma_lookup_munmap.c - a lookup of a VMA without mm->lock beside munmap() of
 * it. Number Z25 of the zoo: the family of per-VMA locks and speculative faults.
 *
 * The lookup has got the set of VMAs, and not yet looked into it. Then another set takes
 * its place, and the VMA that it leads to is freed: its memory may be another VMA's.
 * Three things keep that harmless: the set that is searched waits for a grace period, the
 * VMA's memory stays a VMA's (a type-safe cache), and at the end the sequence has moved,
 * so what was read counts for nothing.
 */
#include "tests/races/help.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/rcu.h"
#include "mm/space/cache.h"
#include "mm/space/vma.h"

#define SET_SIZE (sizeof(struct vma_set) + sizeof(struct vma *))

static struct mm *mm;
static void *stranger;
static u64 seq; /* (c) while the VMA is there */

static void setup(void)
{
	mm = race_mm(1, PROT_READ);
	seq = mm_seq_read(mm);
}

static void look_up(void)
{
	struct vma_snapshot found;
	int error;

	rcu_read_lock();
	error = vma_lookup_rcu(mm, RACE_AT, &found);
	rcu_read_unlock();
	if (error == -EAGAIN)
		race_detected("the sequence has moved");
	else if (found.seq == seq)
		RACE_CLAIM(!error && found.vma.start == RACE_AT &&
				   found.vma.prot == PROT_READ,
			"the VMA was there at that moment");
}

/* The set's memory is the stranger's, if it is free; the VMA is another one. */
static void replace(void)
{
	unsigned long other = RACE_AT + 16 * PAGE_SIZE;

	(void)mm_unmap(mm, RACE_AT, PAGE_SIZE);
	stranger = kmalloc(SET_SIZE);
	if (stranger)
		memset(stranger, 0xff, SET_SIZE);
	(void)mm_map(mm, &other, PAGE_SIZE, RACE_RW, MM_FIXED);
}

static void check(void)
{
	kfree(stranger);
}

static void teardown(void)
{
	mm_put(mm);
}

RACE(vma_lookup_munmap) = {
	.name = "vma_lookup_munmap",
	.story = "a VMA is looked up without the lock, beside munmap() of it",
	.setup = setup,
	.actor = {look_up, replace},
	.check = check,
	.teardown = teardown,
	.script = "0@vma_look 1 r 0",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=seq_recheck", RACE_DAMAGED, "another VMA's fields"},
			{"mutant=vma_set_grace,rcu_grace,rcu_preempted_reader",
				RACE_DAMAGED, "the set is freed"},
			{"", RACE_DETECTED, "the sequence has moved"},
			{},
		},
};
