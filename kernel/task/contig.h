/*
 * kernel/task/contig.h - /dev/contig, the memory that the boot option `contig=N` sets
 * aside: N adjacent areas, each of what one pud leaf maps, that programs map shared.
 *
 * Always the same memory, zeroed at boot: what one program leaves there the next one
 * finds. Without the option, or where there was no room, it has no pages. Also included
 * by user programs: nothing but numbers.
 */
#pragma once

#define CONTIG_PAGES 0x4300 /* _IO('C', 0): how many pages it has */
#define CONTIG_TRACK 0x4301 /* (1): from now on writes leave a trace; (0): no more */
#define CONTIG_RECORD                                                                    \
	0x4302 /* (&contig_record): which pages were written since the last */

struct contig_record {
	unsigned long first, count; /* pages, multiples of 32 */
	unsigned int *written;      /* bit i % 32 of word i / 32: page first + i */
};
