/*
 * <arch/elf.h> for s390x: see arch/contract/elf.h.
 *
 * AT_HWCAP bits are Linux's for s390. Without the vector bit the C library keeps to the
 * general and floating-point registers.
 */
#pragma once

#define ARCH_ELF_MACHINE  22 /* EM_S390 */
#define ARCH_ELF_PLATFORM "z13"

#define HWCAP_ESAN3     (1 << 0)
#define HWCAP_ZARCH     (1 << 1)
#define HWCAP_STFLE     (1 << 2)
#define HWCAP_LDISP     (1 << 4)
#define HWCAP_EIMM      (1 << 5)
#define HWCAP_HIGH_GPRS (1 << 9)

static inline unsigned long arch_elf_hwcap(void)
{
	return HWCAP_ESAN3 | HWCAP_ZARCH | HWCAP_STFLE | HWCAP_LDISP | HWCAP_EIMM |
	       HWCAP_HIGH_GPRS;
}
