/*
 * kernel/task/pipe.h - a 64 KiB ring of bytes between two open objects.
 */
#pragma once

#include "kernel/task/handle.h"

#define PIPE_SIZE   (64 * 1024)
#define PIPE_ATOMIC 4096 /* writes up to this size are not interleaved with others */

/* ends[0] reads, ends[1] writes. 0 or -ENOMEM. */
int pipe_create(struct open *ends[2]);
