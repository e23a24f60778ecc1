/*
 * kernel/task/random.h - bytes that programs do not depend on being secret: AT_RANDOM,
 * getrandom(). A fast generator stirred with the clock; there is no entropy source
 * behind it, so it is NOT fit for keys.
 */
#pragma once

#include "kernel/base/types.h"

struct open;

void random_bytes(void *to, size_t size);

/* Gives such bytes, and takes any. NULL: no memory. */
struct open *random_open(void);
