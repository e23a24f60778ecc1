/*
 * <arch/thread.h> - what the switch code keeps of a thread (arch/contract/thread.h).
 *
 * User programs own the floating-point registers and the access registers (a0 and a1
 * hold the TLS pointer, which user code may also set itself); the kernel touches neither,
 * so they are switched with the thread and not at each entry. The vector registers are
 * not offered to programs (AT_HWCAP has no VXRS, CR0 keeps them disabled): the
 * distribution's baseline does not need them, and they would make each switch move 512
 * bytes instead of 128.
 */
#pragma once

#define THREAD_SP    0
#define THREAD_ENTRY 8
#define THREAD_FPRS  16
#define THREAD_ACRS  144
#define THREAD_FPC   208

#ifndef __ASSEMBLY__
#include "kernel/base/types.h"

struct arch_thread {
	unsigned long sp;    /* of the kernel stack while switched out */
	unsigned long entry; /* r15 for entries from user mode */
	u64 fprs[16];
	u32 acrs[16];
	u32 fpc;
};

_Static_assert(offsetof(struct arch_thread, fprs) == THREAD_FPRS &&
		       offsetof(struct arch_thread, acrs) == THREAD_ACRS &&
		       offsetof(struct arch_thread, fpc) == THREAD_FPC,
	"entry.S");
#endif
