/*
 * tests/races/follow.h - a race's actors, made to follow a script on a real machine.
 */
#pragma once

#include "tests/races/race.h"
#include "tests/races/script.h"

/* Once, by the thread that will call race_follow(); moves RCU's thread to that CPU. */
void follow_init(unsigned int cpu);

/* Starts the actors, follows the script, and waits until all have ended. The name of the
 * first wait of a part that could not be followed, or NULL. tells: print what each part
 * did. Runs on the CPU of follow_init(). */
const char *race_follow(const struct race *race, const struct script *script, bool tells);

/* What the boot option race= asks for: 0, or 1: a cell was not as expected. Negative: it
 * asks for nothing. */
int race_run(void);
