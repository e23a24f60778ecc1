/*
 * arch/s390x/thread.c - preparing what entry.S switches to, and the user's registers.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/irq.h"
#include "kernel/base/string.h"

/* The register save area that the ABI puts at the start of a frame. */
struct frame {
	unsigned long back_chain, reserved[5];
	unsigned long saved[10]; /* r6..r15 */
	unsigned long fprs[4];
};

static_assert_size(struct frame, STACK_FRAME);

struct regs *arch_thread_regs(void *stack_top)
{
	return (struct regs *)stack_top - 1;
}

void arch_thread_init(
	struct arch_thread *thread, void *stack_top, void (*fn)(void *), void *arg)
{
	struct frame *frame = (struct frame *)stack_for_entry(stack_top);

	*frame = (struct frame){0};
	frame->saved[0] = (unsigned long)fn;
	frame->saved[1] = (unsigned long)arg;
	frame->saved[8] = (unsigned long)thread_begin;
	frame->saved[9] = (unsigned long)frame;
	thread->sp = (unsigned long)frame;
	thread->entry = (unsigned long)frame;
}

void arch_thread_set_tls(struct arch_thread *thread, unsigned long tls, bool running)
{
	unsigned long flags = arch_irq_save(); /* a switch would store the old one */

	thread->acrs[0] = tls >> 32;
	thread->acrs[1] = tls;
	if (running)
		asm volatile("lam %%a0,%%a1,%0" : : "Q"(thread->acrs));
	arch_irq_restore(flags);
}

/* Called by the thread `from` itself: the registers are the state. The TLS pointer goes
 * along; arch_thread_set_tls() may replace it. */
void arch_thread_copy_fp(struct arch_thread *to, const struct arch_thread *from)
{
	user_state_save(to);
}

void arch_thread_reset_fp(struct arch_thread *thread, bool running)
{
	unsigned long flags = arch_irq_save();

	memset(thread->fprs, 0, sizeof(thread->fprs));
	memset(thread->acrs, 0, sizeof(thread->acrs));
	thread->fpc = 0;
	if (running)
		user_state_load(thread);
	arch_irq_restore(flags);
}
