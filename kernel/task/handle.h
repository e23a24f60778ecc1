/*
 * kernel/task/handle.h - open objects and handles.
 *
 * An object that user space can use (console, ramdisk file, directory, pipe end, /proc
 * file) is a struct open: operations, an offset, flags, a reference count. A handle is a
 * small number in a task's table that refers to an open object; dup and inheritance share
 * the open object (and so its offset). The Linux layer calls handles file descriptors.
 *
 * What a handle allows are rights, bits of the open object's flags. open_copy() makes
 * another open object of the same thing, with fewer; open_revoke() takes all copies of
 * one, and theirs, back: who has them finds no such handle any more. What is copied
 * stays known by its copies (`shells`) after it is closed.
 *
 * Locks: the table's spinlock (RANK_FILES) for the numbers; the open object's mutex
 * (RANK_OPEN) for offset and contents. No user copy happens under a table's lock.
 */
#pragma once

#include "kernel/sched/wait.h"

struct open;

enum open_kind {
	OPEN_FILE,
	OPEN_DIRECTORY,
	OPEN_CONSOLE,
	OPEN_PIPE,
	OPEN_NULL,
	OPEN_ZERO,
	OPEN_MEMORY, /* a memory object */
	OPEN_ENDPOINT,
	OPEN_SOCKET,   /* an end of a pair */
	OPEN_APERTURE, /* a device's memory */
	OPEN_DEVICE,   /* any other */
};

/*
 * read/write: kernel buffers (callers bounce through a page); bytes done, 0 at the end,
 * or negative errno. They may sleep; -ERESTART when interrupted. NULL: not supported.
 *
 * A transfer at the object's own offset has its lock. What must not be waited for with a
 * lock held ends in -EAGAIN, and then bring() is called without: 0, or why it is in vain.
 */
struct open_ops {
	ssize_t (*read)(struct open *open, void *to, size_t size, u64 offset);
	ssize_t (*write)(struct open *open, const void *from, size_t size, u64 offset);
	int (*bring)(
		struct open *open, u64 offset, bool write); /* NULL: -EAGAIN is final */
	void (*close)(struct open *open);                   /* last reference gone */
	/* A request that is neither; a user address or a number. NULL: -ENOTTY. */
	long (*control)(struct open *open, unsigned int request, unsigned long argument);
	/* `copy` is another open object of the same thing: count it. NULL: nothing is to
	 * be done if close is NULL, too; else it cannot be copied. */
	void (*copied)(struct open *copy);
	/* Copies of it were revoked: end what is under way through them. NULL: nothing.
	 */
	void (*revoked)(struct open *open);
	bool seeks; /* a device, but a transfer is at the open object's offset */
};

struct open {
	const struct open_ops *ops; /* (c) */
	enum open_kind kind;        /* (c) */
	s32 refs;                   /* (a) */
	unsigned int flags;         /* (l:lock) OPEN_* */
	struct mutex lock;          /* offset */
	u64 offset;                 /* (l:lock) */
	u64 size;                   /* of a file */
	u32 device;                 /* (c) the number of an OPEN_DEVICE, or of a file */
	void *object;               /* (c) what it is open on; the kind tells the type */
	struct open *parent;        /* (c) what it is a copy of, or NULL */
	u32 revocations;            /* (a) of its copies */
	u32 born;                   /* (c) the parent's revocations at that time */
	s32 shells;                 /* (a) itself while it is open, and its copies */
};

#define OPEN_READ     1u
#define OPEN_WRITE    2u
#define OPEN_APPEND   4u
#define OPEN_NONBLOCK 8u
#define OPEN_CALL     16u /* of an endpoint: send to it */
#define OPEN_RECEIVE  32u /* and be its server */
#define OPEN_RIGHTS   (OPEN_READ | OPEN_WRITE | OPEN_CALL | OPEN_RECEIVE)

#define HANDLES_MAX 256

struct handles;

struct open *open_create(const struct open_ops *ops, enum open_kind kind,
	unsigned int flags, void *object);
void open_get(struct open *open);
void open_put(struct open *open);

/* Another open object of the same thing with those of its rights that are in `rights`: 0
 * and *copy; -EOPNOTSUPP, -EMLINK (a copy of a copy of ...), -ENOMEM. */
int open_copy(struct open *open, unsigned int rights, struct open **copy);

/* Whoever has a copy of it that was made before this has nothing any more. */
void open_revoke(struct open *open);

/* Is it a copy, even of a copy, of something whose copies were revoked since? */
bool open_was_revoked(const struct open *open);
static inline bool open_is_revoked(const struct open *open)
{
	return unlikely(open->parent) && open_was_revoked(open);
}

/*
 * Between an open object and user memory, through a bounce buffer; checks OPEN_READ /
 * OPEN_WRITE (-EBADF). `position`: NULL uses and moves the object's own offset. A stream
 * (console, pipe, socket) gives what is there, up to OPEN_CHUNK bytes at a time.
 */
#define OPEN_CHUNK 4096
ssize_t open_read_user(
	struct open *open, unsigned long to, size_t size, const u64 *position);
ssize_t open_write_user(
	struct open *open, unsigned long from, size_t size, const u64 *position);

static inline bool open_is_stream(const struct open *open)
{
	return open->kind == OPEN_CONSOLE || open->kind == OPEN_PIPE ||
	       open->kind == OPEN_SOCKET;
}

struct handles *handles_create(void);
struct handles *handles_copy(struct handles *from); /* fork, spawn: shares open objects */
void handles_free(struct handles *handles);         /* closes all */

/* The lowest free number >= from; takes over the caller's reference. -EMFILE. */
int handles_add(struct handles *handles, struct open *open, int from, bool close_on_exec);
int handles_replace(
	struct handles *handles, int number, struct open *open, bool close_on_exec);
int handles_close(struct handles *handles, int number);
void handles_exec(struct handles *handles); /* closes those to be closed on exec */

/* Whether it is closed on exec: 0, 1, or -EBADF; a value that is given is its new one. */
int handles_close_on_exec(struct handles *handles, int number, const bool *value);

/* A new reference, or NULL: no such handle, or it has been revoked. */
struct open *handles_lookup(struct handles *handles, int number);
