/*
 * arch/x86_64/descriptors.c - GDT, TSS and IDT (Intel SDM vol. 3, 3.4, 7.7, 6.14).
 *
 * Each CPU has its own GDT and TSS; the IDT is one for all, filled by CPU 0 and read-only
 * from arch_kernel_map_init() on. Double fault and machine check, and NMI, run on stacks
 * of their own (IST): the first because the kernel stack may be what is broken, the NMI
 * because it may come before the system call entry has switched stacks.
 */
#include "arch/x86_64/x86.h"
#include "kernel/base/percpu.h"

#define TSS_SELECTOR   0x38
#define IST_FATAL      1
#define IST_NMI        2
#define GATE_INTERRUPT 0x8e /* present, DPL 0: enters with interrupts off */
#define GATE_USER      0x60 /* DPL 3: INT n may be executed by user code */

struct tss {
	u32 reserved0;
	u64 rsp[3]; /* stack for entries from user mode to ring 0 */
	u64 ist[8]; /* [0] is reserved; 1..7 */
	u64 reserved1;
	u16 reserved2;
	u16 io_map; /* past the end: no port is open to user mode */
	u32 pad;
} __packed;

struct fatal_stack {
	u8 bytes[8192] __aligned(16);
	u64 offset; /* entry_fatal loads the GS base from here */
	u64 pad;
};

struct cpu_tables {
	u64 gdt[9];
	struct tss tss;
	struct fatal_stack fatal, nmi;
};

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_middle;
	u32 offset_high, reserved;
};

struct pointer {
	u16 limit;
	u64 base;
} __packed;

static DEFINE_PERCPU(struct cpu_tables, cpu_tables); /* (p) */
static struct gate idt[256] __aligned(16) __ro_after_init;

_Static_assert(offsetof(struct arch_cpu, kernel_stack) == 16, "entry.asm");
_Static_assert(offsetof(struct arch_cpu, user_sp) == 24, "entry.asm");
_Static_assert(offsetof(struct tss, ist[1]) == 0x24, "Intel SDM vol. 3, figure 8-11");
_Static_assert(offsetof(struct tss, io_map) == 0x66, "Intel SDM vol. 3, figure 8-11");

static void idt_fill(void)
{
	for (int vector = 0; vector < 256; vector++) {
		u64 handler = entry_vectors[vector];

		idt[vector] = (struct gate){.offset_low = (u16)handler,
			.selector = KERNEL_CODE,
			.type = handler ? GATE_INTERRUPT : 0,
			.offset_middle = (u16)(handler >> 16),
			.offset_high = (u32)(handler >> 32)};
	}
	idt[2].ist = IST_NMI;
	idt[8].ist = IST_FATAL;
	idt[18].ist = IST_FATAL;
	idt[3].type |= GATE_USER; /* INT3 */
	idt[4].type |= GATE_USER; /* INT 4, as on Linux */
}

static u64 fatal_stack_top(struct fatal_stack *stack)
{
	stack->offset = arch_percpu_offset();
	return (u64)&stack->offset;
}

static void gdt_fill(struct cpu_tables *tables)
{
	u64 base = (u64)&tables->tss, limit = sizeof(tables->tss) - 1;

	tables->gdt[KERNEL_CODE / 8] = 0x00af9b000000ffff;
	tables->gdt[KERNEL_DATA / 8] = 0x00cf93000000ffff;
	tables->gdt[USER_DATA / 8] = 0x00cff3000000ffff;
	tables->gdt[USER_CODE / 8] = 0x00affb000000ffff;
	tables->gdt[TSS_SELECTOR / 8] = limit | (base & 0xffffff) << 16 | 0x89UL << 40 |
					(base >> 24 & 0xff) << 56;
	tables->gdt[TSS_SELECTOR / 8 + 1] = base >> 32;
}

void descriptors_set_kernel_stack(unsigned long top)
{
	this_cpu(arch_cpu).kernel_stack = top;
	this_cpu(cpu_tables).tss.rsp[0] = top;
}

void descriptors_load(void)
{
	struct cpu_tables *tables = &this_cpu(cpu_tables);
	struct pointer gdt = {sizeof(tables->gdt) - 1, (u64)tables->gdt};
	struct pointer idt_pointer = {sizeof(idt) - 1, (u64)idt};

	if (!arch_cpu_id())
		idt_fill();
	tables->tss.io_map = sizeof(struct tss);
	tables->tss.ist[IST_FATAL] = fatal_stack_top(&tables->fatal);
	tables->tss.ist[IST_NMI] = fatal_stack_top(&tables->nmi);
	gdt_fill(tables);
	/* The segment registers keep the boot GDT's selectors: the same segments here. */
	asm volatile("lgdt %0; lidt %1; ltr %w2" ::"m"(gdt), "m"(idt_pointer),
		     "r"(TSS_SELECTOR)
		     : "memory");
}
