/*
 * arch/s390x/machine.h - what the files of this machine share among themselves.
 */
#pragma once

#include "arch/contract/pgtable.h"
#include "arch/contract/thread.h"
#include "arch/contract/trap.h"

/* --- control registers and facility bits: PoP, chapter 4 --- */

#define CR0_SECONDARY 0x04000000UL /* secondary-space mode is allowed */
#define CR0_EDAT      0x00800000UL /* large leaves are leaves */
#define CR0_IEP       0x00100000UL /* the no-execute bit of leaves counts */
#define CR0_AFP       0x00040000UL /* all sixteen floating-point registers */
#define CR0_EMERGENCY 0x00004000UL /* interrupts: another CPU's signal, */
#define CR0_CLOCK     0x00000800UL /* the clock comparator, */
#define CR0_SERVICE   0x00000200UL /* the service processor */

#define control_load(number, value)                                                      \
	({                                                                               \
		unsigned long _value = (value);                                          \
		asm volatile("lctlg %%c" #number ",%%c" #number ",%0" ::"Q"(_value)      \
			     : "memory");                                                \
	})
#define control_store(number)                                                            \
	({                                                                               \
		unsigned long _value;                                                    \
		asm volatile("stctg %%c" #number ",%%c" #number ",%0" : "=Q"(_value));   \
		_value;                                                                  \
	})

/* CPU 0's, from which the other CPUs' are copied; `home` is the kernel's space. */
void control_init(const pxd_t *home);

/* The control-register value that names the space under a root table. */
unsigned long asce_of(const pxd_t *root);

/* --- prefix areas (lowcore.c) --- */

#define STACK_WINDOW (1UL << 40) /* RAM is used up to here */

void lowcore_alloc(void);                     /* for CPUs 1 and up, from boot memory */
void lowcore_move(void);                      /* CPU 0, just before DAT goes on */
struct lowcore *lowcore_of(unsigned int cpu); /* of a CPU that is to be started */

/* Where r15 points when a thread enters the kernel from user mode. */
u64 stack_for_entry(void *stack_top);

/* --- entry.S --- */

extern char svc_entry[], pgm_entry[], pgm_entry_early[], ext_entry[], mcck_entry[];
extern char cpu_entry[], thread_begin[];

void enter_home_space(struct psw *psw); /* loads psw->mask, goes on behind the call */
void user_state_save(struct arch_thread *to); /* floating point, access registers */
void user_state_load(const struct arch_thread *from);

/* Called from there with interrupts off; when they return, the context goes on. */
void trap_system_call(struct regs *regs);
void trap_program_check(struct regs *regs);
void trap_interrupt(struct regs *regs);
__noreturn void trap_machine_check(struct regs *regs);

/* Codes of program checks (PoP, chapter 6). */
enum program_check {
	PGM_OPERATION = 0x01,
	PGM_PRIVILEGED = 0x02,
	PGM_EXECUTE = 0x03,
	PGM_PROTECTION = 0x04,
	PGM_ADDRESSING = 0x05,
	PGM_SPECIFICATION = 0x06,
	PGM_DATA = 0x07,
	PGM_FIXED_OVERFLOW = 0x08,
	PGM_FIXED_DIVIDE = 0x09,
	PGM_DECIMAL_OVERFLOW = 0x0a,
	PGM_DECIMAL_DIVIDE = 0x0b,
	PGM_HFP_OVERFLOW = 0x0c,
	PGM_HFP_UNDERFLOW = 0x0d,
	PGM_HFP_SIGNIFICANCE = 0x0e,
	PGM_HFP_DIVIDE = 0x0f,
	PGM_SEGMENT = 0x10,
	PGM_PAGE = 0x11,
	PGM_ASCE_TYPE = 0x38,
	PGM_REGION_FIRST = 0x39,
	PGM_REGION_THIRD = 0x3b,
	PGM_MASK = 0x7f, /* the rest of the code tells about tracing */
};

#define SVC_SIGRETURN 0x0aad /* Linux's rt_sigreturn(2): trap.c, linux.c */

/* Where an instruction of uaccess.c goes on if its fault cannot be helped; 0: it must not
 * fault. */
unsigned long uaccess_fixup(unsigned long address);

/* --- the service processor (sclp.c) --- */

u64 sclp_memory_size(void); /* bytes of RAM, from address 0 */
unsigned int sclp_cpu_count(void);
u16 sclp_cpu_address(unsigned int index);
void sclp_interrupt(u32 parameter);
void sclp_log_finish(void); /* ends the log's last line */
