/*
 * tests/races/script.h - a race's script, read: its parts in order (race.h).
 */
#pragma once

#include "kernel/base/trace.h"

#define SCRIPT_PARTS 16
#define SCRIPT_RCU   (-1) /* the actor of a part that lets grace periods go on */

struct script_part {
	int actor;
	int event;          /* stops there; negative: goes on until it is done or waits */
	unsigned int times; /* passes until then */
};

struct script {
	unsigned int count;
	struct script_part part[SCRIPT_PARTS + 3]; /* room for who follows it */
};

/* Blanks or commas separate the parts. NULL, or what is wrong with the text. */
const char *script_parse(const char *text, struct script *script);

void script_part_text(const struct script_part *part, char *to, size_t size);
