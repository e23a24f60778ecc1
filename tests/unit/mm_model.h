/*
 * tests/unit/mm_model.h - the flat-model test, for its variants.
 */
#pragma once

#include "kernel/base/types.h"

struct mm;

/* `ops` operations from the seed, in mms of their own. */
void model_run(u64 seed, u64 ops);

/* A run of `count` operations failed: tell the shortest part of it that does. */
void model_explain(u64 seed, int count);

/* Runs it with thp=always, so that blocks are among what is mapped; with `all`, so much
 * of it that some are collapsed and split, too. */
void model_blocks(void (*run)(void), bool all);

/* If set: called before each operation; may continue on another CPU. NULL: the end. */
extern void (*model_moves)(struct mm *mm, u64 random);
