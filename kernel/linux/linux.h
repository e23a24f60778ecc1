/*
 * kernel/linux/linux.h - what the files of the Linux layer know of each other.
 *
 * The layer translates: a system call takes its arguments out of the registers, checks
 * them, asks the rooms below (task, mm, sched) and answers with a value or a negated
 * error number. Its own state is small: signals, process groups and the working directory
 * per task, a signal mask and two user addresses per thread.
 *
 * User pointers are plain numbers and hostile. They are followed only by the arch_copy_*
 * functions, never under a spinlock or mm->lock, and every size is limited first.
 */
#pragma once

#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/timer.h"
#include "kernel/task/task.h"
#include "arch/contract/linux.h"
#include "arch/contract/uaccess.h"
#include <linux/signal.h>
#include <linux/time_types.h>

#define SIGNALS    64
#define PATH_LIMIT 512 /* bytes of a path, NUL included; longer ones: -ENAMETOOLONG */

/* What is told of a signal. */
struct signal_info {
	int signal, code;      /* Linux's si_code: why */
	int pid;               /* who sent it; whose end a SIGCHLD tells */
	int status;            /* of a SIGCHLD */
	unsigned long address; /* of a fault; of sigqueue(), what it sends */
};

/* Signals on their way, oldest first. When there is no room left, what is told of one is
 * lost, the signal itself is not. */
#define SIGNAL_QUEUE 32 /* what POSIX promises to sigqueue() */
struct signal_queue {
	u64 pending; /* a bit for each signal */
	unsigned int count;
	struct signal_info infos[SIGNAL_QUEUE];
};

/* ITIMER_REAL (itimer.c). */
struct itimer {
	struct timer timer;
	u64 deadline, interval; /* (l:tree) ns; deadline 0: off */
	bool due;               /* (a) */
};

struct linux_task {
	struct spinlock lock;              /* RANK_SIGNAL */
	struct signal_queue queue;         /* (l:lock) signals for any of its threads */
	struct sigaction actions[SIGNALS]; /* (l:lock) [signal - 1] */
	bool stopped;                      /* (a) by SIGSTOP and its kin */
	struct wait_queue continued;       /* and waiting for SIGCONT */
	int group, session;                /* (l:tree) */
	u32 umask;                         /* (a) */
	bool lock_future;                  /* (a) mlockall(MCL_FUTURE) */
	struct itimer itimer;              /* alarm() */
	char directory[PATH_LIMIT];        /* (l:lock) the working directory */
};

struct linux_thread {
	struct signal_queue queue; /* (l:task lock) signals for this thread */
	u64 blocked;               /* (l:task lock) written by the thread itself */
	u64 waiting;          /* (l:task lock) sigtimedwait: accepted although blocked */
	bool restore_blocked; /* (p) sigsuspend: and the mask from before it */
	u64 old_blocked;      /* (p) */
	stack_t alternate;    /* (p) sigaltstack */
	int restart;          /* (p) -ERESTART...: how the call was interrupted, or 0 */
	u64 restart_until;    /* (p) the deadline of a sleep that starts again, or 0 */
	unsigned long clear_child_tid; /* (p) user word to clear and wake at exit */
	unsigned long robust_list;     /* (p) head of the robust futexes it holds */
};

static inline struct linux_task *linux_task(void)
{
	return current_task()->linux_data;
}

static inline struct linux_thread *linux_thread(void)
{
	return current_thread()->linux_data;
}

/* --- user memory: 0 or -EFAULT --- */

static inline int __must_check user_put(unsigned long to, const void *from, size_t size)
{
	return arch_copy_to_user(to, from, size) ? -EFAULT : 0;
}

static inline int __must_check user_get(void *to, unsigned long from, size_t size)
{
	return arch_copy_from_user(to, from, size) ? -EFAULT : 0;
}

/* A NUL-terminated string that fits into `size`: its length, -EFAULT, -ENAMETOOLONG. */
ssize_t __must_check user_get_string(char *to, unsigned long from, size_t size);

/* --- the log --- */

/* Say once (per place) that a program asked for something we do not have. */
#define linux_note_once(...)                                                             \
	do {                                                                             \
		static u8 noted;                                                         \
		if (!atomic_exchange(&noted, 1))                                         \
			linux_note(__VA_ARGS__);                                         \
	} while (0)
void linux_note(const char *format, ...) __printf(1, 2);

/* --- dispatch.c --- */

/*
 * A call was interrupted before it did anything. It is started again unless a handler
 * runs first; then -ERESTART is so only if the handler wants it (SA_RESTART), and
 * -ERESTARTNOHAND never: the call ends with -EINTR.
 */
#define ERESTARTNOHAND 514

void linux_syscall(struct regs *regs);

/* For calls that wait for a time from now: when it is over, however often the call has
 * been started again; and the result of one that is interrupted. */
u64 restart_deadline(u64 ns);
long restart_until(u64 deadline);

/* --- process.c --- */
void process_thread_leave(struct task_thread *thread);
void process_exec(struct task *task);

/* --- signal.c: sending --- */

/* From the kernel to the running thread. */
void signal_send_self(int signal);

/* Tree lock held. Zombies are accepted and ignored. 0, or -EAGAIN: there is no room. */
int signal_send_task(struct task *task, const struct signal_info *info);
/* signal 0: only ask. -ESRCH: nobody is in it. */
int signal_send_group(int group, const struct signal_info *info);
void signal_exec(struct task *task);
void signal_task_ended(struct task *task);
void signal_thread_leave(struct task_thread *thread);

/* --- signal_deliver.c --- */
void signal_deliver(struct regs *regs);
void signal_fault(struct regs *regs, enum user_fault what, unsigned long address);

/* --- futex.c --- */
void futex_init(void);
/* In the running thread's address space. */
long futex_wake(unsigned long address, int count, u32 bitset);
void futex_robust_exit(unsigned long head);

/* --- terminal.c --- */
long terminal_ioctl(unsigned int request, unsigned long argument);
void terminal_interrupt(void);

/* --- lock_memory.c --- */
void memory_lock_new(unsigned long start, unsigned long end);

/* --- fail_file.c (lab builds) --- */
struct open *fail_file_open(void);

/* --- gup_test.c --- */
struct open *gup_test_open(void);

/* --- itimer.c --- */
void itimer_init(struct itimer *mine);
void itimer_thread(void *unused);

/* --- huge.c: these files of /sys, by the minor numbers of their devices --- */
enum {
	HUGE_ENABLED,
	HUGE_PMD_SIZE,
	HUGE_DEFRAG,
	HUGE_SHMEM,
	HUGE_ZERO_PAGE,
	HUGE_SPLIT,
	KHUGEPAGED, /* and from here on those of khugepaged/ */
	KHUGEPAGED_DEFRAG = KHUGEPAGED,
	KHUGEPAGED_NONE,
	KHUGEPAGED_SHARED,
	KHUGEPAGED_SWAP,
	KHUGEPAGED_PAGES,
	KHUGEPAGED_SCAN,
	KHUGEPAGED_ALLOC,
	KHUGEPAGED_COLLAPSED,
	KHUGEPAGED_SCANS
};
struct open *huge_setting_open(void);
struct open *huge_split_open(void);

/* --- time.c --- */
bool time_to_ns(const struct __kernel_timespec *time, u64 *ns);
struct __kernel_timespec time_from_ns(u64 ns);
u64 time_add(u64 a, u64 b);
u64 time_from_epoch(u64 ns);
u64 time_of_task(struct task *task); /* CPU time of all its threads */

#include "kernel/linux/calls.h"
