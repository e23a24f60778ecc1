/*
 * arch/x86_64/apic.h - the interrupt controllers; private to arch/x86_64.
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/regs.h>

/* Vectors that are ours: stubs exist from 0xf0 up. Higher = higher priority. */
#define VECTOR_TIMER    0xf0
#define VECTOR_IPI      0xf1
#define VECTOR_CONSOLE  0xf2
#define VECTOR_SPURIOUS 0xff

/* CPU 0, once: map the registers; then each CPU: switch its local APIC on. */
void apic_init(void);
void apic_enable(void);
u32 apic_id(void);

/* Route ISA interrupt 4 (COM1) through the I/O APIC at `address` to this CPU. */
void io_apic_enable_com1(phys_t address);

enum apic_delivery {
	APIC_FIXED = 0x000,
	APIC_NMI = 0x400,
	APIC_INIT = 0x500,
	APIC_STARTUP = 0x600,
};

/* Send an interrupt to the CPU whose local APIC has this id. */
void apic_send(u32 apic_id, enum apic_delivery delivery, u8 vector);

/* The timer's counter: counts down at a constant rate; 0 as a start value stops it. */
void apic_timer_start(u32 ticks);
u32 apic_timer_left(void);

/* From the entries: one of our vectors. */
void apic_interrupt(struct regs *regs);

/* Upcalls to the devices' files. */
void clock_interrupt(void);
void serial_interrupt(void);
