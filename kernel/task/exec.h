/*
 * kernel/task/exec.h - a new program for the running task.
 *
 * Everything is built in a new address space first; the old one is left only when
 * nothing can fail any more, so an error is reported to the program that asked.
 */
#pragma once

#include "kernel/base/types.h"

#define EXEC_STRINGS_MAX                                                                 \
	(128 * 1024)        /* bytes of argv and envp strings, NULs included             \
			     */
#define EXEC_COUNT_MAX 4096 /* strings */

struct regs;
struct ramdisk_file;

/* The strings of argv, then those of envp, each with its NUL, one after the other. */
struct exec_args {
	char *strings; /* EXEC_STRINGS_MAX bytes */
	size_t size;   /* used */
	unsigned int argc, envc;
};

int exec_args_init(struct exec_args *args); /* 0 or -ENOMEM */
void exec_args_free(struct exec_args *args);

/* Append a string (the caller then counts argc or envc up). 0 or -E2BIG. */
int exec_args_add(struct exec_args *args, const char *string);

/* The same from user memory; -EFAULT. */
int exec_args_add_user(struct exec_args *args, unsigned long string);

/*
 * Replace the running task's program by `file`; `path` is what it was called by
 * (AT_EXECFN). 0: `regs` (the thread's user registers) are the new program's, all other
 * threads are gone, close-on-exec handles are closed. Otherwise nothing has changed:
 * -ENOEXEC (the log says why), -EACCES, -E2BIG, -ENOMEM, -EAGAIN.
 */
int task_exec(const struct ramdisk_file *file, const char *path,
	const struct exec_args *args, struct regs *regs);
