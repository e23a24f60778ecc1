/*
 * <arch/psw.h> - the program status word: the CPU's mode and where it executes.
 *
 * Bits of the first word (z/Architecture PoP, chapter 4, "Program-Status Word"). The
 * kernel always runs with DAT on in home space, user programs in primary space: the two
 * never share an address space, so no pointer means anything in the other one.
 */
#pragma once

#define PSW_DAT     0x0400000000000000
#define PSW_EXT     0x0100000000000000 /* external interrupts: timer, IPI, SCLP */
#define PSW_MCHECK  0x0004000000000000
#define PSW_WAIT    0x0002000000000000
#define PSW_PROBLEM 0x0001000000000000 /* user mode */
#define PSW_HOME    0x0000c00000000000 /* address space: CR13; primary is 0: CR1 */
#define PSW_EA      0x0000000100000000
#define PSW_64      0x0000000180000000 /* 64-bit addressing: EA and BA */

#define PSW_KERNEL   (PSW_DAT + PSW_MCHECK + PSW_HOME + PSW_64)
#define PSW_USER     (PSW_DAT + PSW_EXT + PSW_MCHECK + PSW_PROBLEM + PSW_64)
#define PSW_REAL     PSW_64              /* DAT off: boot, and CPUs just started */
#define PSW_DISABLED (PSW_WAIT + PSW_64) /* nothing ends this wait: QEMU does */

#ifndef __ASSEMBLY__
struct psw {
	unsigned long mask;
	unsigned long address;
};
#endif
