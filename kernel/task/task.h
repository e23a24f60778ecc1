/*
 * kernel/task/task.h - processes: an address space, handles, threads, a parent.
 *
 * A task is created by its parent (or is pid 1), runs one or more threads, and ends when
 * its last thread has left; it stays a zombie until its parent has waited for it (tasks
 * whose parent is gone belong to pid 1). Pids count up from 1; thread ids come from the
 * same numbers (the first thread's is the pid).
 *
 *   task:   ALIVE --last thread leaves--> ZOMBIE --task_wait()--> GONE
 *   thread: task_create_child(), task_add_thread() --> task_thread_start() --> leaves
 *
 * Leaving is always done by the thread itself: others only set its TASK_WORK_LEAVE and
 * poke it, and it goes at its next return to user mode; interruptible waits end early.
 *
 * Locks: task_tree_lock (sleeping, RANK_TASK_TREE) for the tree and what is marked so
 * below; the handle table has its own. References: a task is referenced by the tree until
 * it is reaped, by each of its threads, and by whoever looked it up.
 */
#pragma once

#include "kernel/sched/thread.h"
#include "kernel/sched/wait.h"
#include "kernel/task/handle.h"
#include "arch/contract/trap.h"
#include "mm/space/mm.h"

#define TASK_THREADS_MAX 256
#define TASK_PID_MAX     4194304

struct ramdisk_file;
struct linux_task;
struct linux_thread;

enum task_state {
	TASK_ALIVE,
	TASK_ZOMBIE, /* exit status waits for the parent */
	TASK_GONE,
};

struct task {
	int pid;               /* (c) */
	s32 parent_pid;        /* (a) written under tree lock */
	char name[16];         /* (l:tree) last component of the program's path */
	char *arguments;       /* (l:tree) NUL-separated argv, for /proc/<pid>/cmdline */
	size_t arguments_size; /* (l:tree) */
	const struct ramdisk_file *program; /* (l:tree) */
	struct task *parent;                /* (l:tree) */
	struct list children;               /* (l:tree) */
	struct list sibling;                /* (l:tree) */
	struct list all;                    /* (l:tree) in task_list */
	struct list threads;                /* (l:tree) struct task_thread */
	unsigned int thread_count;          /* (l:tree) threads that have not left */
	enum task_state state;              /* (l:tree) */
	bool exiting;                       /* (l:tree) exit_status is decided */
	int exit_status;                    /* (l:tree) as wait4 reports it */
	bool borrows_mm;                    /* (l:tree) vfork child before exec */
	struct mm *mm;                      /* (l:tree) holds a reference */
	struct handles *handles;            /* (c) until the last thread leaves */
	struct wait_queue changed;     /* a child ended; a thread left; mm given back */
	u32 changes;                   /* (a) counted before each wake_up(&changed) */
	u64 start_ns;                  /* (c) */
	u64 runtime_ns;                /* (l:tree) of the threads that have left */
	struct linux_task *linux_data; /* the Linux layer's part or NULL */
	s32 refs;                      /* (a) */
};

/* Reasons to look before going back to user mode: bits of thread.info.work. */
#define TASK_WORK_LEAVE  1u /* the thread is to end */
#define TASK_WORK_SIGNAL 2u /* the Linux layer has something to deliver */

/* Every thread that thread_create() makes is one; kernel threads use only `thread`. */
struct task_thread {
	struct thread thread;            /* must be first */
	int tid;                         /* (l:tree) */
	struct list link;                /* (l:tree) in task->threads */
	unsigned int fault_access;       /* (p) ACCESS_* of the last failed fault */
	int fault_error;                 /* (p) and why it failed */
	struct party *serving;           /* (l:endpoint) whose call, NULL: it is gone */
	struct endpoint *serving_at;     /* (p) with a reference; NULL: no call */
	struct linux_thread *linux_data; /* the Linux layer's part or NULL */
};

extern struct mutex task_tree_lock;
extern struct list task_list; /* (l:tree) all tasks, zombies too, by age */

static inline struct task_thread *current_thread(void)
{
	return (struct task_thread *)current();
}

static inline struct task *current_task(void)
{
	return current()->task;
}

/* --- looking up (task.c) --- */

/* A new reference or NULL: no such task (a zombie is found). */
struct task *task_find(int pid);
struct task *task_find_locked(int pid); /* no reference; tree lock held */
struct task_thread *task_find_thread_locked(int tid);
void task_get(struct task *task);
void task_put(struct task *task);

/* A new reference to its address space, NULL if it has none any more. */
struct mm *task_get_mm(struct task *task);

/* --- beginning (task.c) --- */

/*
 * A child of the running task with a copy of its handles, and with a copy of its address
 * space (`fork`), or sharing it until the child execs or ends; with one thread that will
 * start with `regs`. The thread does not run before task_thread_start(); until then the
 * caller may change its registers (task_thread_regs()), TLS and Linux data. 0, -EAGAIN or
 * -ENOMEM.
 */
int task_create_child(const struct regs *regs, bool fork, struct task_thread **thread);

/* One more thread in the running task; otherwise as above. */
int task_add_thread(const struct regs *regs, struct task_thread **thread);

struct regs *task_thread_regs(struct task_thread *thread);
void task_thread_start(struct task_thread *thread);

/* Until `child` (a vfork child, reference held) no longer borrows our address space, or
 * the running thread is to leave. */
void task_wait_borrower(struct task *child);

/* --- ending (exit.c) --- */

/* wait4's encoding of how a task ended. */
#define TASK_EXITED(code)   (((code)&0xff) << 8)
#define TASK_KILLED(signal) ((signal)&0x7f)

/* The same as a shell's $? and our exit record: the code, or 128 + signal. */
#define TASK_SHELL_STATUS(status)                                                        \
	((status)&0x7f ? 128 + ((status)&0x7f) : (status) >> 8 & 0xff)

/* The running thread leaves. If it was the last, the task ends with `status`. */
__noreturn void task_thread_exit(int status);

/* The running task ends (exit_group). */
__noreturn void task_exit(int status);

/* All threads of the task are told to leave; it will end with `status`, unless it is
 * ending already. The _locked form: tree lock held. */
void task_kill(struct task *task, int status);
void task_kill_locked(struct task *task, int status);

/* task->changed, with its count. */
void task_note_change(struct task *task);

/* exec: all threads but the running one leave, and have left when this returns 0.
 * -EAGAIN: the running thread is to leave itself. */
int task_end_other_threads(void);

/* Set bits in thread.info.work and make the thread look at them soon, wherever it is. The
 * caller keeps the thread alive: it is itself, or the tree lock is held. */
void task_thread_notify(struct task_thread *thread, u32 work);

/* --- waiting for children (wait.c) --- */

#define TASK_WAIT_NOHANG 1u /* 0 if no child has ended yet */
#define TASK_WAIT_KEEP   2u /* the zombie stays (WNOWAIT) */

struct task_ended {
	int pid, status;
	u64 runtime_ns;
};

/* Reap a child that matches (called under the tree lock). Its pid, 0 (NOHANG), -ECHILD,
 * or -ERESTART: interrupted. */
int task_wait(bool (*matches)(const struct task *child, void *arg), void *arg,
	unsigned int flags, struct task_ended *ended);

/* --- the layer above (kernel/linux); all NULL without it --- */
struct task_hooks {
	/* A thread was made by the running thread (for pid 1: by the kernel), and may be
	 * the first of its task: attach linux_data to it, and to the task. 0 or -ENOMEM.
	 */
	int (*thread_attach)(struct task_thread *thread);
	/* The running thread leaves; its address space is still there. */
	void (*thread_leave)(struct task_thread *thread);
	/* Free what thread_attach made; may run in another context, long after. */
	void (*thread_detach)(struct task_thread *thread);
	void (*task_detach)(struct task *task);
	/* A task became a zombie: tell its parent. Tree lock held. */
	void (*task_ended)(struct task *task);
	/* The running task (one thread) has a new program. */
	void (*task_exec)(struct task *task);
	/* The running user program did something impossible; may call task_exit(). */
	void (*user_fault)(
		struct regs *regs, enum user_fault what, unsigned long address);
	/* TASK_WORK_SIGNAL is set: clear it and deliver; interrupts on. */
	void (*deliver)(struct regs *regs);
	/* ^C on the console. From a kernel thread. */
	void (*console_interrupt)(void);
};

extern struct task_hooks task_hooks; /* (c) after boot */

/* One log line: who did what where; for a program that dies of it. */
void task_report_fault(
	const struct regs *regs, enum user_fault what, unsigned long address);

/* The calls of native.h (native.c). */
void native_syscall(struct regs *regs);

/* Boot (start.c, trap.c, console.c). */
void task_stacks_init(void);
u64 task_stack_frames(void); /* of all stacks that ever were: they are kept */
void task_traps_init(void);
/* Make the running kernel thread the first thread of pid 1, without a program yet. */
int task_adopt_first(void);
