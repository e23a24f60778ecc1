/*
 * arch/x86_64/backtrace.c - follow the frame pointers, believing nothing.
 *
 * Every function starts with push rbp; mov rbp, rsp, so rbp points to the caller's rbp
 * with the return address above. A frame is read only if the kernel's page table maps it,
 * and the chain must go up by less than a stack each time: a wild rbp ends it, no fault.
 */
#include "arch/x86_64/x86.h"

#define FRAMES_MAX 32
#define STACK_SPAN 65536

struct frame {
	const struct frame *caller;
	unsigned long return_address;
};

static bool readable(const struct frame *frame)
{
	unsigned long at = (unsigned long)frame;

	return IS_ALIGNED(at, 8) && arch_kernel_access(at) &&
	       arch_kernel_access(at + sizeof(*frame) - 1);
}

void arch_backtrace(const struct regs *regs, void (*visit)(unsigned long address))
{
	const struct frame *frame = __builtin_frame_address(0);
	int left = FRAMES_MAX;

	if (regs) {
		if (regs_from_user(regs))
			return;
		frame = (const struct frame *)regs->rbp;
	}
	while (left-- && readable(frame) && frame->return_address) {
		unsigned long span = (unsigned long)frame->caller - (unsigned long)frame;

		visit(frame->return_address);
		if (span >= STACK_SPAN)
			break;
		frame = frame->caller;
	}
}
