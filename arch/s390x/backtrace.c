/*
 * arch/s390x/backtrace.c - registers in words, and who called whom.
 *
 * The kernel is compiled with back chains: each frame begins with the address of its
 * caller's frame, in which the callee has saved r6..r15 (r14: the return address). Used
 * while panicking, so every address is probed before it is read.
 */
#include "arch/contract/trap.h"
#include "kernel/base/print.h"

#define FRAMES_MAX   32
#define FRAME_MAX    16384 /* more than any frame: the chain has left the stack */
#define FRAME_RETURN 112   /* r14 in a caller's frame */

extern char __text_start[], __text_end[];

void arch_regs_print(const struct regs *regs)
{
	print("psw %016lx %016lx (%s, code %x, teid %lx)\n", regs->psw.mask,
		regs->psw.address, regs_from_user(regs) ? "user" : "kernel", regs->code,
		regs->teid);
	for (int i = 0; i < 16; i += 4)
		print("r%-2d %016lx %016lx %016lx %016lx\n", i, regs->gprs[i],
			regs->gprs[i + 1], regs->gprs[i + 2], regs->gprs[i + 3]);
}

/* TPROT: condition code 0 or 1 if it can be read. */
static bool readable(unsigned long address)
{
	int cc;

	asm volatile("	tprot	0(%1),0\n"
		     "	ipm	%0\n"
		     "	srl	%0,28\n"
		     : "=d"(cc)
		     : "a"(address)
		     : "cc");
	return cc < 2;
}

static bool is_frame(unsigned long sp)
{
	return IS_ALIGNED(sp, 8) && readable(sp) && readable(sp + STACK_FRAME - 1);
}

static bool in_text(unsigned long address)
{
	return address >= (unsigned long)__text_start &&
	       address < (unsigned long)__text_end;
}

/* The frame that called into `frame`; 0 where the chain ends or is broken. */
static unsigned long caller_of(unsigned long frame)
{
	unsigned long caller;

	if (!is_frame(frame))
		return 0;
	caller = *(unsigned long *)frame;
	if (caller <= frame || caller - frame > FRAME_MAX || !is_frame(caller))
		return 0;
	return caller;
}

static unsigned long return_address(unsigned long caller)
{
	return caller ? *(unsigned long *)(caller + FRAME_RETURN) : 0;
}

/* After a stack overflow r15 points into the guard page, and the chain, which would begin
 * there, begins in the first frame above it. */
static unsigned long first_frame(unsigned long sp)
{
	if (readable(sp))
		return sp;
	sp = ALIGN_UP(sp, PAGE_SIZE);
	for (unsigned long at = sp; at < sp + PAGE_SIZE; at += 8)
		if (in_text(return_address(caller_of(at))))
			return at;
	return sp;
}

void arch_backtrace(const struct regs *regs, void (*visit)(unsigned long address))
{
	unsigned long sp =
		regs ? regs->gprs[15] : (unsigned long)__builtin_frame_address(0);

	if (regs && regs_from_user(regs))
		return;
	/* After a jump to nowhere only r14 knows where it came from. */
	if (regs && !in_text(regs->psw.address) && in_text(regs->gprs[14]))
		visit(regs->gprs[14]);
	sp = first_frame(sp);
	for (int i = 0; i < FRAMES_MAX && (sp = caller_of(sp)); i++)
		if (in_text(return_address(sp))) /* interrupted code has none there */
			visit(return_address(sp));
}
