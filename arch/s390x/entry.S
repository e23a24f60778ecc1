/*
 * arch/s390x/entry.S - into the kernel and out of it.
 *
 * An interruption swaps the PSW (to home space, DAT on, interrupts off) and stores what
 * happened in the prefix area; registers are as the interrupted program left them. So:
 * save r8..r15 in the prefix area, find a stack, build struct regs there, call C. The
 * way back is the same for all: return_from_trap. The first word of a frame is the back
 * chain: the interrupted r15, or, in the frame of an entry from user mode, the 0 that
 * arch_thread_init() has put there.
 *
 * System calls and program checks share one save area, external interrupts have their
 * own: a program check can hit the interrupt code (stack overflow), never the other way
 * round, because interrupts stay off until C has copied everything.
 */
#include <arch/regs.h>
#include <arch/thread.h>

	.machine "z13"
	.section .text

#define FRAME (STACK_FRAME + REGS_SIZE)

/* r15: the new frame, r13: LOWCORE. C wants r2 = struct regs *. */
	.macro	BUILD_REGS old_psw, saved
	stmg	%r0,%r7,STACK_FRAME+REGS_GPRS(%r15)
	mvc	STACK_FRAME+REGS_GPRS+64(64,%r15),\saved(%r13)
	mvc	STACK_FRAME+REGS_PSW(16,%r15),\old_psw(%r13)
	la	%r2,STACK_FRAME(%r15)
	.endm

	.globl	svc_entry
svc_entry:
	stmg	%r8,%r15,LOWCORE+LC_SAVE_SYNC
	llill	%r13,LOWCORE
	lg	%r15,LC_KERNEL_STACK(%r13)
	stg	%r2,STACK_FRAME+REGS_ORIG_2(%r15)
	BUILD_REGS LC_SVC_OLD,LC_SAVE_SYNC
	mvc	REGS_ILC(4,%r2),LC_SVC_ILC(%r13)
	brasl	%r14,trap_system_call
	j	return_from_trap

/* Before DAT is on, LOWCORE is not the prefix area: copy, then as usual. */
	.globl	pgm_entry_early
pgm_entry_early:
	stmg	%r8,%r15,LC_SAVE_SYNC
	llill	%r13,LOWCORE
	mvc	0x80(256,%r13),0x80
	mvc	LC_SAVE_SYNC(64,%r13),LC_SAVE_SYNC
	j	1f

	.globl	pgm_entry
pgm_entry:
	stmg	%r8,%r15,LOWCORE+LC_SAVE_SYNC
	llill	%r13,LOWCORE
1:	tm	LC_PGM_OLD+1(%r13),PSW_PROBLEM>>48
	jnz	3f
	aghi	%r15,-FRAME
	/*
	 * SAFE(stack_probe): without it a program check on the guard page of an overflown
	 * stack would push there, check again, and so on down into the next thread's
	 * stack; pairs with the guard pages of the stack window. TPROT asks, without
	 * faulting, whether 0(%r15) can be stored to.
	 */
	tprot	0(%r15),0
	jz	2f
	lg	%r15,LC_PANIC_STACK(%r13)
2:	mvc	0(8,%r15),LC_SAVE_SYNC+56(%r13)
	j	4f
3:	lg	%r15,LC_KERNEL_STACK(%r13)
4:	BUILD_REGS LC_PGM_OLD,LC_SAVE_SYNC
	mvc	REGS_ILC(8,%r2),LC_PGM_ILC(%r13)	/* length, code, data exception */
	mvc	REGS_TEID(8,%r2),LC_TEID(%r13)
	brasl	%r14,trap_program_check
	j	return_from_trap

	.globl	ext_entry
ext_entry:
	stmg	%r8,%r15,LOWCORE+LC_SAVE_ASYNC
	llill	%r13,LOWCORE
	tm	LC_EXT_OLD+1(%r13),PSW_PROBLEM>>48
	jnz	1f
	aghi	%r15,-FRAME
	mvc	0(8,%r15),LC_SAVE_ASYNC+56(%r13)
	j	2f
1:	lg	%r15,LC_KERNEL_STACK(%r13)
2:	BUILD_REGS LC_EXT_OLD,LC_SAVE_ASYNC
	/* A CPU that waited goes on behind its wait: with the bit left on, the way back
	 * would put it to sleep again, for ever if nothing else comes. */
	ni	REGS_PSW+1(%r2),0xff-(PSW_WAIT>>48)
	brasl	%r14,trap_interrupt
	j	return_from_trap

/* Nothing to return to: what happened is told on the panic stack. */
	.globl	mcck_entry
mcck_entry:
	stmg	%r8,%r15,LOWCORE+LC_SAVE_SYNC
	llill	%r13,LOWCORE
	lg	%r15,LC_PANIC_STACK(%r13)
	BUILD_REGS LC_MCCK_OLD,LC_SAVE_SYNC
	mvc	0(8,%r15),LC_SAVE_SYNC+56(%r13)
	brasl	%r14,trap_machine_check

/* arch_user_enter(regs) */
	.globl	arch_user_enter
arch_user_enter:
	stnsm	8(%r15),0xfc
	lay	%r15,-STACK_FRAME(%r2)

/*
 * Interrupts off, r15: the frame. The last instruction needs all registers as they were
 * and its operand within 4 KiB of 0: DAT goes off first, since virtual page 0 is not
 * mapped. Code is where it was: virtual = real.
 */
return_from_trap:
	llill	%r13,LOWCORE
	mvc	LC_EXIT_PSW(16,%r13),STACK_FRAME+REGS_PSW(%r15)
	mvc	LC_EXIT_SAVE(16,%r13),STACK_FRAME+REGS_GPRS+8*14(%r15)
	lmg	%r0,%r13,STACK_FRAME+REGS_GPRS(%r15)
	larl	%r14,mask_dat_off
	ssm	0(%r14)
	lmg	%r14,%r15,LC_EXIT_SAVE
	lpswe	LC_EXIT_PSW

/* What user programs own besides the general registers. */
	.macro	SAVE_USER thread
	stfpc	THREAD_FPC(\thread)
	stam	%a0,%a15,THREAD_ACRS(\thread)
	.irp	n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	std	%f\n,THREAD_FPRS+8*\n(\thread)
	.endr
	.endm

	.macro	LOAD_USER thread
	lfpc	THREAD_FPC(\thread)
	lam	%a0,%a15,THREAD_ACRS(\thread)
	.irp	n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15
	ld	%f\n,THREAD_FPRS+8*\n(\thread)
	.endr
	.endm

/* arch_thread_switch(previous, next, next_thread) */
	.globl	arch_thread_switch
arch_thread_switch:
	stmg	%r6,%r15,48(%r15)
	stg	%r15,THREAD_SP(%r2)
	SAVE_USER %r2
	lg	%r15,THREAD_SP(%r3)
	lg	%r1,THREAD_ENTRY(%r3)
	stg	%r1,LOWCORE+LC_KERNEL_STACK
	stg	%r4,LOWCORE+LC_CURRENT
	LOAD_USER %r3
	lmg	%r6,%r15,48(%r15)
	br	%r14

	.globl	user_state_save, user_state_load
user_state_save:
	SAVE_USER %r2
	br	%r14
user_state_load:
	LOAD_USER %r2
	br	%r14

/* A new thread's first switch "returns" here: r6 = fn, r7 = arg (thread.c). */
	.globl	thread_begin
thread_begin:
	lgr	%r2,%r7
	basr	%r14,%r6

/* CPU 0: DAT on, home space, same place (map.c). r2: address of a struct psw. */
	.globl	enter_home_space
enter_home_space:
	stg	%r14,8(%r2)
	lpswe	0(%r2)

/* A CPU starts: DAT off, real 0 is its own prefix area (smp.c). */
	.globl	cpu_entry
cpu_entry:
	lctlg	%c0,%c15,LC_CONTROL
	lg	%r15,LC_KERNEL_STACK
	lpswe	LC_START_PSW

	.section .rodata
	.balign	2
mask_dat_off:
	.byte	0
