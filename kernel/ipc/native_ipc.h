/*
 * kernel/ipc/native_ipc.h - the native calls about endpoints and handles; their meaning
 * and their errors stand in kernel/task/native.h.
 */
#pragma once

#include "kernel/base/types.h"

struct regs;

/* NATIVE_CALL, NATIVE_RECEIVE, NATIVE_REPLY: the words travel in the registers. */
long native_ipc(struct regs *regs);

long native_endpoint(void);
long native_handle(unsigned long what, unsigned long number, unsigned long rights);
long native_name(
	unsigned long what, unsigned long from, size_t length, unsigned long number);
