/*
 * boot/s390x/head.S - the first instructions, at 64 KiB: CPU 0 alone, 64-bit mode, DAT
 * off, interrupts off. QEMU's -kernel jumps here because the ELF entry is 0x10000; an
 * IPL'ed image brings a PSW that says so (mkimage.py). The parameter area at offset
 * 0x400 is Linux's: whoever loads us writes the ramdisk's place and the command line there.
 */
#include "arch/s390x/include/arch/regs.h"

	.machine "z13"
	.section .head,"ax",@progbits
	.globl	boot_entry
boot_entry:
	j	boot_clear

	.org	0x400
	.globl	boot_parameters
boot_parameters:			/* struct parameters, setup.c */
	.quad	0			/* 0x400: device */
	.quad	0, 0			/* 0x408: ramdisk: address, size */
	.org	0x430
	.quad	0x400	/* room for the command line, its NUL included */
	.quad	0			/* 0x438 */
	.quad	0			/* 0x440: "IPLIMAGE" if mkimage.py made us */
	.org	0x480
	.space	0x400

	.org	0x1400
boot_clear:				/* .bss may hold what firmware left there */
	larl	%r2,__bss_start
	larl	%r3,__bss_end
	sgr	%r3,%r2
	lghi	%r4,0
	lghi	%r5,0
1:	mvcle	%r2,%r4,0		/* no source: fills with the pad byte 0 */
	jo	1b
	larl	%r15,boot_stack_top
	aghi	%r15,-STACK_FRAME
	xc	0(8,%r15),0(%r15)	/* the back chain ends here */
	brasl	%r14,boot_main

	.section .bss.boot_stack,"aw",@nobits
	.balign	4096
	.globl	boot_stack_guard, boot_stack_top
boot_stack_guard:			/* arch_kernel_map_init() leaves it unmapped */
	.space	4096
	.space	16384
boot_stack_top:
