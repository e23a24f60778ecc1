/*
 * arch/s390x/linux.c - this machine's part of Linux's call interface
 * (arch/contract/linux.h).
 */
#include <linux/signal.h>
#include <asm/sigcontext.h>
#include <asm/ucontext.h> /* has a member with a name that is a macro of ours: first */
#include "arch/contract/linux.h"
#include "arch/contract/irq.h"
#include "arch/contract/uaccess.h"
#include "arch/s390x/machine.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/thread.h"

/* Stack and flags are the other way round here. */
void arch_linux_clone_args(const struct regs *regs, struct linux_clone *args)
{
	args->stack = regs_arg(regs, 0);
	args->flags = regs_arg(regs, 1);
	args->parent_tid = regs_arg(regs, 2);
	args->child_tid = regs_arg(regs, 3);
	args->tls = regs_arg(regs, 4);
}

/* A call has five argument registers; mmap's six arguments lie in memory. */
int arch_linux_mmap_args(const struct regs *regs, unsigned long args[6])
{
	if (arch_copy_from_user(args, regs_arg(regs, 0), 6 * sizeof(args[0])))
		return -EFAULT;
	return 0;
}

long arch_linux_prctl(unsigned long code, unsigned long address)
{
	return -ENOSYS;
}

/* --- signals --- */

#define PSW_CONDITION 0x00003f0000000000UL /* condition code and program mask */
#define FPC_RESERVED  0x03030088U

/*
 * What Linux puts on the stack (arch/s390/kernel/signal.c there), without the part for
 * vector registers. `svc` is where a handler returns to if the program has not said
 * another place; on a stack that is not executable, trap.c executes it.
 */
struct frame {
	u8 save_area[__SIGNAL_FRAMESIZE]; /* the ABI's, for the handler */
	u16 svc;
	siginfo_t info;
	struct ucontext context;
};

/* The data-exception code of an IEEE trap has a bit for the reason. */
static int fp_code(u32 dxc)
{
	static const u8 codes[] = {
		FPE_FLTINV, FPE_FLTDIV, FPE_FLTOVF, FPE_FLTUND, FPE_FLTRES};

	for (unsigned int i = 0; i < sizeof(codes); i++)
		if (dxc & 0x80 >> i)
			return codes[i];
	return ILL_ILLOPN;
}

int arch_linux_fault_code(const struct regs *regs, enum user_fault what)
{
	static const u8 codes[] = {[PGM_OPERATION] = ILL_ILLOPC,
		[PGM_PRIVILEGED] = ILL_PRVOPC,
		[PGM_EXECUTE] = ILL_ILLOPN,
		[PGM_ADDRESSING] = BUS_ADRERR,
		[PGM_SPECIFICATION] = ILL_ILLOPN,
		[PGM_FIXED_OVERFLOW] = FPE_INTOVF,
		[PGM_FIXED_DIVIDE] = FPE_INTDIV,
		[PGM_DECIMAL_OVERFLOW] = FPE_INTOVF,
		[PGM_DECIMAL_DIVIDE] = FPE_INTDIV,
		[PGM_HFP_OVERFLOW] = FPE_FLTOVF,
		[PGM_HFP_UNDERFLOW] = FPE_FLTUND,
		[PGM_HFP_SIGNIFICANCE] = FPE_FLTRES,
		[PGM_HFP_DIVIDE] = FPE_FLTDIV};
	unsigned int check = regs->code & PGM_MASK;

	if (what == FAULT_SEGV)
		return 0;
	if (what == FAULT_TRAP)
		return TRAP_BRKPT;
	if (check == PGM_DATA)
		return fp_code(regs->dxc);
	return check < sizeof(codes) && codes[check] ? codes[check] : ILL_ILLOPN;
}

static void save_registers(_sigregs *to, const struct regs *regs)
{
	struct arch_thread *thread = &current()->arch;

	memset(to, 0, sizeof(*to));
	user_state_save(thread);
	to->regs.psw.mask = regs->psw.mask;
	to->regs.psw.addr = regs->psw.address;
	memcpy(to->regs.gprs, regs->gprs, sizeof(regs->gprs));
	memcpy(to->regs.acrs, thread->acrs, sizeof(thread->acrs));
	memcpy(to->fpregs.fprs, thread->fprs, sizeof(thread->fprs));
	to->fpregs.fpc = thread->fpc;
}

/* Of a mask that a program gives, what it could set without us. */
static unsigned long user_psw_mask(unsigned long wanted)
{
	/* SAFE(signal_psw): with the whole mask from the frame a program would go on in
	 * supervisor state, in the kernel's address space, or with interrupts off. */
	unsigned long mask = (PSW_USER & ~PSW_64) | (wanted & (PSW_CONDITION | PSW_64));

	return mask & PSW_EA ? mask | PSW_64 : mask;
}

static void load_registers(struct regs *regs, const _sigregs *from)
{
	struct arch_thread *thread = &current()->arch;
	unsigned long flags = arch_irq_save(); /* a switch would store the old ones */

	regs->psw.mask = user_psw_mask(from->regs.psw.mask);
	regs->psw.address = from->regs.psw.addr;
	memcpy(regs->gprs, from->regs.gprs, sizeof(regs->gprs));
	memcpy(thread->acrs, from->regs.acrs, sizeof(thread->acrs));
	memcpy(thread->fprs, from->fpregs.fprs, sizeof(thread->fprs));
	thread->fpc = from->fpregs.fpc;
	user_state_load(thread);
	arch_irq_restore(flags);
}

static void start_handler(
	struct regs *regs, const struct linux_handler *handler, unsigned long at)
{
	regs->gprs[2] = handler->info.si_signo;
	regs->gprs[3] = at + offsetof(struct frame, info);
	regs->gprs[4] = at + offsetof(struct frame, context);
	regs->gprs[14] =
		handler->restorer ? handler->restorer : at + offsetof(struct frame, svc);
	regs->gprs[15] = at;
	regs->psw.mask = PSW_USER | (regs->psw.mask & PSW_CONDITION);
	regs->psw.address = handler->entry;
}

/* The first word of the frame is the back chain. */
int arch_linux_handler_enter(struct regs *regs, const struct linux_handler *handler)
{
	unsigned long at = ALIGN_DOWN(handler->stack - sizeof(struct frame), 8UL);
	struct frame frame = {.svc = SVC_SIGRETURN,
		.info = handler->info,
		.context = {
			.uc_stack = handler->alternate, .uc_sigmask = handler->blocked}};

	if (at < handler->floor)
		return -EFAULT;
	save_registers(&frame.context.uc_mcontext, regs);
	memcpy(frame.save_area, &regs->gprs[15], sizeof(regs->gprs[15]));
	if (arch_copy_to_user(at, &frame, sizeof(frame)))
		return -EFAULT;
	start_handler(regs, handler, at);
	return 0;
}

/* SAFE(signal_fpc): LFPC of a value that the architecture reserves is a specification
 * exception (PoP, chapter 9), and it is the kernel that executes it. */
static bool fpc_valid(u32 fpc)
{
	u32 rounding = fpc & 7;

	return !(fpc & FPC_RESERVED) && (rounding < 4 || rounding == 7);
}

int arch_linux_handler_leave(struct regs *regs, u64 *blocked, stack_t *alternate)
{
	struct ucontext context;

	if (arch_copy_from_user(&context,
		    regs->gprs[15] + offsetof(struct frame, context), sizeof(context)) ||
		!fpc_valid(context.uc_mcontext.fpregs.fpc))
		return -EFAULT;
	load_registers(regs, &context.uc_mcontext);
	*blocked = context.uc_sigmask;
	*alternate = context.uc_stack;
	return 0;
}
