/*
 * tests/races/spec_evict.c - a speculative fault finds a clean page while it is
 * reclaimed.
 *
 * As fault_evict. But this fault looks for the page without the object's lock: between
 * reclaim's look at who holds the page, with the lock, and the moment when the page is
 * the object's no more, nothing but the count itself keeps it out.
 */
#include "tests/races/evict.h"

RACE(spec_evict) = {
	.name = "spec_evict",
	.story = "a speculative fault finds a clean page while it is reclaimed",
	.setup = unmapped,
	.actor = {read_fault, reclaim},
	.check = is_the_files,
	.teardown = teardown,
	.script = "0@object_found 1@reclaim_cut 0 1",
	.sweeps = "fault=speculative",
	.cells =
		(const struct race_cell[]){
			{"mutant=reclaim_frozen", RACE_DAMAGED,
				"what is mapped is cut off"},
			{"", RACE_EXCLUDED, "object"},
			{},
		},
};
