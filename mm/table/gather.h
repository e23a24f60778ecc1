/*
 * mm/table/gather.h - the only place where mapped things are freed.
 *
 *     gather_begin(&gather, mm);
 *     gather_unmap(&gather, start, end);
 *     gather_free_tables(&gather, start, end, floor, ceiling);
 *     gather_end(&gather);
 *
 * Order: unhook, flush, free. Frames wait in batches; when one is full it is flushed and
 * freed, and the range goes on. Takes mm->table_lock inside; the caller holds mm->lock:
 * for writing if tables are freed, read is enough to unmap.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"

#define GATHER_LOCAL 32 /* frames that fit without memory; more if a frame is free */

struct gather {
	struct mm *mm;
	unsigned long start,
		end;        /* unhooked since the last flush; start == end: nothing */
	struct list tables; /* unlinked, waiting for the flush */
	unsigned int count, capacity;
	struct page **pages; /* unmapped, waiting for the flush */
	struct page *batch;  /* the frame behind `pages`, or NULL: it is `local` */
	struct page *local[GATHER_LOCAL];
};

void gather_begin(struct gather *gather, struct mm *mm);

/* Removes every mapping in [start, end), and mm's reference to each frame. A leaf of
 * which this is a part is split. Or only those of objects' own pages. */
void gather_unmap(struct gather *gather, unsigned long start, unsigned long end);
void gather_unmap_object(struct gather *gather, unsigned long start, unsigned long end);

/*
 * Frees the tables that [start, end) passed through and that lie wholly in [floor,
 * ceiling): the gap, from the end of the VMA before (or 0) to the start of the one after
 * (or 0, the end of all addresses), in which nothing is mapped any more. So a table under
 * any VMA stays, and whoever holds mm->lock for reading may rely on tables that it has
 * seen.
 */
void gather_free_tables(struct gather *gather, unsigned long start, unsigned long end,
	unsigned long floor, unsigned long ceiling);

/* The caller has changed entries in [start, end), by pxd_unhook(): they are flushed, too.
 */
void gather_span(struct gather *gather, unsigned long start, unsigned long end);

/* Flushes and frees what is left. */
void gather_end(struct gather *gather);
