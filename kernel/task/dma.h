/*
 * kernel/task/dma.h - /dev/dma, a device that does not exist: it writes into pinned
 * frames, at a moment that a program chooses, whatever has become of their mapping.
 *
 * A program writes commands to the file, one at a time. A transfer is known by its tag to
 * every program, and outlives the one that started it; its pins end with DMA_FINISH, or
 * with the machine. Also included by user programs: nothing but numbers.
 *
 *   start    pin [address, address + pages) for writing, for long
 *   run      the device, a kernel thread, writes value + i into all words of page i;
 *            returns when it has
 *   check    -EIO: some word of the frames is not what the device wrote
 *   finish   unpin, and forget the transfer
 *
 * Errors: -EEXIST, -ENOENT (the tag), -EBUSY (it is running), -EFAULT and others (gup()).
 */
#pragma once

#define DMA_PAGES_MAX 512

enum dma_operation {
	DMA_START,
	DMA_RUN,
	DMA_CHECK,
	DMA_FINISH,
};

struct dma_command {
	unsigned int operation, tag;
	unsigned long address, pages, value; /* of start */
};
