/*
 * <arch/lowcore.h> - the prefix area: 8 KiB per CPU that the hardware and we share.
 *
 * Real addresses 0..0x1fff of a CPU are relocated ("prefixed") to its own area, so each
 * CPU finds its old and new PSWs and its per-CPU words at the same address. Interrupts
 * use real addresses; C code does not: virtual page 0 is left unmapped to catch null
 * pointers, and LOWCORE, a page number that no kernel data uses, is mapped to real 0
 * instead. One shared table entry thus shows every CPU its own area. Before DAT is on,
 * LOWCORE is just memory; arch_kernel_map_init() carries its contents over.
 *
 * Layout: PoP, chapter 3, "Assigned Storage Locations". All fields: (p) this CPU, with
 * interrupts off, or (h) hardware.
 */
#pragma once

#include "psw.h"

#define LOWCORE      0x8000 /* the virtual address; within a 20-bit displacement of 0 */
#define LOWCORE_SIZE 0x2000

/* Offsets that assembly needs. */
#define LC_EXT_OLD      0x130
#define LC_SVC_OLD      0x140
#define LC_PGM_OLD      0x150
#define LC_MCCK_OLD     0x160
#define LC_SVC_ILC      0x88
#define LC_PGM_ILC      0x8c
#define LC_TEID         0xa8
#define LC_SAVE_SYNC    0x200
#define LC_SAVE_ASYNC   0x240
#define LC_EXIT_PSW     0x280
#define LC_EXIT_SAVE    0x290
#define LC_CURRENT      0x2a0
#define LC_KERNEL_STACK 0x2a8
#define LC_PANIC_STACK  0x2b0
#define LC_START_PSW    0x2c8
#define LC_CONTROL      0x2d8

#ifndef __ASSEMBLY__
#include "kernel/base/types.h"

struct lowcore {
	u8 unused0[0x80];
	u32 ext_parameter;
	u16 ext_address; /* CPU that sent an emergency signal */
	u16 ext_code;
	u16 svc_ilc;
	u16 svc_code;
	u16 pgm_ilc;
	u16 pgm_code;
	u32 data_exception;
	u8 unused1[0xa8 - 0x94];
	u64 teid; /* translation-exception identification: address and kind */
	u8 unused2[0x120 - 0xb0];
	struct psw restart_old, ext_old, svc_old, pgm_old, mcck_old, io_old;
	u8 unused3[0x1a0 - 0x180];
	struct psw restart_new, ext_new, svc_new, pgm_new, mcck_new, io_new;
	/* From here on: ours. */
	u64 save_sync[8];  /* r8..r15 at a system call or program check */
	u64 save_async[8]; /* r8..r15 at an interrupt */
	struct psw exit_psw;
	u64 exit_save[2]; /* r14, r15 of the context that is being returned to */
	void *current;    /* the running thread */
	u64 kernel_stack; /* where entries from user mode start pushing */
	u64 panic_stack;  /* for program checks when the thread's stack is gone */
	u64 percpu_offset;
	u64 cpu;
	struct psw start_psw;
	u64 control[16]; /* control registers for a CPU being started */
	u8 unused4[LOWCORE_SIZE - 0x358];
};

static_assert_size(struct lowcore, LOWCORE_SIZE);
#define AT(field, offset) (offsetof(struct lowcore, field) == (offset))
_Static_assert(AT(svc_ilc, LC_SVC_ILC) && AT(pgm_ilc, LC_PGM_ILC) && AT(teid, LC_TEID) &&
		       AT(ext_old, LC_EXT_OLD) && AT(svc_old, LC_SVC_OLD) &&
		       AT(pgm_old, LC_PGM_OLD) && AT(mcck_old, LC_MCCK_OLD) &&
		       AT(restart_new, 0x1a0),
	"the hardware's part");
_Static_assert(AT(save_sync, LC_SAVE_SYNC) && AT(save_async, LC_SAVE_ASYNC) &&
		       AT(exit_psw, LC_EXIT_PSW) && AT(exit_save, LC_EXIT_SAVE) &&
		       AT(current, LC_CURRENT) && AT(kernel_stack, LC_KERNEL_STACK) &&
		       AT(panic_stack, LC_PANIC_STACK) && AT(start_psw, LC_START_PSW) &&
		       AT(control, LC_CONTROL),
	"our part");
#undef AT

#define LC ((volatile struct lowcore *)LOWCORE)
#endif
