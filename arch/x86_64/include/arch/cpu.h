/*
 * arch/x86_64/include/arch/cpu.h - who am I: this CPU's block, found through GS.
 *
 * In the kernel the GS base holds this CPU's per-CPU offset, so `%gs:variable` addresses
 * this CPU's copy in one instruction; CPU 0's offset is 0 and needs no set-up at all.
 * While user code runs, the base waits in MSR KERNEL_GS_BASE (see entry.asm).
 */
#pragma once

#include "kernel/base/types.h"

struct arch_thread;

/* The part of the per-CPU data that assembly knows: ARCH_CPU_* are its offsets. All (p).
 */
struct arch_cpu {
	void *current;              /* the running thread */
	unsigned long offset;       /* (c) percpu_offset of this CPU */
	unsigned long kernel_stack; /* where entries from user mode start pushing */
	unsigned long user_sp;      /* scratch of the system call entry */
	struct arch_thread *thread; /* of `current`; NULL until the first switch */
	unsigned int id;            /* (c) */
};

extern struct arch_cpu arch_cpu; /* DEFINE_PERCPU in smp.c; use the functions below */

#define ARCH_CPU_READ(how, op, field)                                                    \
	({                                                                               \
		typeof(((struct arch_cpu *)0)->field) _value;                            \
		asm how(op " %%gs:arch_cpu+%c1, %0"                                      \
			: "=r"(_value)                                                   \
			: "i"(offsetof(struct arch_cpu, field)));                        \
		_value;                                                                  \
	})

/* Not volatile: it names the same thread wherever that thread runs. */
static inline void *arch_current(void)
{
	return ARCH_CPU_READ(, "movq", current);
}

static inline unsigned long arch_percpu_offset(void)
{
	return ARCH_CPU_READ(volatile, "movq", offset);
}

static inline unsigned int arch_cpu_id(void)
{
	return ARCH_CPU_READ(volatile, "movl", id);
}

static inline void arch_current_set(void *thread)
{
	asm volatile("movq %0, %%gs:arch_cpu+%c1" ::"r"(thread),
		     "i"(offsetof(struct arch_cpu, current))
		     : "memory");
}

/* PAUSE: lets the other hardware thread run; under icount QEMU ends the CPU's turn. */
static inline void arch_cpu_relax(void)
{
	asm volatile("pause" ::: "memory");
}
