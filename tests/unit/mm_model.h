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

/* If set: called before each operation; may continue on another CPU. NULL: the end. */
extern void (*model_moves)(struct mm *mm, u64 random);
