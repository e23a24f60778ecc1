/*
 * arch/x86_64/include/arch/regs.h - the registers that an entry into the kernel saves.
 *
 * The order is that of the pushes in arch/x86_64/entry.asm; the last five words are what
 * the CPU itself pushes for an exception and pops in IRET (Intel SDM vol. 3, 6.14). The
 * system call entry builds the same frame, so there is one way out for all.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/irq.h>

#define KERNEL_CODE 0x10
#define KERNEL_DATA 0x18
#define USER_DATA   0x2b /* the values that Linux shows its programs */
#define USER_CODE   0x33

#define VECTOR_SYSCALL 256 /* in regs->vector; hardware vectors end at 255 */

struct regs {
	u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	u64 rax, rcx, rdx, rsi, rdi;
	u64 vector;
	u64 error; /* the CPU's error code; of a system call, its number */
	u64 rip, cs, rflags, rsp, ss;
};

static_assert_size(struct regs, 176); /* a multiple of 16: keeps the stack aligned */

static inline bool regs_from_user(const struct regs *regs)
{
	return regs->cs & 3;
}

static inline unsigned long regs_ip(const struct regs *regs)
{
	return regs->rip;
}

static inline unsigned long regs_sp(const struct regs *regs)
{
	return regs->rsp;
}

static inline void regs_set_ip(struct regs *regs, unsigned long ip)
{
	regs->rip = ip;
}

static inline void regs_set_sp(struct regs *regs, unsigned long sp)
{
	regs->rsp = sp;
}

static inline unsigned long regs_syscall(const struct regs *regs)
{
	return regs->error;
}

static inline unsigned long regs_arg(const struct regs *regs, int n)
{
	const u64 args[] = {
		regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8, regs->r9};

	return args[n];
}

static inline void regs_set_arg(struct regs *regs, int n, unsigned long value)
{
	u64 *const args[] = {
		&regs->rdi, &regs->rsi, &regs->rdx, &regs->r10, &regs->r8, &regs->r9};

	*args[n] = value;
}

static inline void regs_set_result(struct regs *regs, long result)
{
	regs->rax = (u64)result;
}

static inline long regs_result(const struct regs *regs)
{
	return (long)regs->rax;
}

static inline bool regs_irqs_on(const struct regs *regs)
{
	return regs->rflags & RFLAGS_IF;
}

static inline void regs_init_user(struct regs *regs, unsigned long ip, unsigned long sp)
{
	*regs = (struct regs){.rip = ip,
		.cs = USER_CODE,
		.rflags = RFLAGS_IF,
		.rsp = sp,
		.ss = USER_DATA};
}

/* SYSCALL is two bytes long (0F 05). */
static inline void regs_restart_syscall(struct regs *regs)
{
	regs->rax = regs->error;
	regs->rip -= 2;
}
