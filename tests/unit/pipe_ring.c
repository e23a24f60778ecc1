/*
 * tests/unit/pipe_ring.c - pipes keep bytes and order, and end as they should.
 */
#include "tests/unit/unit.h"
#include "kernel/base/atomic.h"
#include "kernel/base/string.h"
#include "kernel/sched/thread.h"
#include "kernel/task/pipe.h"

static ssize_t put(struct open *end, const void *from, size_t size)
{
	return end->ops->write(end, from, size, 0);
}

static ssize_t take(struct open *end, void *to, size_t size)
{
	return end->ops->read(end, to, size, 0);
}

UNIT_TEST(pipe_keeps_order)
{
	struct open *ends[2];
	char text[16];

	EXPECT_EQ(pipe_create(ends, false), 0);
	EXPECT_EQ(put(ends[1], "hello ", 6), 6);
	EXPECT_EQ(put(ends[1], "world", 5), 5);
	EXPECT_EQ(take(ends[0], text, 4), 4);
	EXPECT_EQ(take(ends[0], text + 4, 12), 7);
	EXPECT(!memcmp(text, "hello world", 11));
	open_put(ends[1]);
	EXPECT_EQ(take(ends[0], text, 1), 0); /* no writer: the end */
	open_put(ends[0]);
}

UNIT_TEST(pipe_without_reader_breaks)
{
	struct open *ends[2];

	EXPECT_EQ(pipe_create(ends, false), 0);
	open_put(ends[0]);
	EXPECT_EQ(put(ends[1], "x", 1), -EPIPE);
	open_put(ends[1]);
}

/* Full is full, to the byte, wherever in the ring it begins. */
UNIT_TEST(pipe_limit_is_exact)
{
	static char block[PIPE_ATOMIC];
	struct open *ends[2];

	EXPECT_EQ(pipe_create(ends, false), 0);
	ends[0]->flags |= OPEN_NONBLOCK;
	ends[1]->flags |= OPEN_NONBLOCK;
	EXPECT_EQ(take(ends[0], block, 1), -EAGAIN);
	EXPECT_EQ(put(ends[1], block, 100), 100);
	EXPECT_EQ(take(ends[0], block, 100), 100);
	for (size_t filled = 0; filled < PIPE_SIZE; filled += PIPE_ATOMIC)
		EXPECT_EQ(put(ends[1], block, PIPE_ATOMIC), PIPE_ATOMIC);
	EXPECT_EQ(put(ends[1], block, 1), -EAGAIN);
	EXPECT_EQ(take(ends[0], block, 1), 1);
	EXPECT_EQ(put(ends[1], block, 2), -EAGAIN); /* all or nothing */
	EXPECT_EQ(put(ends[1], block, 1), 1);
	open_put(ends[0]);
	open_put(ends[1]);
}

#define STREAM_BYTES (1024 * 1024)

struct stream {
	struct open *ends[2];
	u32 finished; /* (a) */
};

/* Pieces of changing length, whose bytes count up. */
static void write_stream(void *arg)
{
	struct stream *stream = arg;
	static u8 piece[PIPE_ATOMIC];
	size_t size = 1;

	for (size_t sent = 0; sent < STREAM_BYTES; sent += size) {
		size = min(size * 7 % PIPE_ATOMIC + 1, (size_t)STREAM_BYTES - sent);
		for (size_t i = 0; i < size; i++)
			piece[i] = (u8)((sent + i) % 251);
		if (put(stream->ends[1], piece, size) != (ssize_t)size)
			break;
	}
	open_put(stream->ends[1]);
	atomic_store(&stream->finished, 1);
}

UNIT_TEST(pipe_streams_between_threads)
{
	static u8 buffer[3000];
	static struct stream stream;
	size_t received = 0, wrong = 0;
	ssize_t got;

	stream.finished = 0;
	EXPECT_EQ(pipe_create(stream.ends, false), 0);
	thread_start(thread_create("pipe writer", write_stream, &stream));
	while ((got = take(stream.ends[0], buffer, sizeof(buffer))) > 0)
		for (ssize_t i = 0; i < got; i++)
			wrong += buffer[i] != received++ % 251;
	EXPECT_EQ(got, 0);
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(received, STREAM_BYTES);
	open_put(stream.ends[0]);
	while (!atomic_load(&stream.finished))
		thread_yield();
}
