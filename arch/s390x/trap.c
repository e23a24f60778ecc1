/*
 * arch/s390x/trap.c - system calls, program checks and interrupts, in C.
 *
 * A program check has a code; most say "the program is wrong". Two kinds are ours: a
 * translation exception (an invalid entry on the way; the PSW points AT the instruction)
 * and a protection exception (a leaf without the right; the PSW points BEHIND it and is
 * moved back, so that in both cases going on means trying again). The TEID in the prefix
 * area tells page, kind of access and address space; home space is the kernel's own, so
 * a fault there is a bug, and one in another space is a user address.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/irq.h"
#include "arch/contract/timer.h"
#include "arch/contract/trap.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/thread_info.h"

#define TEID_ADDRESS 0xfffffffffffff000UL
#define TEID_STORE   0x400UL
#define TEID_NOEXEC  0x080UL /* with a protection exception: the leaf's IEP bit */
#define TEID_SPACE   0x003UL
#define TEID_HOME    3

enum external_interrupt {
	EXT_CLOCK_COMPARATOR = 0x1004,
	EXT_EMERGENCY_SIGNAL = 0x1201,
	EXT_SERVICE_SIGNAL = 0x2401,
};

static bool is_translation(unsigned int check)
{
	return check == PGM_SEGMENT || check == PGM_PAGE ||
	       (check >= PGM_ASCE_TYPE && check <= PGM_REGION_THIRD);
}

static __noreturn void kernel_fault(const struct regs *regs, bool protection)
{
	unsigned long address = regs->teid & TEID_ADDRESS, sp = regs->gprs[15];
	bool fetch = protection ? regs->teid & TEID_NOEXEC
				: (regs->psw.address & PAGE_MASK) == address;
	const char *verb = fetch                     ? "executed"
			   : regs->teid & TEID_STORE ? "wrote to"
						     : "read";

	/* A frame is at most 2 KiB, so its first store hits the guard page. */
	if (!protection && address == (sp & PAGE_MASK))
		panic_regs(regs, "kernel stack overflow (stack pointer %lx)", sp);
	panic_regs(regs, "page fault: the kernel %s %s memory at %lx", verb,
		protection ? "protected" : "unmapped", address);
}

/*
 * A missing page does not tell a fetch of instructions from a fetch of data. If it is the
 * page that the PSW is about to execute, it is tried as the one, then as the other: a
 * leaf without the right to execute then shows itself by its IEP bit.
 */
static int ask_page_fault(const struct regs *regs, bool protection)
{
	unsigned long address = regs->teid & TEID_ADDRESS, ip = regs->psw.address;

	if (!trap_ops.page_fault)
		return -EFAULT;
	if (protection && regs->teid & TEID_NOEXEC)
		return trap_ops.page_fault(address, ACCESS_EXEC);
	if (protection || regs->teid & TEID_STORE)
		return trap_ops.page_fault(address, ACCESS_WRITE);
	if (regs_from_user(regs) &&
		(address == (ip & PAGE_MASK) || address == ((ip + 5) & PAGE_MASK)) &&
		!trap_ops.page_fault(address, ACCESS_EXEC))
		return 0;
	return trap_ops.page_fault(address, ACCESS_READ);
}

/*
 * A signal handler returns to an SVC in its frame, and stacks are not executable. Such a
 * fetch is made good here: the program gets no more than it could have had by an SVC of
 * its own.
 */
static bool sigreturn_on_stack(struct regs *regs)
{
	u16 instruction;

	if ((regs->teid & TEID_ADDRESS) != (regs->psw.address & PAGE_MASK) ||
		arch_copy_from_user(
			&instruction, regs->psw.address, sizeof(instruction)) ||
		instruction != SVC_SIGRETURN)
		return false;
	regs->psw.address += sizeof(instruction);
	regs->ilc = sizeof(instruction);
	regs->code = SVC_SIGRETURN & 0xff;
	regs->orig_2 = regs->gprs[2];
	trap_ops.syscall(regs);
	return true;
}

static void page_fault(struct regs *regs, bool protection)
{
	unsigned long fixup;

	if (protection)
		regs->psw.address -= regs->ilc;
	if (regs_from_user(regs)) {
		if (ask_page_fault(regs, protection) && !sigreturn_on_stack(regs))
			trap_ops.user_fault(regs, FAULT_SEGV, regs->teid & TEID_ADDRESS);
		return;
	}
	fixup = uaccess_fixup(regs->psw.address);
	if ((regs->teid & TEID_SPACE) == TEID_HOME || !fixup)
		kernel_fault(regs, protection);
	/* With interrupts off it is a user atomic, whose caller asks and tries again. */
	if (!regs_irqs_on(regs) || ask_page_fault(regs, protection))
		regs->psw.address = fixup;
}

/* The illegal instruction 0x0001 is what debuggers plant. */
static bool is_breakpoint(const struct regs *regs)
{
	u16 instruction;

	return regs->ilc == sizeof(instruction) &&
	       !arch_copy_from_user(&instruction, regs->psw.address - sizeof(instruction),
		       sizeof(instruction)) &&
	       instruction == 1;
}

/* A data exception is arithmetic if an IEEE reason is given, else a wrong instruction. */
static enum user_fault program_fault(const struct regs *regs, unsigned int check)
{
	if (check == PGM_OPERATION && is_breakpoint(regs))
		return FAULT_TRAP;
	if (check == PGM_DATA)
		return regs->dxc & 0xf8 && regs->dxc < 0xfe ? FAULT_FPE : FAULT_ILLEGAL;
	if (check >= PGM_FIXED_OVERFLOW && check <= PGM_HFP_DIVIDE)
		return FAULT_FPE;
	return check == PGM_ADDRESSING ? FAULT_BUS : FAULT_ILLEGAL;
}

/* The last look, if it was user mode that was interrupted; interrupts off from here. */
static void leave_to_user(struct regs *regs)
{
	arch_irq_disable();
	if (regs_from_user(regs) && unlikely(user_work()))
		trap_ops.return_to_user(regs);
}

void trap_program_check(struct regs *regs)
{
	unsigned int check = regs->code & PGM_MASK;

	if (regs_irqs_on(regs))
		arch_irq_enable();
	if (check == PGM_PROTECTION || is_translation(check))
		page_fault(regs, check == PGM_PROTECTION);
	else if (!regs_from_user(regs))
		panic_regs(regs, "program check %x in the kernel", regs->code);
	else
		trap_ops.user_fault(
			regs, program_fault(regs, check), regs->psw.address - regs->ilc);
	leave_to_user(regs);
}

void trap_system_call(struct regs *regs)
{
	arch_irq_enable();
	trap_ops.syscall(regs);
	leave_to_user(regs);
}

void trap_interrupt(struct regs *regs)
{
	u16 code = LC->ext_code;
	u32 parameter = LC->ext_parameter;

	irq_enter();
	switch (code) {
	case EXT_CLOCK_COMPARATOR:
		arch_timer_set(~0UL); /* it stays pending while the time has passed */
		timer_interrupt();
		break;
	case EXT_EMERGENCY_SIGNAL:
		ipi_receive();
		break;
	case EXT_SERVICE_SIGNAL:
		sclp_interrupt(parameter);
		break;
	}
	irq_exit(regs);
	leave_to_user(regs);
}

void trap_machine_check(struct regs *regs)
{
	panic_regs(regs, "machine check");
}
