/*
 * user/store.c - a server that keeps blocks in its memory, as a disk would, and doubts
 * itself: each block has a checksum, made by who writes it, and a version.
 *
 *     store [-d] [NAME]     "store" unless said otherwise; -d: goes on by itself
 */
#include "user/box.h"
#include "user/native.h"
#include "user/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct block {
	void *bytes; /* NULL: never written, zeros */
	uint64_t checksum;
	uint64_t version;
} blocks[STORE_BLOCKS];

static char buffer[STORE_BLOCK] __attribute__((aligned(4096)));
static const char zeros[STORE_BLOCK] __attribute__((aligned(4096)));

static long write_block(struct block *block, unsigned long word[4], long size)
{
	if (size != STORE_BLOCK || store_checksum(buffer) != word[2])
		return -EIO;
	if (!block->bytes)
		block->bytes = malloc(STORE_BLOCK);
	if (!block->bytes)
		return -ENOSPC;
	memcpy(block->bytes, buffer, STORE_BLOCK);
	block->checksum = word[2];
	word[1] = ++block->version;
	return 0;
}

static long read_block(
	struct block *block, unsigned long word[4], struct native_long *more)
{
	const void *bytes = block->bytes ? block->bytes : zeros;

	if (block->bytes && store_checksum(bytes) != block->checksum)
		return -EIO;
	word[1] = store_checksum(bytes);
	word[2] = block->version;
	more->send = (unsigned long)bytes;
	more->send_size = STORE_BLOCK;
	return 0;
}

static long serve(unsigned long word[4], long size, struct native_long *more)
{
	if (word[1] >= STORE_BLOCKS)
		return -EINVAL;
	if (word[0] == STORE_WRITE)
		return write_block(&blocks[word[1]], word, size);
	if (word[0] == STORE_READ)
		return read_block(&blocks[word[1]], word, more);
	return -EINVAL;
}

int store_main(int argc, char **argv)
{
	int detach = argc > 1 && !strcmp(argv[1], "-d");
	const char *name = argv[1 + detach] ? argv[1 + detach] : "store";
	long endpoint, size;
	struct native_long more = {.receive = (unsigned long)buffer,
		.receive_size = STORE_BLOCK,
		.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {0};

	if (detach && box_detach() < 0)
		return box_error("store", "fork");
	endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	errno = -native_call(
		NATIVE_NAME, NATIVE_NAME_MAKE, (long)name, strlen(name), endpoint);
	if (errno)
		return box_error("store", name);
	box_ready();
	size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);
	while (size >= 0) {
		more.send_size = 0;
		word[0] = serve(word, size, &more);
		more.handle = NATIVE_NO_HANDLE;
		size = native_ipc(NATIVE_REPLY, endpoint, word, &more);
	}
	errno = -size;
	return box_error("store", "receive");
}
