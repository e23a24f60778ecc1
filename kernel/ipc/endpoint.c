/*
 * kernel/ipc/endpoint.c - callers, servers, and who waits for whom; see endpoint.h.
 *
 * Whoever waits is a `party` on its own stack, in one of three lists. It is taken out by
 * the one who decides how its wait ends, and goes on when it has the lock itself: so
 * nobody looks at a party, or wakes a thread, that is gone.
 *
 * Lock: the endpoint's, for all of it, and for `serving` of the threads that serve here.
 * References: one of each open object, and of each thread that serves.
 */
#include "kernel/ipc/endpoint.h"
#include "kernel/base/trace.h"
#include "kernel/ipc/server.h"
#include "kernel/task/task.h"
#include "mm/space/cache.h"

#define PENDING 1 /* a result that is none yet */

struct endpoint {
	struct spinlock lock;
	s32 refs;              /* (a) */
	u32 servers;           /* (l:lock) open objects that may receive */
	struct list queued;    /* (l:lock) calls that nobody has received */
	struct list served;    /* (l:lock) calls that a thread serves */
	struct list receivers; /* (l:lock) threads that wait for a call */
};

struct party {
	struct list link;           /* (l:endpoint) */
	struct task_thread *thread; /* (c) */
	struct open *via;           /* (c) */
	struct message *message;    /* (c) */
	struct task_thread *server; /* (l:endpoint) of a call that is served */
	int result;                 /* (l:endpoint) */
};

static void party_init(struct party *party, struct open *via, struct message *message)
{
	list_init(&party->link);
	party->thread = current_thread();
	party->via = via;
	party->message = message;
	party->server = NULL;
	party->result = PENDING;
}

/* --- waiting: lock held ------------------------------------------------------------- */

/* Returns who is to be woken. */
static struct thread *decide(struct party *party, int result)
{
	list_remove(&party->link);
	if (party->server)
		party->server->serving = NULL;
	party->result = result;
	return &party->thread->thread;
}

static void finish(struct party *party, int result)
{
	thread_wake(decide(party, result));
}

static bool is_to_stop(const struct message *message)
{
	if (!message->patient)
		return wait_interrupted();
	return atomic_load(&current()->info.work) & TASK_WORK_LEAVE;
}

/* Until the party's wait is over, with the lock released meanwhile. `next` (or NULL) is
 * to be woken: it has the CPU, if this one waits. */
static int await(struct endpoint *endpoint, struct party *party, struct thread *next)
{
	while (party->result == PENDING) {
		thread_wait_prepare(); /* before looking: no wake is missed */
		if (is_to_stop(party->message)) {
			finish(party, -EINTR);
		} else {
			thread_wait_unlock(&endpoint->lock, next);
			spin_lock(&endpoint->lock);
			next = NULL;
		}
	}
	if (next)
		thread_wake(next);
	return party->result;
}

/* The receiver's thread has the call to serve. */
static void serve(struct endpoint *endpoint, struct party *call, struct party *receiver)
{
	message_hand_over(call->message, receiver->message);
	call->server = receiver->thread;
	list_append(&endpoint->served, &call->link);
	receiver->thread->serving = call;
	receiver->thread->serving_at = endpoint;
	atomic_add(&endpoint->refs, 1);
}

static struct party *first_of(struct list *list)
{
	return list_empty(list) ? NULL : list_first(list, struct party, link);
}

/* --- callers and servers ------------------------------------------------------------ */

static int call_locked(struct endpoint *endpoint, struct party *call)
{
	struct party *receiver = first_of(&endpoint->receivers);
	struct thread *next = NULL;

	/* SAFE(call_revoked): the handle was good when it was looked up. Revoked since,
	 * by somebody who has looked for the calls to be ended before this one was there,
	 * it would deliver its message, with the pages and the handle in it, after it was
	 * said to be worth nothing. Pairs with endpoint_revoked(); the lock orders. */
	if (open_is_revoked(call->via))
		return -EBADF;
	if (!endpoint->servers)
		return -EPIPE;
	if (receiver) {
		serve(endpoint, call, receiver);
		next = decide(receiver, 0);
	} else {
		list_append(&endpoint->queued, &call->link);
	}
	return await(endpoint, call, next);
}

int endpoint_call(struct open *via, struct message *message)
{
	struct endpoint *endpoint = via->object;
	struct party call;
	int result;

	if (!(via->flags & OPEN_CALL))
		return -EACCES;
	party_init(&call, via, message);
	TRACE_POINT(ipc_send);
	spin_lock(&endpoint->lock);
	result = call_locked(endpoint, &call);
	spin_unlock(&endpoint->lock);
	return result;
}

static void endpoint_put(struct endpoint *endpoint)
{
	if (!atomic_sub(&endpoint->refs, 1))
		kfree(endpoint);
}

/* Who is to be woken, or NULL: the caller is gone. */
static struct thread *reply_locked(struct task_thread *thread, struct message *answer)
{
	struct party *call = thread->serving;

	thread->serving_at = NULL;
	if (call && answer)
		message_hand_over(answer, call->message);
	return call ? decide(call, answer ? 0 : -EPIPE) : NULL;
}

int endpoint_reply(struct message *answer)
{
	struct task_thread *thread = current_thread();
	struct endpoint *endpoint = thread->serving_at;
	struct thread *caller;

	if (!endpoint)
		return -EINVAL;
	spin_lock(&endpoint->lock);
	caller = reply_locked(thread, answer);
	if (caller)
		thread_wake(caller);
	spin_unlock(&endpoint->lock);
	endpoint_put(endpoint);
	return caller ? 0 : -ESRCH;
}

/* `answered`: whom it has just answered, or NULL. */
static int receive_locked(
	struct endpoint *endpoint, struct party *receiver, struct thread *answered)
{
	struct party *call = first_of(&endpoint->queued);

	if (open_is_revoked(receiver->via)) { /* as in call_locked() */
		receiver->result = -EBADF;
	} else if (call) {
		list_remove(&call->link);
		serve(endpoint, call, receiver);
		receiver->result = 0;
	} else {
		list_append(&endpoint->receivers, &receiver->link);
	}
	return await(endpoint, receiver, answered);
}

static int receive(struct open *via, struct message *message, bool answers)
{
	struct endpoint *endpoint = via->object;
	struct thread *caller = NULL;
	struct party receiver;
	int result;

	party_init(&receiver, via, message);
	spin_lock(&endpoint->lock);
	if (answers)
		caller = reply_locked(receiver.thread, message);
	result = receive_locked(endpoint, &receiver, caller);
	spin_unlock(&endpoint->lock);
	if (answers)
		endpoint_put(endpoint); /* of the call that was served */
	return result;
}

int endpoint_receive(struct open *via, struct message *message)
{
	if (!(via->flags & OPEN_RECEIVE))
		return -EACCES;
	return current_thread()->serving_at ? -EBUSY : receive(via, message, false);
}

int endpoint_reply_receive(struct open *via, struct message *message)
{
	int error;

	if (current_thread()->serving_at == via->object && via->flags & OPEN_RECEIVE)
		return receive(via, message, true);
	error = endpoint_reply(message);
	return error == -EINVAL ? error : endpoint_receive(via, message);
}

/* --- the open objects --------------------------------------------------------------- */

static void endpoint_copied(struct open *copy)
{
	struct endpoint *endpoint = copy->object;

	atomic_add(&endpoint->refs, 1);
	spin_lock(&endpoint->lock);
	endpoint->servers += !!(copy->flags & OPEN_RECEIVE);
	spin_unlock(&endpoint->lock);
}

static void endpoint_close(struct open *open)
{
	struct endpoint *endpoint = open->object;
	bool was_server = open->flags & OPEN_RECEIVE, dead;
	struct party *call;

	spin_lock(&endpoint->lock);
	endpoint->servers -= was_server;
	dead = !endpoint->servers;
	while (dead && (call = first_of(&endpoint->queued)))
		finish(call, -EPIPE);
	spin_unlock(&endpoint->lock);
	if (dead && was_server)
		servers_forget_dead();
	endpoint_put(endpoint);
}

static void end_revoked(struct list *list)
{
	struct party *party, *next;

	list_for_each_safe (party, next, list, link)
		if (open_is_revoked(party->via))
			finish(party, -EBADF);
}

static void endpoint_revoked(struct open *open)
{
	struct endpoint *endpoint = open->object;

	spin_lock(&endpoint->lock);
	end_revoked(&endpoint->queued);
	end_revoked(&endpoint->served);
	end_revoked(&endpoint->receivers);
	spin_unlock(&endpoint->lock);
}

struct open *endpoint_create(void)
{
	static const struct open_ops ops = {.close = endpoint_close,
		.copied = endpoint_copied,
		.revoked = endpoint_revoked};
	struct endpoint *endpoint = kmalloc(sizeof(*endpoint));
	struct open *open = NULL;

	if (endpoint)
		open = open_create(
			&ops, OPEN_ENDPOINT, OPEN_CALL | OPEN_RECEIVE, endpoint);
	if (!open) {
		kfree(endpoint);
		return NULL;
	}
	spin_init(&endpoint->lock, "endpoint", RANK_ENDPOINT);
	endpoint->refs = endpoint->servers = 1;
	list_init(&endpoint->queued);
	list_init(&endpoint->served);
	list_init(&endpoint->receivers);
	return open;
}

bool endpoint_is_dead(const struct open *open)
{
	const struct endpoint *endpoint = open->object;

	return !READ_ONCE(endpoint->servers);
}
