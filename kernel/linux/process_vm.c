/*
 * kernel/linux/process_vm.c - bytes from and to another process's memory
 * (process_vm_readv, process_vm_writev), and pages into a pipe (vmsplice).
 *
 * The peer's pages are pinned one by one, under its own locks: gup_fast() looks at the
 * running thread's mm only, because nothing would make a walker of another one be waited
 * for. Our side is an ordinary user copy. No lock is held between the two, so either may
 * be unmapped meanwhile; then the copy stops there, and what was done counts.
 *
 * A pipe takes references instead: what it holds is read later, whatever becomes of the
 * mapping. Who writes to such a page before it is read changes what is read, as on Linux.
 */
#include "kernel/linux/linux.h"
#include "kernel/linux/path.h"
#include "kernel/task/pipe.h"
#include "mm/space/cache.h"
#include "mm/space/gup.h"
#include <linux/uio.h>

/* splice.h is not among the distribution's headers for kernels. */
#define SPLICE_F_NONBLOCK 2
#define SPLICE_F_ALL      15

/* Pieces of memory, the first `skip` bytes of the first of them done. */
struct side {
	struct iovec *vector, *pieces; /* all of it, for kfree(); what is left */
	unsigned long count;
	size_t skip;
};

static int side_init(struct side *side, unsigned long from, unsigned long count)
{
	*side = (struct side){.count = count};
	if (count > UIO_MAXIOV)
		return -EINVAL;
	side->vector = side->pieces = kmalloc_dirty(count * sizeof(struct iovec) + 1);
	if (!side->vector)
		return -ENOMEM;
	if (user_get(side->vector, from, count * sizeof(struct iovec)))
		return -EFAULT;
	for (unsigned long i = 0; i < count; i++)
		if ((ssize_t)side->vector[i].iov_len < 0)
			return -EINVAL;
	return 0;
}

/* How much of one piece is left at *address; 0: nothing of any. */
static size_t side_next(struct side *side, unsigned long *address)
{
	for (; side->count; side->count--, side->pieces++, side->skip = 0)
		if (side->skip < side->pieces->iov_len)
			break;
	if (!side->count)
		return 0;
	*address = (unsigned long)side->pieces->iov_base + side->skip;
	return side->pieces->iov_len - side->skip;
}

/* Within one page of the peer's. Bytes copied, or an error. */
static long copy_piece(
	struct mm *mm, unsigned long remote, unsigned long local, size_t size, bool write)
{
	struct page *page;
	long held = gup_slow(mm, remote, 1, FOLL_PIN | (write ? FOLL_WRITE : 0), &page);
	size_t left;
	char *at;

	if (held != 1)
		return held == -ENOMEM ? -ENOMEM : -EFAULT;
	at = (char *)page_address(page) + remote % PAGE_SIZE;
	left = write ? arch_copy_from_user(at, local, size)
		     : arch_copy_to_user(local, at, size);
	gup_unpin(&page, 1);
	return left == size ? -EFAULT : (long)(size - left);
}

static long copy_all(struct mm *mm, struct side *local, struct side *remote, bool write)
{
	unsigned long here, there;
	long done = 0, copied;
	size_t size, rest;

	while ((size = side_next(local, &here)) && (rest = side_next(remote, &there))) {
		size = min(min(size, rest), PAGE_SIZE - there % PAGE_SIZE);
		copied = gup_killed() ? -EINTR : copy_piece(mm, there, here, size, write);
		if (copied < 0)
			return done ? done : copied;
		done += copied;
		local->skip += copied;
		remote->skip += copied;
	}
	return done;
}

/* May we? Everybody is root here, who may look at everybody that has memory of its own;
 * -ESRCH: nobody of that number, or it has not. */
static long copy_with_peer(int pid, struct side *local, struct side *remote, bool write)
{
	struct task *peer = task_find(pid);
	struct mm *mm = peer ? task_get_mm(peer) : NULL;
	long result = -ESRCH;

	if (mm) {
		result = copy_all(mm, local, remote, write);
		mm_put(mm);
	}
	if (peer)
		task_put(peer);
	return result;
}

static long process_vm(struct regs *regs, bool write)
{
	struct side local, remote = {0};
	long result;

	if (regs_arg(regs, 5))
		return -EINVAL;
	result = side_init(&local, regs_arg(regs, 1), regs_arg(regs, 2));
	if (!result)
		result = side_init(&remote, regs_arg(regs, 3), regs_arg(regs, 4));
	if (!result)
		result = copy_with_peer(regs_arg(regs, 0), &local, &remote, write);
	kfree(local.vector);
	kfree(remote.vector);
	return result;
}

long sys_process_vm_readv(struct regs *regs)
{
	return process_vm(regs, false);
}

long sys_process_vm_writev(struct regs *regs)
{
	return process_vm(regs, true);
}

/* --- vmsplice --- */

/* The page at `address` goes into the pipe, as far as `size` says; bytes, or an error. */
static long lend_piece(
	struct open *pipe, unsigned long address, size_t size, bool nonblock)
{
	unsigned int offset = address % PAGE_SIZE;
	struct page *page;
	long result = gup(address, 1, FOLL_GET, &page);

	if (result != 1)
		return result == -ENOMEM ? -ENOMEM : -EFAULT;
	size = min(size, PAGE_SIZE - offset);
	result = pipe_lend(pipe, page, offset, size, nonblock);
	if (result)
		gup_put(&page, 1);
	return result ? result : (long)size;
}

static long lend_all(struct open *pipe, struct side *from, bool nonblock)
{
	unsigned long address;
	long done = 0, lent;
	size_t size;

	while ((size = side_next(from, &address))) {
		lent = lend_piece(pipe, address, size, nonblock);
		if (lent < 0)
			return done ? done : lent;
		done += lent;
		from->skip += lent;
	}
	return done;
}

static long vmsplice(struct regs *regs, struct open *pipe)
{
	struct side side;
	long result;

	if (pipe->kind != OPEN_PIPE)
		return -EBADF;
	if (!(READ_ONCE(pipe->flags) & OPEN_WRITE)) /* out of a pipe it is copying */
		return sys_readv(regs);
	result = side_init(&side, regs_arg(regs, 1), regs_arg(regs, 2));
	if (!result)
		result = lend_all(pipe, &side, regs_arg(regs, 3) & SPLICE_F_NONBLOCK);
	kfree(side.vector);
	return result;
}

/* SPLICE_F_GIFT promises that we do not write to the pages any more; nobody counts on it.
 */
long sys_vmsplice(struct regs *regs)
{
	struct open *pipe = file_get(regs_arg(regs, 0));
	long result = -EINVAL;

	if (!pipe)
		return -EBADF;
	if (!(regs_arg(regs, 3) & ~(unsigned long)SPLICE_F_ALL))
		result = vmsplice(regs, pipe);
	open_put(pipe);
	if (result == -EPIPE)
		signal_send_self(SIGPIPE);
	return result;
}
