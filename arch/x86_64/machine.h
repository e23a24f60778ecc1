/*
 * arch/x86_64/machine.h - the instructions that C cannot say: ports, MSRs, control
 * registers, CPUID. Private to arch/x86_64 and boot/grub.
 */
#pragma once

#include "kernel/base/types.h"

/* Written until arch_kernel_map_init(), read-only from then on. */
#define __ro_after_init __section(".ro_after_init")

static inline void port_write8(u16 port, u8 value)
{
	asm volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write16(u16 port, u16 value)
{
	asm volatile("outw %0, %1" ::"a"(value), "Nd"(port));
}

static inline void port_write32(u16 port, u32 value)
{
	asm volatile("outl %0, %1" ::"a"(value), "Nd"(port));
}

static inline u8 port_read8(u16 port)
{
	u8 value;

	asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

#define MSR_STAR           0xc0000081
#define MSR_LSTAR          0xc0000082
#define MSR_FMASK          0xc0000084
#define MSR_FS_BASE        0xc0000100
#define MSR_GS_BASE        0xc0000101
#define MSR_KERNEL_GS_BASE 0xc0000102

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

#define CR4_OSFXSR     BIT(9)
#define CR4_OSXMMEXCPT BIT(10)
#define CR4_UMIP       BIT(11)
#define CR4_SMEP       BIT(20)
#define CR4_SMAP       BIT(21)

static inline unsigned long read_cr2(void)
{
	unsigned long value;

	asm volatile("movq %%cr2, %0" : "=r"(value)::"memory");
	return value;
}

static inline unsigned long read_cr3(void)
{
	unsigned long value;

	asm volatile("movq %%cr3, %0" : "=r"(value)::"memory");
	return value;
}

static inline void write_cr3(unsigned long value)
{
	asm volatile("movq %0, %%cr3" ::"r"(value) : "memory");
}

static inline unsigned long read_cr4(void)
{
	unsigned long value;

	asm volatile("movq %%cr4, %0" : "=r"(value)::"memory");
	return value;
}

static inline void write_cr4(unsigned long value)
{
	asm volatile("movq %0, %%cr4" ::"r"(value) : "memory");
}

struct cpuid {
	u32 a, b, c, d;
};

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;

	asm volatile("cpuid"
		     : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
		     : "a"(leaf), "c"(subleaf));
	return r;
}
