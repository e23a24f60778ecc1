/*
 * <arch/elf.h> for x86_64: see arch/contract/elf.h.
 */
#pragma once

#define ARCH_ELF_MACHINE  62 /* EM_X86_64 */
#define ARCH_ELF_PLATFORM "x86_64"

/* AT_HWCAP is CPUID leaf 1 EDX (Intel SDM vol. 2, CPUID). Programs may use all of it. */
static inline unsigned long arch_elf_hwcap(void)
{
	unsigned int eax = 1, ebx, ecx = 0, edx;

	__asm__("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
	return edx;
}
