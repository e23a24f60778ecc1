/*
 * kernel/task/random.c - splitmix64 over a state that the clock stirs; see random.h for
 * what it is not. The state is one word, advanced atomically, so no lock.
 */
#include "kernel/task/random.h"
#include "kernel/base/atomic.h"
#include "kernel/base/string.h"
#include "kernel/task/handle.h"
#include "arch/contract/timer.h"

static u64 state; /* (a) */

static u64 random_u64(void)
{
	u64 z = atomic_add(&state, 0x9e3779b97f4a7c15UL + (arch_clock_ns() << 1));

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9UL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebUL;
	return z ^ z >> 31;
}

void random_bytes(void *to, size_t size)
{
	for (size_t done = 0; done < size; done += sizeof(u64)) {
		u64 word = random_u64();

		memcpy((char *)to + done, &word, min(size - done, sizeof(word)));
	}
}

static ssize_t random_read(struct open *open, void *to, size_t size, u64 offset)
{
	random_bytes(to, size);
	return size;
}

static ssize_t random_write(struct open *open, const void *from, size_t size, u64 offset)
{
	return size;
}

struct open *random_open(void)
{
	static const struct open_ops ops = {.read = random_read, .write = random_write};

	return open_create(&ops, OPEN_DEVICE, 0, NULL);
}
