/*
 * arch/x86_64/apic.c - local APIC and I/O APIC (Intel SDM vol. 3, chapter 11; 82093AA).
 *
 * The local APIC (xAPIC mode, memory-mapped, each CPU sees its own at the same address)
 * delivers the timer, IPIs and what the I/O APIC sends, which is COM1's interrupt only.
 * The old 8259 pair is masked. Registers belong to their CPU.
 */
#include "arch/x86_64/x86.h"
#include "kernel/base/ipi.h"

enum apic_register {
	APIC_ID = 0x20,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0, /* vector, and BIT(8): APIC on */
	APIC_COMMAND = 0x300, /* BIT(12): not yet sent; BIT(14): always set */
	APIC_COMMAND_TO = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350, /* the 8259s' line; BIT(16): masked */
	APIC_LVT_LINT1 = 0x360, /* the NMI line */
	APIC_TIMER_START = 0x380,
	APIC_TIMER_LEFT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0, /* 0b1011: by 1 */
};

static volatile u8 *apic_base; /* (c) */

static volatile u32 *apic(enum apic_register reg)
{
	return (volatile u32 *)(apic_base + reg);
}

void apic_init(void)
{
	apic_base = map_device(msr_read(MSR_APIC_BASE) & PAGE_MASK);
	port_write8(0x21, 0xff); /* mask both 8259s */
	port_write8(0xa1, 0xff);
	apic_enable();
}

void apic_enable(void)
{
	*apic(APIC_SPURIOUS) = BIT(8) | VECTOR_SPURIOUS;
	*apic(APIC_LVT_LINT0) = BIT(16);
	*apic(APIC_LVT_LINT1) = APIC_NMI;
	*apic(APIC_TIMER_DIVIDE) = 0xb;
	*apic(APIC_LVT_TIMER) = VECTOR_TIMER; /* one-shot */
}

u32 apic_id(void)
{
	return *apic(APIC_ID) >> 24;
}

/* Interrupts off: an interrupt that sends, between our two stores, would redirect us. */
void apic_send(u32 apic_id, enum apic_delivery delivery, u8 vector)
{
	unsigned long flags = arch_irq_save();

	while (*apic(APIC_COMMAND) & BIT(12))
		arch_cpu_relax();
	*apic(APIC_COMMAND_TO) = apic_id << 24;
	*apic(APIC_COMMAND) = BIT(14) | delivery | vector;
	arch_irq_restore(flags);
}

void apic_timer_start(u32 ticks)
{
	*apic(APIC_TIMER_START) = ticks;
}

u32 apic_timer_left(void)
{
	return *apic(APIC_TIMER_LEFT);
}

/* The I/O APIC has an index and a data register; interrupt n's entry is two words at
 * 0x10 + 2 * n. Entry 4: edge-triggered, active high, fixed delivery to this CPU. */
void io_apic_enable_com1(void)
{
	volatile u8 *base = map_device(acpi_found.io_apic);
	volatile u32 *index = (volatile u32 *)base, *data = (volatile u32 *)(base + 0x10);

	*index = 0x10 + 2 * 4 + 1;
	*data = apic_id() << 24;
	*index = 0x10 + 2 * 4;
	*data = VECTOR_CONSOLE;
}

void apic_interrupt(struct regs *regs)
{
	if (regs->vector == VECTOR_SPURIOUS)
		return; /* no EOI for these, SDM 11.9 */
	irq_enter();
	/* Before irq_exit(): that may switch threads, and nothing more would be delivered
	 * here until this thread runs again. */
	*apic(APIC_EOI) = 0;
	if (regs->vector == VECTOR_TIMER)
		clock_interrupt();
	else if (regs->vector == VECTOR_IPI)
		ipi_receive();
	else if (regs->vector == VECTOR_CONSOLE)
		serial_interrupt();
	irq_exit(regs);
}
