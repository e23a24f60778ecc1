/*
 * kernel/linux/signal.h - a signal on its way, for the files signal*.c.
 *
 *   signal.c          queues: sending, choosing a thread, taking
 *   signal_deliver.c  what a signal does: its default, or a handler, and back from it
 *   signal_calls.c    the other system calls
 */
#pragma once

#include "kernel/linux/linux.h"

#define SIGBIT(signal) (1UL << ((signal)-1))
#define UNBLOCKABLE    (SIGBIT(SIGKILL) | SIGBIT(SIGSTOP))
#define STOPPING       (SIGBIT(SIGSTOP) | SIGBIT(SIGTSTP) | SIGBIT(SIGTTIN) | SIGBIT(SIGTTOU))
#define FAULTS                                                                           \
	(SIGBIT(SIGSEGV) | SIGBIT(SIGBUS) | SIGBIT(SIGILL) | SIGBIT(SIGTRAP) |           \
		SIGBIT(SIGFPE))

static inline bool is_signal(int signal)
{
	return signal >= 1 && signal <= SIGNALS;
}

/* Has no effect when delivered. State lock held. */
bool signal_ignored(struct task *task, int signal);

/* Takes a pending signal among `wanted`, the thread's own first; false: there is none. */
bool signal_take(u64 wanted, struct signal_info *info);

/* To the running thread, before it goes back to user mode; in spite of its mask, and if
 * it has no handler for it, the task ends. */
void signal_force(const struct signal_info *info);

/* The running thread's mask. What was pending behind the old one is looked at before the
 * call returns; what the new one hides is offered to other threads. */
void signal_set_blocked(u64 blocked);

/* The action for it from now on; pending signals that it ignores are forgotten. */
void signal_set_action(int signal, const struct sigaction *action);

/* To one thread. Tree lock held. */
void signal_send_thread(struct task_thread *thread, const struct signal_info *info);

void signal_to_user(siginfo_t *to, const struct signal_info *from);
