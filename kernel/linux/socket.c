/*
 * kernel/linux/socket.c - socketpair(): two ends, and messages between them both ways.
 *
 * Of all sockets there are only these: AF_UNIX, SOCK_SEQPACKET. An end reads from one
 * pipe and writes to another; the pipes keep what was written at once together; an empty
 * message is none. Locks: the pipes'.
 */
#include "kernel/linux/path.h"
#include "kernel/base/atomic.h"
#include "kernel/task/pipe.h"
#include "mm/space/cache.h"
#include <linux/net.h>

#define AF_UNIX        1
#define SOCK_SEQPACKET 5
#define SOCK_CLOEXEC   O_CLOEXEC
#define SOCK_NONBLOCK  O_NONBLOCK

struct end {
	struct open *in, *out; /* (c) */
};

/* That end of a pipe, which waits or not as the socket's flags want it. */
static struct open *as_flagged(struct open *pipe, const struct open *socket)
{
	WRITE_ONCE(pipe->flags, READ_ONCE(socket->flags));
	return pipe;
}

static ssize_t socket_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct open *in = ((struct end *)open->object)->in;

	return in->ops->read(as_flagged(in, open), to, size, 0);
}

static ssize_t socket_write(struct open *open, const void *from, size_t size, u64 offset)
{
	struct open *out = ((struct end *)open->object)->out;

	return out->ops->write(as_flagged(out, open), from, size, 0);
}

static void socket_close(struct open *open)
{
	struct end *end = open->object;

	open_put(end->in);
	open_put(end->out);
	kfree(end);
}

/* Takes over the pipes' ends. NULL: no memory. */
static struct open *end_open(struct open *in, struct open *out, unsigned int flags)
{
	static const struct open_ops ops = {
		.read = socket_read, .write = socket_write, .close = socket_close};
	struct end *end = kmalloc(sizeof(*end));
	struct open *open =
		end ? open_create(&ops, OPEN_SOCKET, OPEN_READ | OPEN_WRITE | flags, end)
		    : NULL;

	if (open) {
		*end = (struct end){in, out};
		return open;
	}
	kfree(end);
	open_put(in);
	open_put(out);
	return NULL;
}

static void put_both(struct open *ends[2])
{
	for (int i = 0; i < 2; i++)
		if (ends[i])
			open_put(ends[i]);
}

static int pair_create(struct open *ends[2], unsigned int flags)
{
	struct open *there[2], *back[2];

	if (pipe_create(there, true))
		return -ENOMEM;
	if (pipe_create(back, true)) {
		put_both(there);
		return -ENOMEM;
	}
	ends[0] = end_open(back[0], there[1], flags);
	ends[1] = end_open(there[0], back[1], flags);
	if (ends[0] && ends[1])
		return 0;
	put_both(ends);
	return -ENOMEM;
}

static long make_pair(int family, int type, int protocol, unsigned long to)
{
	int extra = type & (SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct open *ends[2];
	int error;

	if (family != AF_UNIX)
		return -EAFNOSUPPORT;
	if ((type & ~extra) != SOCK_SEQPACKET || protocol)
		return -ESOCKTNOSUPPORT;
	error = pair_create(ends, extra & SOCK_NONBLOCK ? OPEN_NONBLOCK : 0);
	return error ? error : file_add_pair(ends, extra & SOCK_CLOEXEC, to);
}

long sys_socketpair(struct regs *regs)
{
	return make_pair(regs_arg(regs, 0), regs_arg(regs, 1), regs_arg(regs, 2),
		regs_arg(regs, 3));
}

#ifdef __NR_socketcall
/* All calls about sockets in one: where it has ever been, libc uses it still. */
long sys_socketcall(struct regs *regs)
{
	unsigned long args[4];

	if (regs_arg(regs, 0) != SYS_SOCKETPAIR)
		return -EINVAL;
	if (user_get(args, regs_arg(regs, 1), sizeof(args)))
		return -EFAULT;
	return make_pair(args[0], args[1], args[2], args[3]);
}
#endif
