/*
 * kernel/task/pipe.h - a 64 KiB ring of bytes between two open objects.
 */
#pragma once

#include "kernel/task/handle.h"

#define PIPE_SIZE   (64 * 1024)
#define PIPE_ATOMIC 4096 /* writes up to this size are not interleaved with others */

struct page;

/*
 * Into the pipe, not the bytes but the page that they are in, in which they stand from
 * `offset` on: what is in them when they are read is what is read. 0: a reference to the
 * page was handed over, gup_put() will end it. -EAGAIN, -ERESTART, -EPIPE.
 */
int pipe_lend(struct open *open, struct page *page, unsigned int offset,
	unsigned int length, bool nonblock);

/* ends[0] reads, ends[1] writes. 0 or -ENOMEM. `messages`: each write, up to PIPE_ATOMIC
 * bytes, is read by one read, and what that has no room for is lost. */
int pipe_create(struct open *ends[2], bool messages);
