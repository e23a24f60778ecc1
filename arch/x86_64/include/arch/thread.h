/*
 * arch/x86_64/include/arch/thread.h - the machine's part of a thread.
 *
 * FP/SIMD state is kept with FXSAVE (x87, MMX, SSE): XSAVE stays off (CR4.OSXSAVE = 0),
 * so no program can use wider registers that we would lose. All fields: (p) the thread;
 * the switch code while it does not run.
 */
#pragma once

#include "kernel/base/types.h"

struct arch_thread {
	u8 fp[512] __aligned(16); /* FXSAVE image (Intel SDM vol. 1, 10.5.1) */
	unsigned long sp;         /* saved by switch_stacks */
	unsigned long stack_top;  /* (c) */
	unsigned long tls;        /* FS base */
	bool user;                /* has user registers: FP state is switched */
};
