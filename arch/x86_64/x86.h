/*
 * arch/x86_64/x86.h - what the files of this machine offer each other, file by file,
 * above the contract that they implement. Private to arch/x86_64 and boot/grub.
 */
#pragma once

#include "arch/contract/cpu.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"
#include "arch/contract/pgtable.h"
#include "arch/contract/trap.h"
#include "arch/x86_64/machine.h"

/* boot/grub/acpi.c; (c) from kernel_main() on. No ACPI: no CPUs listed. */
struct acpi_found {
	u32 apic_ids[256], cpu_count;
	u64 io_apic;
};
extern struct acpi_found acpi_found;

/* apic.c. Vectors that are ours: stubs exist from 0xf0 up. */
#define VECTOR_TIMER    0xf0
#define VECTOR_IPI      0xf1
#define VECTOR_CONSOLE  0xf2
#define VECTOR_SPURIOUS 0xff

enum apic_delivery {
	APIC_FIXED = 0x000,
	APIC_NMI = 0x400,
	APIC_INIT = 0x500,
	APIC_STARTUP = 0x600,
};

void apic_init(void);   /* CPU 0, once; includes */
void apic_enable(void); /* each CPU */
u32 apic_id(void);
void apic_send(u32 apic_id, enum apic_delivery delivery, u8 vector);
void apic_timer_start(u32 ticks); /* counts down at a constant rate; 0: stop */
u32 apic_timer_left(void);
void apic_interrupt(struct regs *regs);
void io_apic_enable_com1(void); /* ISA interrupt 4, to this CPU */

/* clock.c, serial.c: interrupt handlers. */
void clock_interrupt(void);
void serial_interrupt(void);

/* cpu.c */
enum cpu_feature {
	CPU_SMEP,
	CPU_SMAP,
	CPU_UMIP,
	CPU_LA57,
	CPU_PDPE1GB,
	CPU_FEATURES
};

extern bool cpu_smap; /* (c) */
bool cpu_has(enum cpu_feature feature);
void cpu_setup_registers(void); /* the same on every CPU, before its first trap */

/* descriptors.c: GDT, TSS, IDT of this CPU; where entries from user mode push. */
void descriptors_load(void);
void descriptors_set_kernel_stack(unsigned long top);

/* entry.asm */
extern const u64 entry_vectors[256]; /* handler addresses for the IDT; 0: none */
void entry_syscall(void);
__noreturn void entry_leave(struct regs *regs); /* to user mode; interrupts off */
void switch_stacks(unsigned long *save, unsigned long next);
void thread_begin(void); /* a new thread's first return: calls rbx(r12) */

/* root.c: before the kernel proper; whether five levels are to be switched on. */
bool root_use_la57(bool wanted);

static inline int kernel_root_level(void)
{
	return arch_la57 ? LEVEL_PGD : LEVEL_P4D;
}

/* map.c */
extern pxd_t *kernel_root;     /* (c) what threads without an mm run on */
void *map_device(u64 address); /* one page, uncached; CPU 0 */

/* smp.c: before low memory becomes read-only; the panic stop, for the NMI handler. */
void smp_place_trampoline(void);
bool smp_nmi(void); /* false: no CPU has sent it */

/* thread.c: the running thread goes to user mode for the first time; interrupts off. */
void thread_becomes_user(void);

/* thread.c: the running thread's FXSAVE image of 512 bytes, up to date; and another one,
 * aligned to 16. False: it cannot be loaded, nothing has changed. */
const u8 *fp_image(struct arch_thread *thread);
bool fp_load_image(struct arch_thread *thread, const u8 *image);

/* trap.c, called by entry.asm */
void trap_entry(struct regs *regs);
void syscall_entry(struct regs *regs);
void trap_fatal(struct regs *regs);

extern unsigned long x86_user_end; /* (c) from 4 or 5 levels */

/* arch_user_end(), for the way out of every system call. */
static inline unsigned long user_end(void)
{
	return x86_user_end;
}

/* uaccess.c: where to go on after a failed user access at `rip`; 0: it is none. */
unsigned long uaccess_fixup(unsigned long rip);
