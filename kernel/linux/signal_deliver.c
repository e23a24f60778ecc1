/*
 * kernel/linux/signal_deliver.c - what a signal does: nothing, an end, a stop, or a
 * handler; and the way back from one.
 *
 *   regs --arch_linux_handler_enter()--> frame on the user's stack, regs at the handler
 *   frame --rt_sigreturn, arch_linux_handler_leave()--> regs
 *
 * The frame belongs to the program: a handler may change it, and anybody may call
 * rt_sigreturn with a frame of his own. So nothing in it is believed that user mode could
 * not have done itself. A frame that cannot be written or read is a SIGSEGV.
 *
 * Everything here is about the running thread; its actions are read under the state lock.
 */
#include "kernel/linux/signal.h"
#include "kernel/base/atomic.h"
#include "kernel/base/trace.h"
#include "mm/space/vma.h"

/* --- alternate stacks --- */

static bool on_alternate(const stack_t *stack, unsigned long sp)
{
	return !(stack->ss_flags & SS_AUTODISARM) && sp > (unsigned long)stack->ss_sp &&
	       sp - (unsigned long)stack->ss_sp <= stack->ss_size;
}

/* -EPERM: it is in use; so nobody pulls it away from under a handler. */
static int set_alternate(const stack_t *stack, unsigned long sp)
{
	stack_t *mine = &linux_thread()->alternate;
	unsigned int mode = stack->ss_flags & ~SS_FLAG_BITS;

	if (on_alternate(mine, sp))
		return -EPERM;
	if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0)
		return -EINVAL;
	if (mode != SS_DISABLE && stack->ss_size < MINSIGSTKSZ)
		return -ENOMEM;
	*mine = *stack;
	if (mode == SS_DISABLE) {
		mine->ss_sp = NULL;
		mine->ss_size = 0;
	}
	return 0;
}

long sys_sigaltstack(struct regs *regs)
{
	unsigned long from = regs_arg(regs, 0), to = regs_arg(regs, 1);
	stack_t stack, previous = linux_thread()->alternate;
	int error = 0;

	if (from && user_get(&stack, from, sizeof(stack)))
		return -EFAULT;
	previous.ss_flags &= SS_FLAG_BITS;
	if (!previous.ss_size)
		previous.ss_flags |= SS_DISABLE;
	else if (on_alternate(&previous, regs_sp(regs)))
		previous.ss_flags |= SS_ONSTACK;
	if (from)
		error = set_alternate(&stack, regs_sp(regs));
	if (!error && to)
		error = user_put(to, &previous, sizeof(previous));
	return error;
}

/* --- entering a handler --- */

void signal_to_user(siginfo_t *to, const struct signal_info *from)
{
	memset(to, 0, sizeof(*to));
	to->si_signo = from->signal;
	to->si_code = from->code;
	if (SIGBIT(from->signal) & FAULTS && from->code > 0) {
		to->si_addr = (void *)from->address;
		return;
	}
	to->si_pid = from->pid;
	if (from->signal == SIGCHLD && from->code > 0)
		to->si_status = from->status;
	else
		to->si_ptr = (void *)from->address;
}

/* An interrupted call has -EINTR as its result already; or it is to start again. */
static void settle_call(struct regs *regs, bool again)
{
	struct linux_thread *thread = linux_thread();

	if (thread->restart && again)
		regs_restart_syscall(regs);
	thread->restart = 0;
}

static void choose_stack(
	struct linux_handler *handler, const struct sigaction *action, unsigned long sp)
{
	const stack_t *alternate = &linux_thread()->alternate;
	unsigned long start = (unsigned long)alternate->ss_sp;
	bool inside = on_alternate(alternate, sp);

	handler->stack = sp;
	if (action->sa_flags & SA_ONSTACK && alternate->ss_size && !inside) {
		handler->stack = start + alternate->ss_size;
		inside = true;
	}
	/* SAFE(alternate_floor): without it a handler that interrupts itself again and
	 * again would write frames below its stack, over whatever lies there. */
	handler->floor = inside ? start : 0;
}

/* False: there was no place for the frame. */
static bool enter_handler(
	struct regs *regs, const struct signal_info *info, const struct sigaction *action)
{
	struct linux_thread *thread = linux_thread();
	struct linux_handler handler = {.entry = (unsigned long)action->sa_handler,
		.alternate = thread->alternate,
		.blocked =
			thread->restore_blocked ? thread->old_blocked : thread->blocked};

	if (action->sa_flags & SA_RESTORER)
		handler.restorer = (unsigned long)action->sa_restorer;
	settle_call(regs, thread->restart == -ERESTART && action->sa_flags & SA_RESTART);
	thread->restart_until = 0;
	signal_to_user(&handler.info, info);
	choose_stack(&handler, action, regs_sp(regs));
	if (arch_linux_handler_enter(regs, &handler))
		return false;
	thread->restore_blocked = false;
	if (thread->alternate.ss_flags & SS_AUTODISARM)
		thread->alternate = (stack_t){.ss_flags = SS_DISABLE};
	signal_set_blocked(thread->blocked | action->sa_mask |
			   (action->sa_flags & SA_NODEFER ? 0 : SIGBIT(info->signal)));
	return true;
}

/* A second SIGSEGV for want of a frame for the first would not end. Want of memory is
 * not the program's mistake. */
static void no_frame(struct regs *regs, const struct signal_info *info)
{
	const struct signal_info segv = {.signal = SIGSEGV, .code = SI_KERNEL};

	if (current_thread()->fault_error == -ENOMEM)
		task_exit(TASK_KILLED(SIGKILL));
	linux_note("no place for the frame of signal %d at %lx", info->signal,
		regs_sp(regs));
	if (info->signal == SIGSEGV)
		task_exit(TASK_KILLED(SIGSEGV));
	signal_force(&segv);
}

/* --- delivering --- */

static void stop_all_threads(void)
{
	struct task *task = current_task();
	struct task_thread *thread;

	atomic_store(&linux_task()->stopped, true);
	mutex_lock(&task_tree_lock);
	list_for_each (thread, &task->threads, link)
		task_thread_notify(thread, TASK_WORK_SIGNAL);
	mutex_unlock(&task_tree_lock);
}

/* The action for a signal that was just taken; false: it is ignored. */
static bool get_action(int signal, struct sigaction *action)
{
	struct linux_task *state = linux_task();
	bool ignored;

	spin_lock(&state->lock);
	*action = state->actions[signal - 1];
	ignored = signal_ignored(current_task(), signal);
	if (!ignored && action->sa_flags & SA_RESETHAND)
		state->actions[signal - 1].sa_handler = SIG_DFL;
	spin_unlock(&state->lock);
	return !ignored;
}

static void act(struct regs *regs, const struct signal_info *info)
{
	struct sigaction action;

	if (!get_action(info->signal, &action))
		return;
	if (action.sa_handler != SIG_DFL) {
		if (!enter_handler(regs, info, &action))
			no_frame(regs, info);
	} else if (SIGBIT(info->signal) & STOPPING) {
		stop_all_threads();
	} else {
		task_exit(TASK_KILLED(info->signal));
	}
}

/* No handler ran: the program is not to notice anything. */
static void settle_without_handler(struct regs *regs)
{
	struct linux_thread *thread = linux_thread();

	settle_call(regs, true);
	if (!thread->restore_blocked)
		return;
	thread->restore_blocked = false;
	signal_set_blocked(thread->old_blocked);
}

/*
 * SAFE(signal_clear_first): the work bit is cleared before the pending bits are looked
 * at. The other way round, a signal that is sent in between would set a bit that we then
 * clear, and nobody would look again. Pairs with task_thread_notify() after the pending
 * bit is set in send().
 */
void signal_deliver(struct regs *regs)
{
	struct task_thread *me = current_thread();
	struct linux_task *state = linux_task();
	struct signal_info info;

	for (;;) {
		atomic_and(&me->thread.info.work, ~TASK_WORK_SIGNAL);
		TRACE_POINT(signal_look);
		if (atomic_load(&state->stopped) &&
			!(atomic_load(&me->thread.info.work) & TASK_WORK_LEAVE))
			(void)wait_event_killable(
				&state->continued, !atomic_load(&state->stopped));
		else if (signal_take(~linux_thread()->blocked, &info))
			act(regs, &info);
		else
			break;
	}
	settle_without_handler(regs);
}

/* A page that is mapped forbids something; or there is none. */
static int segv_code(unsigned long address)
{
	struct mm *mm = current()->mm;
	const struct vma *vma;
	int code;

	mm_read_lock(mm);
	vma = vma_find(mm, address);
	code = vma && vma->start <= address ? SEGV_ACCERR : SEGV_MAPERR;
	mm_read_unlock(mm);
	return code;
}

/* What the program did cannot be skipped: without a handler that may run now, it ends. */
void signal_fault(struct regs *regs, enum user_fault what, unsigned long address)
{
	static const u8 signals[] = {
		[FAULT_SEGV] = SIGSEGV,
		[FAULT_ILLEGAL] = SIGILL,
		[FAULT_BUS] = SIGBUS,
		[FAULT_FPE] = SIGFPE,
		[FAULT_TRAP] = SIGTRAP,
	};
	struct signal_info info = {.signal = signals[what], .address = address};
	struct linux_task *state = linux_task();
	__sighandler_t handler;

	info.code = arch_linux_fault_code(regs, what);
	if (!info.code)
		info.code = what == FAULT_BUS ? BUS_ADRERR : segv_code(address);
	if (info.code == SI_KERNEL)
		info.address = 0;
	spin_lock(&state->lock);
	handler = state->actions[info.signal - 1].sa_handler;
	spin_unlock(&state->lock);
	if (handler == SIG_DFL || handler == SIG_IGN ||
		linux_thread()->blocked & SIGBIT(info.signal))
		task_report_fault(regs, what, address);
	signal_force(&info);
}

/* --- back --- */

/* The result is that of the call which was interrupted, or what the handler made of it.
 */
long sys_rt_sigreturn(struct regs *regs)
{
	const struct signal_info segv = {.signal = SIGSEGV, .code = SI_KERNEL};
	stack_t alternate;
	u64 blocked;

	if (arch_linux_handler_leave(regs, &blocked, &alternate)) {
		linux_note("sigreturn without a frame at %lx", regs_sp(regs));
		signal_force(&segv);
		return 0;
	}
	signal_set_blocked(blocked);
	(void)set_alternate(&alternate, regs_sp(regs));
	return regs_result(regs);
}
