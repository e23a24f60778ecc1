/*
 * tests/unit/mm_flat.h - an address space as a flat array of pages, and random calls that
 * must mean the same to it and to mm.
 *
 * A window of pages is described page by page: mapped or not, with what rights
 * and flags, resident or not, with what contents, or which page of a memory object of the
 * window's own. Each operation is made on both; then
 * results, VMAs, entries and contents are compared. An operation is a function of (seed,
 * number) alone: leaving some out does not change the others, so that a failing run can
 * be shrunk to the few that matter.
 */
#pragma once

#include "mm/huge/leaf.h"

/* Across a table's border, and wider than a stack's distance; and with thp=always, when
 * blocks come and go, also wide enough for some. */
#define FLAT_PAGES_SMALL 320
#define FLAT_PAGES                                                                       \
	((int)(3 * HUGE_PAGES > FLAT_PAGES_SMALL ? 3 * HUGE_PAGES : FLAT_PAGES_SMALL))

struct flat_page {
	u8 is;         /* FLAT_HOLE, or PROT_* and VMA_* << 4 */
	bool resident; /* has a frame */
	bool own;  /* which is nobody else's: it was written, and nobody forked since */
	s16 slot;  /* which of the object's pages it shows, or -1: memory of one's own */
	u64 value; /* its first word, if it is one's own */
};

#define FLAT_HOLE   0xff
#define FLAT_OBJECT 24 /* pages of the object, at most */

struct flat_op {
	u8 kind; /* enum in mm_flat.c */
	u8 prot;
	bool whole;   /* made as wide as blocks are */
	u16 from, to; /* pages of the window, to > from */
	u64 value;
};

struct flat {
	struct mm *mm;      /* of two after a fork: the one that goes on */
	unsigned long base; /* address of page 0 */
	bool alone;         /* nobody else maps anything in this mm */
	bool has_brk;       /* brk() is ours */
	bool blocks;        /* faults make blocks, others collapse and split them */
	int pages;          /* of the window */
	int focus;          /* most happens in the 32 pages from here on */
	unsigned long brk;
	unsigned int resident;
	struct flat_page page[FLAT_PAGES];
	struct object *object; /* that the window may show, shared */
	int object_pages;
	u64 object_value[FLAT_OBJECT]; /* the first word of each page */
	/* Where they differ, or NULL: what, and the two values. */
	const char *wrong;
	unsigned long got, expected;
};

/* An empty window at `base` (0: at the top, where mm looks for room first; then the mm
 * must be ours alone). */
void flat_init(struct flat *flat, struct mm *mm, unsigned long base, bool has_brk);
void flat_end(struct flat *flat); /* nothing is mapped in the window any more */

struct flat_op flat_op(const struct flat *flat, u64 seed, unsigned int number);

/* What is compared after an operation, besides its result: VMAs, entries, contents. */
enum flat_look {
	FLAT_RESULT, /* nothing else */
	FLAT_NAMED,  /* VMAs, and the pages that the operation named */
	FLAT_ALL,    /* VMAs, and the whole window */
};

/* Makes the operation on both. False: they differ, flat->wrong tells how. */
bool flat_step(struct flat *flat, const struct flat_op *op, enum flat_look look);

/* One line about it. */
void flat_print(const struct flat *flat, const struct flat_op *op);
