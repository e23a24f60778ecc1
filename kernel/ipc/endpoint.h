/*
 * kernel/ipc/endpoint.h - endpoints: where callers meet the threads that serve them.
 *
 *   caller:  endpoint_call() ------------ waits ------------> answer
 *                     \                                      /
 *   server:  endpoint_receive() --> serves, holds the call --> endpoint_reply()
 *
 * A call is QUEUED until a server receives it, SERVED until that thread replies, then
 * DONE. A thread serves one call at a time. Who ends early:
 *
 *   the caller (a signal, its death)    -EINTR for it; the call is forgotten. The server
 *                                       learns of it by its reply: -ESRCH
 *   the serving thread                  -EPIPE for its caller
 *   the last one who may receive        -EPIPE for all that are queued, and from then on
 *   (its open object is closed)
 *   the caller's handle (revoked)       -EBADF for the caller, as above for the server
 *
 * Handing over is done under the endpoint's lock by whoever comes second, into buffers
 * that the other has prepared: a message has been received in whole, or it has not.
 */
#pragma once

#include "kernel/ipc/message.h"
#include "kernel/task/handle.h"

struct endpoint;

/* Its first open object, which may call and receive. NULL: no memory. */
struct open *endpoint_create(void);

/* Does the open object belong to an endpoint? */
static inline bool open_is_endpoint(const struct open *open)
{
	return open->kind == OPEN_ENDPOINT;
}

/*
 * 0: `message` holds the answer. -EINTR, -EPIPE, -EBADF: there is none, and what it sends
 * it still has, unless it had been received. `via` is the caller's open object.
 */
int endpoint_call(struct open *via, struct message *message);

/* The next call is this thread's to serve, or -EINTR, -EPIPE (this is no open object to
 * receive by any more), -EBADF. -EBUSY: the thread serves one already. */
int endpoint_receive(struct open *via, struct message *message);

/* Answers the call that this thread serves: 0, -ESRCH (the caller is gone), -EINVAL (it
 * serves none). NULL: there is no answer, the thread ends. */
int endpoint_reply(struct message *answer);

/* Both: `message` is the answer, and then the next call. Serving none is an error, a
 * caller that is gone is not. */
int endpoint_reply_receive(struct open *via, struct message *message);

/* Nobody can receive any more. A hint. */
bool endpoint_is_dead(const struct open *open);
