/*
 * kernel/task/native.h - the kernel's own system calls.
 *
 * Called like the machine's Linux calls (same registers), with numbers from NATIVE_BASE
 * up. The result is a value >= 0 or a negated error number (kernel/base/errno.h). This
 * file is also included by user programs, so it holds nothing but numbers.
 *
 *   call           arguments                        result
 *   map            address, length, prot, flags     address (0: anywhere)
 *   unmap          address, length                  0
 *   protect        address, length, prot            0
 *   thread_create  entry, stack                     thread id; starts at entry
 *   thread_exit    status                           -  (last thread: ends the task)
 *   task_exit      status                           -
 *   task_id        -                                pid
 *   read           handle, address, size            bytes; 0: end
 *   write          handle, address, size            bytes
 *   yield          -                                0
 *   clock          -                                nanoseconds since boot
 *   sleep          clock value                      0
 *   endpoint       -                                handle, to call and to receive
 *   call           endpoint, 4 words, long          bytes received; the answer's words
 *   receive        endpoint, -, long                bytes received; the call's words
 *   reply          endpoint, 4 words, long          the same: answers the call that the
 *                                                   thread serves, then receives; with
 *                                                   NATIVE_NO_HANDLE only answers
 *   handle         what, handle, rights             copy: handle; close, revoke: 0
 *   name           what, name, length, endpoint     make: 0, what receives there serves
 *                                                   /srv/NAME (kernel/ipc/pager.h);
 *                                                   find: a handle that may call it
 *   park           what, event                      lab builds: see below
 *
 * Words are arguments 1 to 4, and come back in the same registers; `long` is 0 or the
 * address of a struct native_long. docs/ipc.md tells when a call ends without an answer:
 * -EINTR (a signal), -EPIPE (the server is gone), -EBADF (the handle is closed or
 * revoked). -EACCES: the handle has not this right. -EBUSY: who serves a call receives
 * no other. -EINVAL: who serves none answers none; -ESRCH: its caller is gone.
 *
 * A program starts with its stack pointer at argc, argv, envp, auxv, and the console open
 * as handles 0, 1 and 2.
 */
#pragma once

#define NATIVE_BASE          0x10000
#define NATIVE_MAP           (NATIVE_BASE + 0)
#define NATIVE_UNMAP         (NATIVE_BASE + 1)
#define NATIVE_PROTECT       (NATIVE_BASE + 2)
#define NATIVE_THREAD_CREATE (NATIVE_BASE + 3)
#define NATIVE_THREAD_EXIT   (NATIVE_BASE + 4)
#define NATIVE_TASK_EXIT     (NATIVE_BASE + 5)
#define NATIVE_TASK_ID       (NATIVE_BASE + 6)
#define NATIVE_READ          (NATIVE_BASE + 7)
#define NATIVE_WRITE         (NATIVE_BASE + 8)
#define NATIVE_YIELD         (NATIVE_BASE + 9)
#define NATIVE_CLOCK         (NATIVE_BASE + 10)
#define NATIVE_SLEEP         (NATIVE_BASE + 11)
#define NATIVE_PARK          (NATIVE_BASE + 12)
#define NATIVE_ENDPOINT      (NATIVE_BASE + 13)
#define NATIVE_CALL          (NATIVE_BASE + 14)
#define NATIVE_RECEIVE       (NATIVE_BASE + 15)
#define NATIVE_REPLY         (NATIVE_BASE + 16)
#define NATIVE_HANDLE        (NATIVE_BASE + 17)
#define NATIVE_NAME          (NATIVE_BASE + 18)

/* prot of map and protect; flags of map */
#define NATIVE_PROT_READ  1
#define NATIVE_PROT_WRITE 2
#define NATIVE_PROT_EXEC  4
#define NATIVE_MAP_FIXED  1 /* at the address, replacing what is there */

/* what of handle; rights, those of the copy: what the handle has not, it has not either
 */
#define NATIVE_HANDLE_COPY   0
#define NATIVE_HANDLE_CLOSE  1
#define NATIVE_HANDLE_REVOKE 2 /* all copies of it, and theirs; not itself */
#define NATIVE_RIGHT_READ    1
#define NATIVE_RIGHT_WRITE   2
#define NATIVE_RIGHT_CALL    16
#define NATIVE_RIGHT_RECEIVE 32

#define NATIVE_NAME_MAKE 0
#define NATIVE_NAME_FIND 1

/* Of a message, what does not fit into four words. -EMSGSIZE: more than NATIVE_LONG_MAX
 * bytes. -EFAULT: they are not there. What the receiver has no room for is cut off. */
#define NATIVE_LONG_MAX  65536
#define NATIVE_NO_HANDLE (~0UL)
#define NATIVE_LONG_MOVE 1 /* whole pages are given away, and are zero then, ... */
#define NATIVE_LONG_TAKE 2 /* ... if the other side takes them, in place of its own */

struct native_long {
	unsigned long send, send_size;       /* to the other side */
	unsigned long receive, receive_size; /* from it */
	unsigned long handle; /* to go along, or NATIVE_NO_HANDLE; then the one that came,
				 NATIVE_NO_HANDLE, or a negated error */
	unsigned long flags;
};

/* what of park (kernel/base/park.h): the caller stops when it passes the event; how many
 * have stopped; all go on. Events are numbered as they stand in kernel/base/events.h. */
#define NATIVE_PARK_ME    0
#define NATIVE_PARK_COUNT 1
#define NATIVE_PARK_GO    2
