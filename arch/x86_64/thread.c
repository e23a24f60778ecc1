/*
 * arch/x86_64/thread.c - making and switching threads.
 *
 * A kernel stack, from its top down: struct regs of the user mode that the thread came
 * from (if any), then the kernel's calls. switch_stacks() saves the callee-saved
 * registers below; a new thread's stack is made to look as if it had called
 * switch_stacks() too.
 */
#include "arch/contract/thread.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/string.h"

#define FP_CONTROL 0x37f  /* x87: all exceptions masked, extended precision */
#define FP_MXCSR   0x1f80 /* SSE: all exceptions masked */

/* Places in an FXSAVE image; which bits MXCSR may have, if the second says 0. */
#define FP_MXCSR_AT       24
#define FP_MXCSR_MASK     28
#define FP_MXCSR_MASK_OLD 0xffbfu

/* What switch_stacks() pops, lowest address first. */
struct switch_frame {
	u64 r15, r14, r13, r12, rbx, rbp;
	u64 return_address;
	u64 pad; /* thread_begin runs with the stack pointer here: 16-aligned */
};

struct regs *arch_thread_regs(void *stack_top)
{
	return (struct regs *)stack_top - 1;
}

static void fp_save(struct arch_thread *thread)
{
	asm volatile("fxsave64 %0" : "=m"(thread->fp));
}

static void fp_restore(const struct arch_thread *thread)
{
	asm volatile("fxrstor64 %0" ::"m"(thread->fp));
}

static void fp_clean(struct arch_thread *thread)
{
	memset(thread->fp, 0, sizeof(thread->fp));
	*(u16 *)thread->fp = FP_CONTROL;
	*(u32 *)(thread->fp + FP_MXCSR_AT) = FP_MXCSR;
}

void arch_thread_init(
	struct arch_thread *thread, void *stack_top, void (*fn)(void *), void *arg)
{
	struct switch_frame *frame = (void *)arch_thread_regs(stack_top);

	ASSERT(IS_ALIGNED((unsigned long)thread->fp, 16), "FXSAVE needs alignment, %p",
		(void *)thread);
	frame--;
	*frame = (struct switch_frame){
		.rbx = (u64)fn, .r12 = (u64)arg, .return_address = (u64)thread_begin};
	*thread = (struct arch_thread){
		.sp = (unsigned long)frame, .stack_top = (unsigned long)stack_top};
	fp_clean(thread);
}

/* FP state of threads that never were in user mode is nobody's: not worth moving. */
void arch_thread_switch(struct arch_thread *previous, struct arch_thread *next,
	struct thread *next_thread)
{
	if (previous->user)
		fp_save(previous);
	if (next->user) {
		fp_restore(next);
		msr_write(MSR_FS_BASE, next->tls);
	}
	descriptors_set_kernel_stack(next->stack_top);
	this_cpu(arch_cpu).thread = next;
	arch_current_set(next_thread);
	switch_stacks(&previous->sp, next->sp);
}

void thread_becomes_user(void)
{
	struct arch_thread *thread = this_cpu(arch_cpu).thread;

	thread->user = true;
	fp_restore(thread);
	msr_write(MSR_FS_BASE, thread->tls);
}

void arch_thread_set_tls(struct arch_thread *thread, unsigned long tls, bool running)
{
	thread->tls = tls;
	if (running)
		msr_write(MSR_FS_BASE, tls);
}

/* `from` is the running thread or one that does not run at all. */
void arch_thread_copy_fp(struct arch_thread *to, const struct arch_thread *from)
{
	to->tls = from->tls;
	if (from->user && from == ARCH_CPU_READ(volatile, "movq", thread))
		fp_save(to);
	else
		memcpy(to->fp, from->fp, sizeof(to->fp));
}

void arch_thread_reset_fp(struct arch_thread *thread, bool running)
{
	unsigned long flags = arch_irq_save(); /* a switch would save over the image */

	fp_clean(thread);
	if (running)
		fp_restore(thread);
	arch_irq_restore(flags);
}

/* A switch in between saves the same again. */
const u8 *fp_image(struct arch_thread *thread)
{
	fp_save(thread);
	return thread->fp;
}

bool fp_load_image(struct arch_thread *thread, const u8 *image)
{
	const u32 *supported = (const u32 *)(fp_image(thread) + FP_MXCSR_MASK);
	u32 mxcsr = *(const u32 *)(image + FP_MXCSR_AT);
	unsigned long flags;

	/* SAFE(signal_mxcsr): FXRSTOR faults, in the kernel, on a bit that this CPU does
	 * not have (Intel SDM vol. 1, 10.5.1.2), and a frame is the program's. */
	if (mxcsr & ~(*supported ? *supported : FP_MXCSR_MASK_OLD))
		return false;
	flags = arch_irq_save(); /* a switch would save over the image */
	memcpy(thread->fp, image, sizeof(thread->fp));
	fp_restore(thread);
	arch_irq_restore(flags);
	return true;
}
