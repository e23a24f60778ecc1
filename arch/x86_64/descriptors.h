/*
 * arch/x86_64/descriptors.h - what the CPU reads from memory to take a trap.
 */
#pragma once

/* Where this CPU's next entry from user mode starts pushing. Interrupts off. */
void descriptors_set_kernel_stack(unsigned long top);

/* GDT, TSS and IDT of this CPU. */
void descriptors_load(void);
