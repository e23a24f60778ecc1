/*
 * kernel/ipc/native_ipc.c - a thread's side of a rendezvous: from its registers and
 * buffers to a struct message, and back.
 *
 * What it sends is taken and pinned before anybody is met, and what it got is put in its
 * place after: in its own context, where a fault hurts nobody else. All arguments are
 * hostile. On every way out the pins are dropped, and what was not sent is given back.
 */
#include "kernel/ipc/native_ipc.h"
#include "kernel/ipc/endpoint.h"
#include "kernel/ipc/server.h"
#include "kernel/task/native.h"
#include "kernel/task/task.h"
#include "arch/contract/uaccess.h"
#include "mm/space/gup.h"

struct side {
	struct message message;
	struct native_long more; /* what the thread asked for beyond four words */
	u32 sends, receives;     /* pages that are pinned, or taken */
};

static struct open *lookup(unsigned long number)
{
	return number < HANDLES_MAX ? handles_lookup(current_task()->handles, number)
				    : NULL;
}

/* --- before ------------------------------------------------------------------------- */

static u32 pages_between(unsigned long address, size_t size)
{
	return size ? ((address & (PAGE_SIZE - 1)) + size - 1) / PAGE_SIZE + 1 : 0;
}

/* Pins: 0 and *count, or an error. */
static int pin(unsigned long address, size_t size, unsigned int flags,
	struct ipc_bytes *bytes, u32 *count)
{
	u32 pages = pages_between(address, size);
	long held;

	if (size > IPC_PAGES * PAGE_SIZE)
		return -EMSGSIZE;
	held = gup(address, pages, FOLL_PIN | flags, bytes->page);
	if (held != pages) {
		gup_unpin(bytes->page, max(held, 0L));
		return held == -EINTR ? -EINTR : -EFAULT;
	}
	bytes->size = size;
	bytes->offset = address & (PAGE_SIZE - 1);
	*count = pages;
	return 0;
}

static int take(struct side *side)
{
	size_t size = side->more.send_size;
	int error;

	if (!IS_ALIGNED(size, PAGE_SIZE))
		return -EINVAL;
	if (size > IPC_PAGES * PAGE_SIZE)
		return -EMSGSIZE;
	error = mm_take_pages(
		current()->mm, side->more.send, size / PAGE_SIZE, side->message.out.page);
	if (error)
		return error;
	side->message.moves = true;
	side->message.out.size = size;
	side->message.out.offset = 0;
	return 0;
}

static int prepare_sending(struct side *side)
{
	struct native_long *more = &side->more;

	if (more->handle != NATIVE_NO_HANDLE) {
		side->message.open = lookup(more->handle);
		if (!side->message.open)
			return -EBADF;
	}
	if (more->flags & NATIVE_LONG_MOVE)
		return take(side);
	return pin(more->send, more->send_size, 0, &side->message.out, &side->sends);
}

static int prepare_receiving(struct side *side)
{
	struct native_long *more = &side->more;

	side->message.takes = more->flags & NATIVE_LONG_TAKE;
	if (side->message.takes &&
		!(IS_ALIGNED(more->receive | more->receive_size, PAGE_SIZE)))
		return -EINVAL;
	return pin(more->receive, more->receive_size, FOLL_WRITE, &side->message.in,
		&side->receives);
}

/* `from`: a struct native_long. */
static int prepare(struct side *side, unsigned long from, bool sends, bool receives)
{
	int error = 0;

	if (arch_copy_from_user(&side->more, from, sizeof(side->more)))
		return -EFAULT;
	if (side->more.flags & ~(NATIVE_LONG_MOVE | NATIVE_LONG_TAKE))
		return -EINVAL;
	if (receives)
		error = prepare_receiving(side);
	if (!error && sends)
		error = prepare_sending(side);
	return error;
}

/* --- after -------------------------------------------------------------------------- */

/* What was not sent goes back to where it was. */
static void end_sending(struct side *side)
{
	struct message *message = &side->message;

	if (message->open)
		open_put(message->open);
	message->open = NULL;
	if (message->moves && message->out.size)
		(void)mm_give_pages(current()->mm, side->more.send,
			message->out.size / PAGE_SIZE, message->out.page);
	if (side->sends)
		gup_unpin(message->out.page, side->sends);
	message->out.size = 0;
	message->moves = false;
	side->sends = 0;
}

/* The number of the handle that came, NATIVE_NO_HANDLE, or why there is no number for it.
 */
static unsigned long receive_handle(struct message *message)
{
	struct open *open = message->open;

	message->open = NULL;
	if (!open)
		return NATIVE_NO_HANDLE;
	return handles_add(current_task()->handles, open, 0, false);
}

/* What has come, to where it belongs. */
static int end_receiving(struct side *side, unsigned long to)
{
	struct message *message = &side->message;
	int error = 0;

	gup_unpin(message->in.page, side->receives);
	side->receives = 0;
	if (message->came)
		error = mm_give_pages(
			current()->mm, side->more.receive, message->came, message->got);
	side->more.handle = receive_handle(message);
	if (arch_copy_to_user(to + offsetof(struct native_long, handle),
		    &side->more.handle, sizeof(side->more.handle)))
		error = -EFAULT;
	return error;
}

/* --- the calls ---------------------------------------------------------------------- */

static int exchange(struct message *message, unsigned long call, struct open *endpoint)
{
	if (call == NATIVE_CALL)
		return endpoint_call(endpoint, message);
	if (call == NATIVE_RECEIVE)
		return endpoint_receive(endpoint, message);
	return endpoint ? endpoint_reply_receive(endpoint, message)
			: endpoint_reply(message);
}

/* Constant numbers of arguments: each is a register, not an element of an array. */
static void get_words(const struct regs *regs, struct message *message)
{
	message->word[0] = regs_arg(regs, 1);
	message->word[1] = regs_arg(regs, 2);
	message->word[2] = regs_arg(regs, 3);
	message->word[3] = regs_arg(regs, 4);
}

static void put_words(struct regs *regs, const struct message *message)
{
	regs_set_arg(regs, 1, message->word[0]);
	regs_set_arg(regs, 2, message->word[1]);
	regs_set_arg(regs, 3, message->word[2]);
	regs_set_arg(regs, 4, message->word[3]);
}

/* Only words, and room for no more. `endpoint` NULL, here and below: only a reply. */
static __always_inline long meet(
	struct regs *regs, unsigned long call, struct open *endpoint)
{
	struct message message;
	int error;

	message_init(&message);
	get_words(regs, &message);
	error = exchange(&message, call, endpoint);
	if (!error && endpoint)
		put_words(regs, &message);
	if (message.open) /* nobody has asked for it */
		open_put(message.open);
	return error;
}

static long meet_long(
	struct regs *regs, unsigned long call, struct open *endpoint, unsigned long more)
{
	struct side side;
	int error;

	message_init(&side.message);
	side.sends = side.receives = 0;
	error = prepare(&side, more, call != NATIVE_RECEIVE, endpoint);
	get_words(regs, &side.message);
	if (!error && call == NATIVE_REPLY) {
		error = endpoint_reply(&side.message);
		end_sending(
			&side); /* nothing is kept while the next call is waited for */
		if (error == -ESRCH && endpoint)
			error = 0;
		call = NATIVE_RECEIVE;
	}
	if (!error && endpoint)
		error = exchange(&side.message, call, endpoint);
	if (!error && endpoint) {
		put_words(regs, &side.message);
		error = end_receiving(&side, more);
	}
	gup_unpin(side.message.in.page, side.receives);
	end_sending(&side);
	return error ? error : (long)side.message.received;
}

long native_ipc(struct regs *regs)
{
	unsigned long call = regs_syscall(regs), number = regs_arg(regs, 0);
	unsigned long more = regs_arg(regs, 5);
	struct open *open = NULL;
	long result = -EINVAL;

	if (call != NATIVE_REPLY || number != NATIVE_NO_HANDLE) {
		open = lookup(number);
		if (!open)
			return -EBADF;
	}
	if (!open || open->kind == OPEN_ENDPOINT)
		result =
			more ? meet_long(regs, call, open, more) : meet(regs, call, open);
	if (open)
		open_put(open);
	return result;
}

long native_endpoint(void)
{
	struct open *open = endpoint_create();

	return open ? handles_add(current_task()->handles, open, 0, false) : -ENOMEM;
}

long native_handle(unsigned long what, unsigned long number, unsigned long rights)
{
	struct open *open = lookup(number), *copy;
	long result = -EINVAL;

	if (!open)
		return -EBADF;
	if (what == NATIVE_HANDLE_COPY && !(rights & ~(unsigned long)OPEN_RIGHTS)) {
		result = open_copy(open, rights, &copy);
		if (!result)
			result = handles_add(current_task()->handles, copy, 0, false);
	} else if (what == NATIVE_HANDLE_CLOSE) {
		result = handles_close(current_task()->handles, number);
	} else if (what == NATIVE_HANDLE_REVOKE) {
		open_revoke(open);
		result = 0;
	}
	open_put(open);
	return result;
}

long native_name(
	unsigned long what, unsigned long from, size_t length, unsigned long number)
{
	char name[SERVER_NAME_MAX + 1] = "";
	struct open *open = NULL;
	int error;

	if (length > SERVER_NAME_MAX || what > NATIVE_NAME_FIND)
		return -EINVAL;
	if (arch_copy_from_user(name, from, length))
		return -EFAULT;
	if (what == NATIVE_NAME_FIND) {
		error = server_connect(name, &open);
		return error ? error
			     : handles_add(current_task()->handles, open, 0, false);
	}
	open = lookup(number);
	if (!open)
		return -EBADF;
	error = server_register(name, open);
	open_put(open);
	return error;
}
