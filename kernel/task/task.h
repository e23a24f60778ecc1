/*
 * kernel/task/task.h - processes: an address space, handles, threads, a parent.
 *
 * A task is created by its parent (or is pid 1), runs one or more threads, and ends when
 * its last thread has exited; it stays a zombie until its parent has waited for it (tasks
 * whose parent is gone are reaped by pid 1). Pids count up from 1; thread ids come from
 * the same numbers (the first thread's is the pid).
 *
 * Locks: task_tree_lock (RANK_TASK_TREE) for parent, children, state; `signal_lock` for
 * the signal fields; the handle table has its own.
 */
#pragma once

#include "kernel/sched/wait.h"
#include "kernel/task/handle.h"
#include "mm/space/mm.h"

#define TASK_ARGS_MAX    (128 * 1024) /* bytes of argv + envp strings */
#define TASK_THREADS_MAX 256

enum task_state {
	TASK_ALIVE,
	TASK_ZOMBIE, /* exit status waits for the parent */
	TASK_GONE,
};

struct task_thread; /* a user thread: struct thread + what the Linux layer keeps */

struct task {
	int pid;               /* (c) */
	char name[16];         /* (l:tree) last component of the program */
	char *arguments;       /* (l:tree) NUL-separated argv, for /proc/<pid>/cmdline */
	size_t arguments_size; /* (l:tree) */
	struct task *parent;   /* (l:tree) */
	struct list children;  /* (l:tree) */
	struct list sibling;   /* (l:tree) */
	struct list all;       /* (l:tree) in task_list */
	struct list threads;   /* (l:tree) */
	unsigned int thread_count;     /* (l:tree) */
	enum task_state state;         /* (l:tree) */
	int exit_status;               /* (l:tree) as wait4 reports it */
	bool exiting;                  /* (a) every thread is to leave */
	struct mm *mm;                 /* (l:tree) */
	struct handles *handles;       /* (c) */
	struct wait_queue child_wait;  /* waiting for children to change */
	struct linux_task *linux_data; /* the Linux layer's part or NULL */
	int refs;                      /* (a) */
};
