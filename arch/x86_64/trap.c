/*
 * arch/x86_64/trap.c - what happened, and who deals with it.
 *
 * entry.asm calls trap_entry() for exceptions and interrupts, syscall_entry() for system
 * calls, trap_fatal() for NMIs and what cannot be survived. All gates enter with
 * interrupts off; they go on again as soon as CR2 has been read, if the interrupted
 * context had them on. A fault of the kernel is survived in one case: a user copy
 * (uaccess.asm) whose address is in the fix-up table. Everything else of the kernel's is
 * a panic that says what; so is an upcall that nobody has registered, being a call of
 * address 0.
 */
#include "arch/contract/uaccess.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "kernel/base/thread_info.h"
#include "kernel/base/print.h"

#define VECTOR_NMI          2
#define VECTOR_DOUBLE_FAULT 8
#define VECTOR_PAGE_FAULT   14
#define VECTOR_EXCEPTIONS   32

/* Bits of a page fault's error code (Intel SDM vol. 3, 4.7). */
#define PF_PRESENT  BIT(0) /* the entry was there: a right is missing */
#define PF_WRITE    BIT(1)
#define PF_USER     BIT(2) /* clear, from user code: the CPU's own access, e.g. for IRET */
#define PF_RESERVED BIT(3) /* a bit that must be zero was set in some entry */
#define PF_FETCH    BIT(4)

static const struct {
	const char *name;
	enum user_fault user;
} exceptions[VECTOR_EXCEPTIONS] = {
	[0] = {"divide error", FAULT_FPE},
	[1] = {"debug exception", FAULT_TRAP},
	[2] = {"NMI", FAULT_BUS},
	[3] = {"breakpoint", FAULT_TRAP},
	[4] = {"overflow", FAULT_SEGV},
	[6] = {"invalid opcode", FAULT_ILLEGAL},
	[8] = {"double fault", FAULT_BUS},
	[11] = {"segment not present", FAULT_BUS},
	[12] = {"stack segment fault", FAULT_BUS},
	[13] = {"general protection fault", FAULT_SEGV},
	[14] = {"page fault", FAULT_SEGV},
	[16] = {"x87 floating-point error", FAULT_FPE},
	[18] = {"machine check", FAULT_BUS},
	[19] = {"SIMD floating-point error", FAULT_FPE},
};

static const char *exception_name(u64 vector)
{
	return vector < VECTOR_EXCEPTIONS && exceptions[vector].name
		       ? exceptions[vector].name
		       : "no exception";
}

void arch_trap_init(void)
{
	descriptors_load();
	cpu_setup_registers();
}

static int ask_page_fault(unsigned long address, u64 error)
{
	unsigned int access = error & PF_WRITE ? ACCESS_WRITE : ACCESS_READ;

	if (address >= user_end())
		return -EFAULT;
	return trap_ops.page_fault(address, error & PF_FETCH ? ACCESS_EXEC : access);
}

static __noreturn void kernel_page_fault(const struct regs *regs, unsigned long address)
{
	const char *verb = regs->error & PF_WRITE ? "wrote to" : "read";
	const char *what = regs->error & PF_PRESENT ? "protected" : "unmapped";

	panic_regs(regs, "page fault: the kernel %s %s memory at %lx (error code %lx)",
		regs->error & PF_FETCH ? "executed" : verb,
		address < user_end() ? "user" : what, address, regs->error);
}

static void page_fault(struct regs *regs)
{
	unsigned long address = read_cr(2), fixup;
	bool may_sleep = regs_irqs_on(regs);

	if (may_sleep)
		arch_irq_enable();
	if (regs->error & PF_RESERVED)
		panic_regs(regs, "page fault at %lx: reserved bits in a table", address);
	if (regs_from_user(regs)) {
		/* With SMAP no page could make the CPU's own access succeed. */
		if (!(regs->error & PF_USER) || ask_page_fault(address, regs->error))
			trap_ops.user_fault(regs, FAULT_SEGV, address);
		return;
	}
	fixup = uaccess_fixup(regs->rip);
	if (!fixup || address >= user_end())
		kernel_page_fault(regs, address);
	if (!may_sleep || ask_page_fault(address, regs->error))
		regs->rip = fixup;
}

static void exception(struct regs *regs)
{
	enum user_fault what;

	if (regs->vector == VECTOR_PAGE_FAULT) {
		page_fault(regs);
		return;
	}
	if (!regs_from_user(regs))
		panic_regs(regs, "%s in the kernel (error code %lx)",
			exception_name(regs->vector), regs->error);
	arch_irq_enable();
	what = exceptions[regs->vector].user;
	trap_ops.user_fault(regs, what, what == FAULT_SEGV ? 0 : regs->rip);
}

/* It would make IRET fault: in the kernel, but with the user's GS. */
static __noinline void refuse_wild_ip(struct regs *regs)
{
	do {
		arch_irq_enable();
		trap_ops.user_fault(regs, FAULT_SEGV, regs->rip);
		arch_irq_disable();
		trap_ops.return_to_user(regs);
	} while (regs->rip >= user_end());
}

/* Last stop before user mode. Returns with interrupts off: whatever return_to_user() did
 * not see arrives as an interrupt in user mode. */
static void leave_to_user(struct regs *regs)
{
	arch_irq_disable();
	if (unlikely(user_work()))
		trap_ops.return_to_user(regs);
	if (unlikely(regs->rip >= user_end())) /* a program's entry point may be wild */
		refuse_wild_ip(regs);
}

void trap_entry(struct regs *regs)
{
	if (regs->vector < VECTOR_EXCEPTIONS)
		exception(regs);
	else
		apic_interrupt(regs);
	if (regs_from_user(regs))
		leave_to_user(regs);
	else
		arch_irq_disable();
}

void syscall_entry(struct regs *regs)
{
	arch_irq_enable();
	trap_ops.syscall(regs);
	leave_to_user(regs);
}

/* Returns from NMIs that another CPU has sent, and from nothing else. */
void trap_fatal(struct regs *regs)
{
	if (regs->vector == VECTOR_NMI && smp_nmi())
		return;
	/* No page below the stack pointer: what pushed there ran into the guard. */
	if (regs->vector == VECTOR_DOUBLE_FAULT && !arch_kernel_access(regs->rsp - 8))
		panic_regs(regs, "kernel stack overflow (stack pointer %lx)", regs->rsp);
	panic_regs(regs, "%s", exception_name(regs->vector));
}

__noreturn void arch_user_enter(struct regs *regs)
{
	arch_irq_disable();
	thread_becomes_user();
	leave_to_user(regs);
	entry_leave(regs);
}

void arch_regs_print(const struct regs *regs)
{
	print("rip %016lx rsp %016lx rflags %08lx cs %lx %s\n", regs->rip, regs->rsp,
		regs->rflags, regs->cs, exception_name(regs->vector));
	print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", regs->rax, regs->rbx,
		regs->rcx, regs->rdx);
	print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", regs->rsi, regs->rdi,
		regs->rbp, regs->r8);
	print("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", regs->r9, regs->r10,
		regs->r11, regs->r12);
	print("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", regs->r13, regs->r14,
		regs->r15, read_cr(2));
}
