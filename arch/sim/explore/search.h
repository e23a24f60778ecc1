/*
 * arch/sim/explore/search.h - every interleaving of a small scenario.
 *
 * EVERYTHING is all of them, one after the other: for sizes at which that can be waited
 * for. CLASSES makes one of each class of interleavings that differ only in the order of
 * independent steps (source-DPOR with sleep sets), and so sees everything that there is
 * to be seen. RANDOM walks about, for contrast; PREEMPTIONS makes those in which nobody
 * is stopped more often than `bound` times.
 */
#pragma once

#include "kernel/base/types.h"

enum search_kind {
	SEARCH_CLASSES,
	SEARCH_EVERYTHING,
	SEARCH_PREEMPTIONS,
	SEARCH_RANDOM,
};

struct search {
	enum search_kind kind;
	unsigned int bound;  /* PREEMPTIONS */
	u64 most;            /* executions; 0: no limit */
	u64 seed;            /* RANDOM */
	void (*start)(void); /* starts the actors: all is as it was saved */
	void (*end)(void); /* looks at the end of an execution that went well; may fail */
	bool go_on;        /* after a violation */

	/* results */
	u64 executions; /* made to their ends */
	u64 blocked;    /* given up: others had shown it already */
	u64 steps;
	u64 classes; /* EVERYTHING, PREEMPTIONS: different ones */
	u64 violations;
	u64 first;    /* execution in which the first violation was found */
	u32 longest;  /* events of an execution */
	bool cut;     /* `most` was reached: this was not all */
	double naive; /* RANDOM: interleavings, estimated from its walks */
};

/* The first violation's text stays in explore_wrong, its schedule in explore_taken, its
 * events in clock.h. */
void search_run(struct search *search);

/* Fewest changes from actor to actor among the orders that mean the same as the last run:
 * of what happened before event `last`, and that. The order's length. */
u32 search_straighten(u32 last, u32 *order);
