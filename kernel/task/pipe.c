/*
 * kernel/task/pipe.c - pipes: a ring of bytes with a reading and a writing open object.
 *
 * `read` and `written` count all bytes ever moved; the ring holds the difference. Each
 * side is one open object however often it is duplicated, plus its copies: when the last
 * is closed there is no reader left, or no writer. Waiting is done without the lock, then
 * all is looked at again under it. Lock: `lock` (RANK_OPEN).
 */
#include "kernel/task/pipe.h"
#include "kernel/base/string.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"

#define PIPE_ORDER 4
_Static_assert(PIPE_SIZE == PAGE_SIZE << PIPE_ORDER, "the ring is one block of frames");

struct pipe {
	struct mutex lock;
	struct wait_queue changed;
	struct page *page;  /* (c) PIPE_SIZE bytes of memory */
	char *ring;         /* (c) where they are */
	u64 read, written;  /* (l:lock) */
	u32 reader, writer; /* (l:lock) open objects of that end */
	s32 ends;           /* (a) of both; the last close frees */
};

static size_t filled(const struct pipe *pipe)
{
	return READ_ONCE(pipe->written) - READ_ONCE(pipe->read);
}

/* What wait_event() asks without the lock; the answer is only a hint. */
static bool readable(const struct pipe *pipe)
{
	return filled(pipe) || !READ_ONCE(pipe->writer);
}

static bool writable(const struct pipe *pipe, size_t size)
{
	return PIPE_SIZE - filled(pipe) >= size || !READ_ONCE(pipe->reader);
}

static ssize_t pipe_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct pipe *pipe = open->object;
	size_t place, count, first;

	mutex_lock(&pipe->lock);
	while (!readable(pipe)) {
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(open->flags) & OPEN_NONBLOCK)
			return -EAGAIN;
		if (wait_event_killable(&pipe->changed, readable(pipe)))
			return -ERESTART;
		mutex_lock(&pipe->lock);
	}
	place = pipe->read % PIPE_SIZE;
	count = min(size, filled(pipe));
	first = min(count, PIPE_SIZE - place);
	memcpy(to, pipe->ring + place, first);
	memcpy((char *)to + first, pipe->ring, count - first);
	pipe->read += count;
	mutex_unlock(&pipe->lock);
	wake_up(&pipe->changed);
	return count;
}

/* All of it at once, up to PIPE_ATOMIC bytes. */
static ssize_t pipe_write(struct open *open, const void *from, size_t size, u64 offset)
{
	struct pipe *pipe = open->object;
	size_t place, count = min(size, (size_t)PIPE_ATOMIC), first;
	bool broken;

	mutex_lock(&pipe->lock);
	/* SAFE(pipe_limit): without it a write laps the reader: bytes that nobody has
	 * read are overwritten, and the ring pretends to hold more than it has. */
	while (!writable(pipe, count)) {
		mutex_unlock(&pipe->lock);
		if (READ_ONCE(open->flags) & OPEN_NONBLOCK)
			return -EAGAIN;
		if (wait_event_killable(&pipe->changed, writable(pipe, count)))
			return -ERESTART;
		mutex_lock(&pipe->lock);
	}
	broken = !pipe->reader;
	if (!broken) {
		place = pipe->written % PIPE_SIZE;
		first = min(count, PIPE_SIZE - place);
		memcpy(pipe->ring + place, from, first);
		memcpy(pipe->ring, (const char *)from + first, count - first);
		pipe->written += count;
	}
	mutex_unlock(&pipe->lock);
	wake_up(&pipe->changed);
	return broken ? -EPIPE : (ssize_t)count;
}

/* Of the open object's end, so many more. */
static void count_end(const struct open *open, int more)
{
	struct pipe *pipe = open->object;

	mutex_lock(&pipe->lock);
	if (open->ops->read)
		pipe->reader += more;
	else
		pipe->writer += more;
	mutex_unlock(&pipe->lock);
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
	wake_up(&pipe->changed);
	if (atomic_sub(&pipe->ends, 1) > 0)
		return;
	page_put(pipe->page);
	kfree(pipe);
}

static const struct open_ops read_ops = {
	.read = pipe_read, .close = pipe_close, .copied = pipe_copied};
static const struct open_ops write_ops = {
	.write = pipe_write, .close = pipe_close, .copied = pipe_copied};

int pipe_create(struct open *ends[2])
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
	mutex_init(&pipe->lock, "pipe", RANK_OPEN);
	wait_init(&pipe->changed);
	pipe->reader = pipe->writer = 1;
	pipe->ends = 2;
	return 0;
}
