/*
 * tests/races/write_evict.c - a clean page of a file is written while it is reclaimed.
 *
 * It was clean when reclaim found it. A system call makes it dirty and writes to it,
 * without any entry: reclaim has to look once more before it lets the page go.
 */
#include "tests/races/clean_file.h"

static void write_file(void)
{
	u64 word = OLD + 1;
	ssize_t done;

	do {
		RACE_CLAIM(!object_prepare(object, 0, true), "it may be written");
		TRACE_POINT(race);
		done = object_write(object, 8 * WORD, &word, sizeof(word));
	} while (done == -EAGAIN);
	RACE_CLAIM(done == sizeof(word), "it is written");
}

static void check(void)
{
	u64 word;

	RACE_CLAIM(peek(&word) && word == OLD + 1, "what was written is lost");
}

RACE(write_evict) = {
	.name = "write_evict",
	.story = "a clean page of a file is written while it is reclaimed",
	.setup = make_clean,
	.actor = {write_file, reclaim},
	.check = check,
	.teardown = teardown,
	.script = "1@unhook 0 1",
	.sweeps = "flush",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_dirty_last", RACE_DAMAGED,
				"nobody looked again"},
			{"", RACE_HARMLESS, "a dirty page stays"},
			{},
		},
};
