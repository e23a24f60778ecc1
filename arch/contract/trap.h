/*
 * arch/contract/trap.h - entering the kernel: registers, and the upcalls of trap
 * handlers.
 *
 * `struct regs` (from <arch/regs.h>) is what the entry code saved on the kernel stack.
 * Generic code reads and writes it only through these inline functions of <arch/regs.h>:
 *
 *   bool regs_from_user(const struct regs *)
 *   unsigned long regs_ip / regs_sp(const struct regs *)
 *   void regs_set_ip / regs_set_sp(struct regs *, unsigned long)
 *   unsigned long regs_syscall(const struct regs *)        number of the system call
 *   unsigned long regs_arg(const struct regs *, int n)     its arguments, n = 0..5
 *   void regs_set_result(struct regs *, long)              and its result
 *   long regs_result(const struct regs *)
 *   void regs_set_arg(struct regs *, int n, unsigned long) user code finds this in the
 *                                                          argument's register, n = 1..5
 *   bool regs_irqs_on(const struct regs *)                 interrupted context's mask
 *   void regs_init_user(struct regs *, unsigned long ip, unsigned long sp)
 *                                                          cleared registers, user mode
 *   void regs_restart_syscall(struct regs *)               run the call instruction again
 *
 * All upcalls run on the trapping thread's kernel stack. Interrupts are as in the
 * interrupted context for faults in the kernel, on for everything that comes from user.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/regs.h>

#define ACCESS_READ  1
#define ACCESS_WRITE 2
#define ACCESS_EXEC  4

/* Loads descriptor tables / new PSWs and everything a CPU needs to take traps. */
void arch_trap_init(void);

/*
 * Upcall table, filled once at boot by kernel/task before the first user thread; an entry
 * that is NULL panics. page_fault: returns 0 if the access can be repeated; otherwise the
 * caller tries the user-copy fix-up, then delivers fault() (user) or panics (kernel).
 */
enum user_fault {
	FAULT_SEGV,    /* no such mapping, or not allowed */
	FAULT_ILLEGAL, /* illegal or privileged instruction */
	FAULT_BUS,     /* the address cannot be backed */
	FAULT_FPE,     /* arithmetic */
	FAULT_TRAP,    /* breakpoint, single step */
};

struct trap_ops {
	int (*page_fault)(unsigned long address, unsigned int access);
	void (*syscall)(struct regs *regs);
	void (*user_fault)(
		struct regs *regs, enum user_fault what, unsigned long address);
	/* Last look before user mode, after every trap and interrupt from it in which
	 * user_work() says so (kernel/base/thread_info.h): entered with interrupts OFF,
	 * returns with them off and they stay off, so that a poke after the look
	 * interrupts user mode and causes another look. */
	void (*return_to_user)(struct regs *regs);
};

extern struct trap_ops trap_ops;

/* Leave the kernel for the first time: loads user registers from `regs` (which lies at
 * the top of this thread's kernel stack) and goes. */
__noreturn void arch_user_enter(struct regs *regs);

/* Where a user thread's registers lie: at the top of its kernel stack. */
struct regs *arch_thread_regs(void *stack_top);

void arch_regs_print(const struct regs *regs);

/* Calls visit(address) for each return address from `regs` (NULL: from the caller)
 * outward while the frames stay inside a kernel stack; at most 32. Never faults. */
void arch_backtrace(const struct regs *regs, void (*visit)(unsigned long address));
