/*
 * arch/s390x/machine.h - what the files of this machine share among themselves.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/lowcore.h>

#define STACK_WINDOW     (1UL << 40) /* RAM is used up to here */
#define PANIC_STACK_SIZE 8192

void lowcore_alloc(void); /* for CPUs 1 and up, from boot memory */
void lowcore_move(void);  /* CPU 0, just before DAT goes on */

/* The prefix area of a CPU that is to be started, with its new PSWs. */
struct lowcore *lowcore_of(unsigned int cpu);

/* Where r15 points when a thread enters the kernel from user mode. */
u64 stack_for_entry(void *stack_top);

/* The machine's control registers are as the kernel wants them, except the spaces. */
void control_init(void);

/* CR13 of every CPU. */
unsigned long kernel_space(void);
