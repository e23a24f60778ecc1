/*
 * user/box.h - the programs of the ramdisk that share one binary.
 *
 * A static program carries its own libc, some 800 KiB. The small tools are therefore one
 * program, user/box.c, hard-linked under all their names; it calls NAME_main() for the
 * name it was started by. Each tool is one file and needs nothing of the others; what
 * they have in common is here.
 */
#pragma once

#include <stddef.h>

#define APPLETS(X)                                                                       \
	X(init, "the first process: runs /etc/cmd or a shell")                           \
	X(sh, "this shell")                                                              \
	X(help, "this list")                                                             \
	X(ls, "[-l] [path ...]: list directories")                                       \
	X(cat, "[file ...]: print files, or what comes in")                              \
	X(echo, "[-n] [word ...]: print the words")                                      \
	X(ps, "list processes")                                                          \
	X(free, "memory: total, used, free")                                             \
	X(uptime, "how long the machine has been up")                                    \
	X(dmesg, "the kernel's log so far")                                              \
	X(pt, "[pid] [address]: draw a process's page table")                            \
	X(step, "[pid] address pages [way]: draw the steps of a lockless walk")          \
	X(fold, "how tables fold and grow: the policy, and what was counted")            \
	X(gup, "the same about pages found and pinned")                                  \
	X(tlb, "the same about flushes")                                                 \
	X(rcu, "the same about grace periods and the freeing of tables")                 \
	X(fault, "the same about page faults, and why some were left to a slower way")   \
	X(store, "[-d] [name]: serve blocks from memory")                                \
	X(pager, "[-d] [-r] name [store]: serve files under /srv/name")                  \
	X(true, "succeed")                                                               \
	X(false, "fail")

#define DECLARE_APPLET(name, text) int name##_main(int argc, char **argv);
APPLETS(DECLARE_APPLET)
#undef DECLARE_APPLET

/* The whole file as a NUL-terminated string to be freed; NULL with errno set. Does not
 * trust file sizes: files under /proc have none. */
char *box_read_file(const char *path);

/* "PROGRAM: WHAT: the text of errno" on stderr; returns 1, the usual exit status. */
int box_error(const char *program, const char *what);

/* The program goes on in a child. Its parent, whom the shell waits for, ends when the
 * child says that it is ready, or has ended without. Nothing happens for who has not
 * detached. */
int box_detach(void);
void box_ready(void);

/* A pid is decimal, or "self". */
int box_is_pid(const char *word);

/* The whole word as an unsigned number; 0: it is none. */
int box_number(const char *word, int base, unsigned long *value);

/* The exit status that a shell shows for what waitpid() said: 128 + signal if killed. */
int box_status(int wait_status);
