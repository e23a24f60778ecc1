/*
 * arch/contract/thread.h - what a thread is made of on this machine.
 *
 * `struct arch_thread` (from <arch/thread.h>) is embedded in struct thread: the saved
 * kernel stack pointer, the user TLS register, and room for FP/SIMD state. The kernel
 * itself uses no FP registers, so they are switched only with threads.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/thread.h>

struct thread;

/* Prepare a thread to start in fn(arg) on its own stack, interrupts off as after any
 * switch (the scheduler's entry stub turns them on). fn must not return. The stack begins
 * below arch_thread_regs(stack_top), which is not touched: a user thread's registers may
 * be there already. */
void arch_thread_init(
	struct arch_thread *thread, void *stack_top, void (*fn)(void *), void *arg);

/*
 * Save the running thread's context, load next's; returns in `next`. Interrupts off.
 * Switches: callee-saved registers, stack, arch_current(), kernel entry stack, user TLS,
 * FP/SIMD state. Does not touch address spaces.
 */
void arch_thread_switch(struct arch_thread *previous, struct arch_thread *next,
	struct thread *next_thread);

/* User TLS: the FS base, the access registers a0/a1. set acts on the running thread too.
 */
void arch_thread_set_tls(struct arch_thread *thread, unsigned long tls, bool running);

/* A new user thread inherits FP state and TLS (a vfork child runs on its parent's), or
 * starts with clean FP state (execve). */
void arch_thread_copy_fp(struct arch_thread *to, const struct arch_thread *from);
void arch_thread_reset_fp(struct arch_thread *thread, bool running);
