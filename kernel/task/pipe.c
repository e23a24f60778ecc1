/*
 * kernel/task/pipe.c - pipes: a ring of bytes with a reading and a writing open object.
 *
 * `read` and `written` count all bytes ever moved; the ring holds the difference. Each
 * side is one open object however often it is duplicated, plus its copies: when the last
 * is closed there is no reader left, or no writer. Lock: that of the queue of those who
 * wait for a change (RANK_PIPE), for all of it.
 */
#include "kernel/task/pipe.h"
#include "kernel/base/string.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/gup.h"

#define PIPE_ORDER 4
#define PIPE_LENT  16 /* pages that a pipe holds at most */
_Static_assert(PIPE_SIZE == PAGE_SIZE << PIPE_ORDER, "the ring is one block of frames");

/* The bytes [at, at + length) of all that ever went through. */
struct lent {
	u64 at;
	struct page *page;
	unsigned int offset, length;
};

struct pipe {
	struct wait_queue changed;
	struct page *page;           /* (c) PIPE_SIZE bytes of memory */
	char *ring;                  /* (c) where they are */
	u64 read, written;           /* (l:changed) */
	u32 reader, writer;          /* (l:changed) open objects of that end */
	s32 ends;                    /* (a) of both; the last close frees */
	struct lent lent[PIPE_LENT]; /* (l:changed) a ring of its own, by age */
	u32 lent_first, lent_end;    /* (l:changed) counts, as read and written */
	bool messages;               /* (c) each has its length (u16) before it */
};

static size_t filled(const struct pipe *pipe)
{
	return pipe->written - pipe->read;
}

static bool readable(const struct pipe *pipe)
{
	return filled(pipe) || !pipe->writer;
}

static bool writable(const struct pipe *pipe, size_t size)
{
	return PIPE_SIZE - filled(pipe) >= size || !pipe->reader;
}

static bool lendable(const struct pipe *pipe, size_t size)
{
	return !pipe->reader ||
	       (writable(pipe, size) && pipe->lent_end - pipe->lent_first < PIPE_LENT);
}

static void unlock_changed(struct pipe *pipe)
{
	wake_up_locked(&pipe->changed);
	spin_unlock(&pipe->changed.lock);
}

/* Until something has changed: 0, or the lock has been given up, for an error. */
static int wait_for_change(struct pipe *pipe, const struct open *open, bool nonblock)
{
	int error = -EAGAIN;

	if (!nonblock && !(READ_ONCE(open->flags) & OPEN_NONBLOCK))
		error = wait_locked(&pipe->changed) ? -ERESTART : 0;
	if (error)
		spin_unlock(&pipe->changed.lock);
	return error;
}

static void drop_lent(struct pipe *pipe)
{
	gup_put(&pipe->lent[pipe->lent_first++ % PIPE_LENT].page, 1);
}

/* The next bytes that lie together, `size` at most; where they end, a lent page may. */
static size_t take(struct pipe *pipe, char *to, size_t size)
{
	struct lent *lent = &pipe->lent[pipe->lent_first % PIPE_LENT];
	bool any = pipe->lent_first != pipe->lent_end;
	size_t place = pipe->read % PIPE_SIZE, skip;

	if (any && lent->at <= pipe->read) {
		skip = pipe->read - lent->at;
		size = min(size, lent->length - skip);
		memcpy(to, (char *)page_address(lent->page) + lent->offset + skip, size);
		if (skip + size == lent->length)
			drop_lent(pipe);
	} else {
		size = min(size, PIPE_SIZE - place);
		if (any)
			size = min(size, lent->at - pipe->read);
		memcpy(to, pipe->ring + place, size);
	}
	pipe->read += size;
	return size;
}

static void take_all(struct pipe *pipe, void *to, size_t count)
{
	for (size_t done = 0; done < count;)
		done += take(pipe, (char *)to + done, count - done);
}

/* All that is there, or the next message. */
static size_t begin_read(struct pipe *pipe)
{
	u16 length = 0;

	if (!pipe->messages || !filled(pipe))
		return filled(pipe);
	take_all(pipe, &length, sizeof(length));
	return length;
}

static ssize_t pipe_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct pipe *pipe = open->object;
	size_t there, count;
	int error;

	spin_lock(&pipe->changed.lock);
	while (!readable(pipe)) {
		error = wait_for_change(pipe, open, false);
		if (error)
			return error;
	}
	there = begin_read(pipe);
	count = min(size, there);
	take_all(pipe, to, count);
	if (pipe->messages)
		pipe->read += there - count;
	unlock_changed(pipe);
	return count;
}

static void put(struct pipe *pipe, const void *from, size_t count)
{
	size_t place = pipe->written % PIPE_SIZE, first = min(count, PIPE_SIZE - place);

	memcpy(pipe->ring + place, from, first);
	memcpy(pipe->ring, (const char *)from + first, count - first);
	pipe->written += count;
}

/* All of it at once, up to PIPE_ATOMIC bytes. */
static ssize_t pipe_write(struct open *open, const void *from, size_t size, u64 offset)
{
	struct pipe *pipe = open->object;
	size_t count = min(size, (size_t)PIPE_ATOMIC);
	u16 length = count;
	size_t all = count + (pipe->messages ? sizeof(length) : 0);
	bool broken;
	int error;

	spin_lock(&pipe->changed.lock);
	/* SAFE(pipe_limit): without it a write laps the reader: bytes that nobody has
	 * read are overwritten, and the ring pretends to hold more than it has. */
	while (!writable(pipe, all)) {
		error = wait_for_change(pipe, open, false);
		if (error)
			return error;
	}
	broken = !pipe->reader;
	if (!broken && pipe->messages)
		put(pipe, &length, sizeof(length));
	if (!broken)
		put(pipe, from, count);
	unlock_changed(pipe);
	return broken ? -EPIPE : (ssize_t)count;
}

int pipe_lend(struct open *open, struct page *page, unsigned int offset,
	unsigned int length, bool nonblock)
{
	struct pipe *pipe = open->object;
	bool broken;
	int error;

	spin_lock(&pipe->changed.lock);
	while (!lendable(pipe, length)) {
		error = wait_for_change(pipe, open, nonblock);
		if (error)
			return error;
	}
	broken = !pipe->reader;
	if (!broken) {
		pipe->lent[pipe->lent_end++ % PIPE_LENT] =
			(struct lent){pipe->written, page, offset, length};
		pipe->written += length;
	}
	unlock_changed(pipe);
	return broken ? -EPIPE : 0;
}

/* Of the open object's end, so many more. */
static void count_end(const struct open *open, int more)
{
	struct pipe *pipe = open->object;

	spin_lock(&pipe->changed.lock);
	if (open->ops->read)
		pipe->reader += more;
	else
		pipe->writer += more;
	unlock_changed(pipe);
}

static void pipe_copied(struct open *copy)
{
	struct pipe *pipe = copy->object;

	atomic_add(&pipe->ends, 1);
	count_end(copy, 1);
}

static void pipe_close(struct open *open)
{
	struct pipe *pipe = open->object;

	count_end(open, -1);
	if (atomic_sub(&pipe->ends, 1) > 0)
		return;
	while (pipe->lent_first != pipe->lent_end)
		drop_lent(pipe);
	page_put(pipe->page);
	kfree(pipe);
}

static const struct open_ops read_ops = {
	.read = pipe_read, .close = pipe_close, .copied = pipe_copied};
static const struct open_ops write_ops = {
	.write = pipe_write, .close = pipe_close, .copied = pipe_copied};

int pipe_create(struct open *ends[2], bool messages)
{
	struct pipe *pipe = kmalloc(sizeof(*pipe));

	if (!pipe)
		return -ENOMEM;
	pipe->page = frame_alloc(PIPE_ORDER, PAGE_KERNEL, 0);
	ends[0] = open_create(&read_ops, OPEN_PIPE, OPEN_READ, pipe);
	ends[1] = open_create(&write_ops, OPEN_PIPE, OPEN_WRITE, pipe);
	if (!pipe->page || !ends[0] || !ends[1]) {
		kfree(ends[0]); /* not open_put(): there is nothing to close yet */
		kfree(ends[1]);
		if (pipe->page)
			page_put(pipe->page);
		kfree(pipe);
		return -ENOMEM;
	}
	pipe->ring = page_address(pipe->page);
	wait_init(&pipe->changed);
	spin_init(&pipe->changed.lock, "pipe", RANK_PIPE);
	pipe->messages = messages;
	pipe->reader = pipe->writer = 1;
	pipe->ends = 2;
	return 0;
}
