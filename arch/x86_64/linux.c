/*
 * arch/x86_64/linux.c - this machine's part of Linux's call interface
 * (arch/contract/linux.h).
 */
#include "arch/contract/linux.h"
#include "arch/contract/thread.h"
#include "arch/contract/uaccess.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/errno.h"
#include "kernel/sched/thread.h"
#include <asm/prctl.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h>

void arch_linux_clone_args(const struct regs *regs, struct linux_clone *args)
{
	args->flags = regs_arg(regs, 0);
	args->stack = regs_arg(regs, 1);
	args->parent_tid = regs_arg(regs, 2);
	args->child_tid = regs_arg(regs, 3);
	args->tls = regs_arg(regs, 4);
}

int arch_linux_mmap_args(const struct regs *regs, unsigned long args[6])
{
#pragma GCC unroll 6
	for (int i = 0; i < 6; i++)
		args[i] = regs_arg(regs, i);
	return 0;
}

/* Only FS: nothing in user space uses GS, and its base is the kernel's while it runs. */
long arch_linux_prctl(unsigned long code, unsigned long address)
{
	struct thread *thread = current();

	switch (code) {
	case ARCH_SET_FS:
		/* SAFE(tls_range): WRMSR with a non-canonical address faults, in the
		 * kernel; pairs with arch_thread_set_tls(). */
		if (address >= arch_user_end())
			return -EPERM;
		arch_thread_set_tls(&thread->arch, address, true);
		return 0;
	case ARCH_GET_FS:
		return arch_copy_to_user(address, &thread->arch.tls, sizeof(long))
			       ? -EFAULT
			       : 0;
	default:
		return -EINVAL;
	}
}

/* --- signals --- */

#define RED_ZONE 128 /* below the stack pointer, and in use: the ABI's */
#define FP_SIZE  512

/* The flags that user mode may change: the results of arithmetic, TF, DF, RF, AC. */
#define RFLAGS_USER    0x50dd5UL
#define RFLAGS_HANDLER 0x10500UL /* TF, DF, RF: off when a handler starts */

/* What Linux puts on the stack (arch/x86/include/asm/sigframe.h there). */
struct frame {
	u64 restorer; /* the handler's return address */
	struct ucontext context;
	siginfo_t info;
};

/* The x87 status word and MXCSR have the same bits; unmasked ones are the reason. */
static int fp_code(u64 vector)
{
	const struct _fpstate *fp = (const void *)fp_image(&current()->arch);
	u32 raised = vector == 16 ? fp->swd & ~fp->cwd : fp->mxcsr & ~(fp->mxcsr >> 7);

	if (raised & 0x01)
		return FPE_FLTINV;
	if (raised & 0x04)
		return FPE_FLTDIV;
	if (raised & 0x08)
		return FPE_FLTOVF;
	return raised & 0x12 ? FPE_FLTUND : FPE_FLTRES;
}

int arch_linux_fault_code(const struct regs *regs, enum user_fault what)
{
	switch (regs->vector) {
	case 0:
		return FPE_INTDIV;
	case 1:
		return TRAP_TRACE;
	case 6:
		return ILL_ILLOPN;
	case 14:
		return 0;
	case 16:
	case 19:
		return fp_code(regs->vector);
	default:
		return SI_KERNEL;
	}
}

#define REGISTERS(each)                                                                  \
	each(r8) each(r9) each(r10) each(r11) each(r12) each(r13) each(r14) each(r15)    \
		each(rax) each(rbx) each(rcx) each(rdx) each(rsi) each(rdi) each(rbp)    \
			each(rsp) each(rip)
#define COPY(name) to->name = from->name;

static void save_registers(struct sigcontext *to, const struct regs *from)
{
	REGISTERS(COPY)
	to->eflags = from->rflags;
	to->cs = from->cs;
	to->ss = from->ss;
}

/* A wild RIP is leave_to_user()'s to refuse (trap.c). */
static void load_registers(struct regs *to, const struct sigcontext *from)
{
	REGISTERS(COPY)
	/* SAFE(signal_rflags): with all bits from the frame a program could switch
	 * interrupts off, or give itself the I/O ports (IOPL). */
	to->rflags = (to->rflags & ~RFLAGS_USER) | (from->eflags & RFLAGS_USER);
}

static void start_handler(
	struct regs *regs, const struct linux_handler *handler, unsigned long at)
{
	regs->rdi = handler->info.si_signo;
	regs->rsi = at + offsetof(struct frame, info);
	regs->rdx = at + offsetof(struct frame, context);
	regs->rax = 0; /* no vector arguments */
	regs->rip = handler->entry;
	regs->rsp = at;
	regs->rflags &= ~RFLAGS_HANDLER;
}

int arch_linux_handler_enter(struct regs *regs, const struct linux_handler *handler)
{
	bool same_stack = handler->stack == regs->rsp;
	unsigned long top = handler->stack - (same_stack ? RED_ZONE : 0);
	unsigned long fp = ALIGN_DOWN(top - FP_SIZE, 64UL);
	/* As after a call: the return address lies below what is aligned. */
	unsigned long at = ALIGN_DOWN(fp - sizeof(struct frame), 16UL) - 8;
	struct frame frame = {.restorer = handler->restorer,
		.context = {.uc_flags = UC_SIGCONTEXT_SS | UC_STRICT_RESTORE_SS,
			.uc_stack = handler->alternate,
			.uc_sigmask = handler->blocked},
		.info = handler->info};

	if (!handler->restorer || at < handler->floor)
		return -EFAULT;
	save_registers(&frame.context.uc_mcontext, regs);
	frame.context.uc_mcontext.fpstate = (void *)fp;
	if (regs->vector < 32) {
		frame.context.uc_mcontext.trapno = regs->vector;
		frame.context.uc_mcontext.err = regs->error;
		frame.context.uc_mcontext.cr2 = (unsigned long)handler->info.si_addr;
	}
	if (arch_copy_to_user(fp, fp_image(&current()->arch), FP_SIZE) ||
		arch_copy_to_user(at, &frame, sizeof(frame)))
		return -EFAULT;
	arch_thread_reset_fp(&current()->arch, true); /* as a function may expect it */
	start_handler(regs, handler, at);
	return 0;
}

static int load_fp(unsigned long from)
{
	u8 image[FP_SIZE] __aligned(16);

	if (!from) {
		arch_thread_reset_fp(&current()->arch, true);
		return 0;
	}
	if (arch_copy_from_user(image, from, sizeof(image)) ||
		!fp_load_image(&current()->arch, image))
		return -EFAULT;
	return 0;
}

/* The restorer was returned to: the stack pointer is behind its address. */
int arch_linux_handler_leave(struct regs *regs, u64 *blocked, stack_t *alternate)
{
	unsigned long at = regs->rsp - sizeof(u64);
	struct ucontext context;
	const struct sigcontext *from = &context.uc_mcontext;

	if (arch_copy_from_user(
		    &context, at + offsetof(struct frame, context), sizeof(context)))
		return -EFAULT;
	/* There are no other segments here. Linux would try them, with the same result.
	 */
	if ((from->cs | 3) != USER_CODE || (from->ss | 3) != USER_DATA)
		return -EFAULT;
	if (load_fp((unsigned long)from->fpstate))
		return -EFAULT;
	load_registers(regs, from);
	*blocked = context.uc_sigmask;
	*alternate = context.uc_stack;
	return 0;
}
