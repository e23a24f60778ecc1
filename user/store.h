/*
 * user/store.h - how one talks to user/store: by native calls, to the server of that
 * name.
 *
 *   request   words               bytes       answer: words, bytes
 *   READ      block                           0, checksum, version; the block
 *   WRITE     block, checksum     the block   0, version
 *
 * The first word of the answer is 0 or a negated error number. A version counts the
 * writes to a block: who remembers the last one notices if a write was lost.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define STORE_READ  1
#define STORE_WRITE 2

#define STORE_BLOCK  4096UL
#define STORE_BLOCKS 16640UL

/* FNV-1a, over words. */
static inline uint64_t store_checksum(const void *block)
{
	const uint64_t *word = block;
	uint64_t sum = 0xcbf29ce484222325;

	for (size_t i = 0; i < STORE_BLOCK / sizeof(*word); i++)
		sum = (sum ^ word[i]) * 0x100000001b3;
	return sum;
}
