/*
 * arch/contract/elf.h - what a program file must say to run here, and what it is told
 * about the machine. Inline, from <arch/elf.h>; ELF files have the machine's own byte
 * order and 64-bit class:
 *
 *   ARCH_ELF_MACHINE              e_machine
 *   ARCH_ELF_PLATFORM             AT_PLATFORM, a string literal
 *   unsigned long arch_elf_hwcap(void)   AT_HWCAP: what the kernel lets programs use
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/elf.h>
