/*
 * <arch/regs.h> - what an entry into the kernel saves (arch/contract/trap.h).
 *
 * The details of the event (number, address, instruction length) come from the prefix
 * area, where the next event would overwrite them: they are copied before interrupts may
 * come in.
 */
#pragma once

#include "lowcore.h"

#define REGS_PSW    0
#define REGS_GPRS   16
#define REGS_ORIG_2 144
#define REGS_TEID   152
#define REGS_ILC    160
#define REGS_SIZE   168

#define STACK_FRAME 160 /* what the ABI lets a callee store above its caller's r15 */

#ifndef __ASSEMBLY__
struct regs {
	struct psw psw;
	unsigned long gprs[16];
	unsigned long orig_2; /* r2 at a system call: its result destroys it */
	unsigned long teid;
	u16 ilc;  /* bytes of the instruction that trapped */
	u16 code; /* of the program check, or the SVC's operand */
	u32 dxc;  /* why a data exception happened */
};

static_assert_size(struct regs, REGS_SIZE);
_Static_assert(offsetof(struct regs, orig_2) == REGS_ORIG_2 &&
		       offsetof(struct regs, teid) == REGS_TEID &&
		       offsetof(struct regs, ilc) == REGS_ILC,
	"entry.S");

static inline bool regs_from_user(const struct regs *regs)
{
	return regs->psw.mask & PSW_PROBLEM;
}

static inline unsigned long regs_ip(const struct regs *regs)
{
	return regs->psw.address;
}

static inline unsigned long regs_sp(const struct regs *regs)
{
	return regs->gprs[15];
}

static inline void regs_set_ip(struct regs *regs, unsigned long ip)
{
	regs->psw.address = ip;
}

static inline void regs_set_sp(struct regs *regs, unsigned long sp)
{
	regs->gprs[15] = sp;
}

/* The number stands in the SVC instruction, or, if that says 0, in r1. */
static inline unsigned long regs_syscall(const struct regs *regs)
{
	return regs->code ? regs->code : regs->gprs[1];
}

static inline unsigned long regs_arg(const struct regs *regs, int n)
{
	return n ? regs->gprs[2 + n] : regs->orig_2;
}

static inline void regs_set_arg(struct regs *regs, int n, unsigned long value)
{
	regs->gprs[2 + n] = value;
}

static inline void regs_set_result(struct regs *regs, long result)
{
	regs->gprs[2] = result;
}

static inline long regs_result(const struct regs *regs)
{
	return regs->gprs[2];
}

static inline bool regs_irqs_on(const struct regs *regs)
{
	return regs->psw.mask & PSW_EXT;
}

static inline void regs_init_user(struct regs *regs, unsigned long ip, unsigned long sp)
{
	*regs = (struct regs){.psw = {PSW_USER, ip}};
	regs->gprs[15] = sp;
}

static inline void regs_restart_syscall(struct regs *regs)
{
	regs->psw.address -= regs->ilc;
	regs->gprs[2] = regs->orig_2;
}
#endif
