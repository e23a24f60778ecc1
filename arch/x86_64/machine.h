/*
 * arch/x86_64/machine.h - the instructions that C cannot say. Private to this machine.
 */
#pragma once

#include "kernel/base/types.h"

/* Written until arch_kernel_map_init(), read-only from then on. */
#define __ro_after_init __section(".ro_after_init")

static inline void port_write8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline u8 port_read8(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

#define MSR_APIC_BASE 0x1b
#define MSR_STAR      0xc0000081
#define MSR_LSTAR     0xc0000082
#define MSR_FMASK     0xc0000084
#define MSR_FS_BASE   0xc0000100
#define MSR_GS_BASE   0xc0000101

static inline void msr_write(u32 msr, u64 value)
{
	asm volatile("wrmsr" ::"c"(msr), "a"((u32)value), "d"((u32)(value >> 32))
		     : "memory");
}

static inline u64 msr_read(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static inline u64 read_tsc(void)
{
	u32 low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (u64)high << 32 | low;
}

#define read_cr(n)                                                                       \
	({                                                                               \
		unsigned long _value;                                                    \
		asm volatile("movq %%cr" #n ", %0" : "=r"(_value)::"memory");            \
		_value;                                                                  \
	})
#define write_cr(n, value) asm volatile("movq %0, %%cr" #n ::"r"(value) : "memory")
