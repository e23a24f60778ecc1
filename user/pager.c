/*
 * user/pager.c - a server of files under /srv/NAME, whose blocks are kept by a store.
 *
 *     pager [-d] [-r] NAME [STORE]     -d: goes on by itself; -r: refuses all writes
 *
 * It keeps the kernel's promise of kernel/ipc/pager.h. Files have places that never
 * change: block 0 of the store is the table, and file n has the FILE_BLOCKS blocks from
 * 1 + n * FILE_BLOCKS on. So nothing is lost if the pager dies and is started again. If
 * the store dies, so do the files: who has one open gets errors for what is not in the
 * kernel's memory, and a new store begins with none.
 *
 * It trusts the store no more than the kernel trusts it: a block must have the checksum
 * that the store says, and not be older than it has been (a write that was lost).
 */
#include "kernel/ipc/pager.h"
#include "user/box.h"
#include "user/native.h"
#include "user/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILES       64UL
#define FILE_BLOCKS 256UL
#define NAME_SIZE   48
#define TRIES       500 /* times 10 ms, for the store to appear */

_Static_assert(1 + FILES * FILE_BLOCKS <= STORE_BLOCKS, "the store has room");

static union {
	struct {
		char name[NAME_SIZE]; /* "": none */
		uint64_t size;
	} file[FILES];
	char block[STORE_BLOCK];
} table __attribute__((aligned(4096)));

static char page[STORE_BLOCK] __attribute__((aligned(4096)));
static uint64_t version[STORE_BLOCKS]; /* that a block has had at least */
static long store = -1;
static const char *store_name;
static int refuses;

/* --- the store ---------------------------------------------------------------------- */

static long ask_store(unsigned long word[4], struct native_long *more)
{
	long size = native_ipc(NATIVE_CALL, store, word, more);

	if (size < 0)
		return size;
	return (long)word[0] ? (long)word[0] : size;
}

static long read_block(unsigned long block, void *to)
{
	struct native_long more = {.receive = (unsigned long)to,
		.receive_size = STORE_BLOCK,
		.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {STORE_READ, block};
	long size = ask_store(word, &more);

	if (size < 0)
		return size;
	if (size != STORE_BLOCK || store_checksum(to) != word[1] ||
		word[2] < version[block])
		return -EIO;
	version[block] = word[2];
	return 0;
}

static long write_block(unsigned long block, const void *from)
{
	struct native_long more = {.send = (unsigned long)from,
		.send_size = STORE_BLOCK,
		.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {STORE_WRITE, block, store_checksum(from)};
	long result = ask_store(word, &more);

	if (result < 0)
		return result;
	version[block] = word[1];
	return 0;
}

static int find_store(void)
{
	if (store >= 0)
		close(store);
	store = native_call(
		NATIVE_NAME, NATIVE_NAME_FIND, (long)store_name, strlen(store_name), 0);
	if (store < 0)
		return 0;
	memset(version, 0, sizeof(version));
	return !read_block(0, table.block);
}

/* --- files -------------------------------------------------------------------------- */

static unsigned long blocks_of(uint64_t size)
{
	return (size + STORE_BLOCK - 1) / STORE_BLOCK;
}

static unsigned long block_of(unsigned long file, unsigned long index)
{
	return 1 + file * FILE_BLOCKS + index;
}

static long set_size(unsigned long file, uint64_t size)
{
	if (table.file[file].size == size)
		return 0;
	table.file[file].size = size;
	return write_block(0, table.block);
}

static long look_up(unsigned long word[4], long length)
{
	unsigned long file, free = FILES;

	if (length <= 0 || length >= NAME_SIZE)
		return length ? -ENAMETOOLONG : -ENOENT;
	page[length] = '\0';
	for (file = 0; file < FILES; file++) {
		if (!strcmp(table.file[file].name, page))
			break;
		if (!table.file[file].name[0] && free == FILES)
			free = file;
	}
	if (file == FILES && !(word[1] & PAGER_CREATE))
		return -ENOENT;
	if (file == FILES && (refuses || free == FILES))
		return refuses ? -EROFS : -ENOSPC;
	if (file == FILES) {
		file = free;
		strcpy(table.file[file].name, page);
		if (write_block(0, table.block))
			return -EIO;
	}
	word[1] = file;
	word[2] = table.file[file].size;
	return 0;
}

/* What has never been written is zeros. */
static long page_in(unsigned long word[4], struct native_long *more)
{
	more->send = (unsigned long)page;
	more->send_size = STORE_BLOCK;
	if (word[2] < blocks_of(table.file[word[1]].size))
		return read_block(block_of(word[1], word[2]), page);
	memset(page, 0, STORE_BLOCK);
	return 0;
}

static long write_back(unsigned long word[4], long size)
{
	long error;

	if (refuses)
		return -EROFS;
	if (size != STORE_BLOCK || word[2] >= FILE_BLOCKS)
		return -EFBIG;
	error = write_block(block_of(word[1], word[2]), page);
	if (!error && word[3] > table.file[word[1]].size)
		error = set_size(word[1], word[3]);
	return error;
}

/* What is cut off is zeros if the file grows again. */
static long truncate_file(unsigned long file, uint64_t size)
{
	uint64_t old = table.file[file].size;
	long error = 0;

	if (refuses)
		return -EROFS;
	if (size > FILE_BLOCKS * STORE_BLOCK)
		return -EFBIG;
	if (size < old && size % STORE_BLOCK) {
		error = read_block(block_of(file, size / STORE_BLOCK), page);
		memset(page + size % STORE_BLOCK, 0, STORE_BLOCK - size % STORE_BLOCK);
		if (!error)
			error = write_block(block_of(file, size / STORE_BLOCK), page);
	}
	memset(page, 0, STORE_BLOCK);
	for (unsigned long i = blocks_of(size); !error && i < blocks_of(old); i++)
		error = write_block(block_of(file, i), page);
	return error ? error : set_size(file, size);
}

static long serve(unsigned long word[4], long size, struct native_long *more)
{
	if (word[0] == PAGER_LOOKUP)
		return look_up(word, size);
	if (word[1] >= FILES || !table.file[word[1]].name[0])
		return -ENOENT;
	if (word[0] == PAGER_PAGE_IN)
		return page_in(word, more);
	if (word[0] == PAGER_WRITE_BACK)
		return write_back(word, size);
	return word[0] == PAGER_TRUNCATE ? truncate_file(word[1], word[2]) : -EINVAL;
}

static void run(long endpoint)
{
	struct native_long more = {.receive = (unsigned long)page,
		.receive_size = STORE_BLOCK,
		.handle = NATIVE_NO_HANDLE};
	unsigned long word[4] = {0};
	long size = native_ipc(NATIVE_RECEIVE, endpoint, word, &more);

	while (size >= 0) {
		long result;

		more.send_size = 0;
		result = serve(word, size, &more);
		if (result == -EPIPE) {
			(void)find_store(); /* for the next one */
			result = -EIO;
		}
		if (result)
			more.send_size = 0;
		word[0] = result;
		more.handle = NATIVE_NO_HANDLE;
		size = native_ipc(NATIVE_REPLY, endpoint, word, &more);
	}
	errno = -size;
}

int pager_main(int argc, char **argv)
{
	int detach = 0;
	long endpoint;

	for (; argv[1] && argv[1][0] == '-'; argv++, argc--) {
		detach |= !strcmp(argv[1], "-d");
		refuses |= !strcmp(argv[1], "-r");
	}
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: pager [-d] [-r] NAME [STORE]\n");
		return 2;
	}
	if (detach && box_detach() < 0)
		return box_error("pager", "fork");
	store_name = argv[2] ? argv[2] : "store";
	for (int i = 0; i < TRIES && !find_store(); i++)
		usleep(10000);
	errno = ENOENT;
	if (store < 0)
		return box_error("pager", store_name);
	endpoint = native_call(NATIVE_ENDPOINT, 0, 0, 0, 0);
	errno = -native_call(
		NATIVE_NAME, NATIVE_NAME_MAKE, (long)argv[1], strlen(argv[1]), endpoint);
	if (errno)
		return box_error("pager", argv[1]);
	box_ready();
	run(endpoint);
	return box_error("pager", "receive");
}
