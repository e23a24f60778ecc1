/*
 * arch/x86_64/apic.c - local APIC and I/O APIC (Intel SDM vol. 3, chapter 11; 82093AA).
 *
 * The local APIC (xAPIC mode, memory-mapped, each CPU sees its own at the same address)
 * delivers the timer, IPIs and what the I/O APIC sends; the only device interrupt is
 * COM1's. The old 8259 pair is masked. Registers belong to their CPU; sending takes two
 * stores, so it happens with interrupts off.
 */
#include "arch/x86_64/apic.h"
#include "arch/x86_64/machine.h"
#include "arch/x86_64/map.h"
#include "arch/contract/cpu.h"
#include "arch/contract/irq.h"
#include "kernel/base/ipi.h"

#define MSR_APIC_BASE 0x1b

enum apic_register {
	APIC_ID = 0x20,
	APIC_EOI = 0xb0,
	APIC_SPURIOUS = 0xf0, /* vector, and BIT(8): APIC on */
	APIC_ICR = 0x300,     /* interrupt command; BIT(12): not yet sent */
	APIC_ICR_HIGH = 0x310,
	APIC_LVT_TIMER = 0x320,
	APIC_LVT_LINT0 = 0x350,
	APIC_LVT_LINT1 = 0x360,
	APIC_TIMER_START = 0x380,
	APIC_TIMER_LEFT = 0x390,
	APIC_TIMER_DIVIDE = 0x3e0, /* 0b1011: by 1 */
};

#define LVT_MASKED  BIT(16)
#define LVT_NMI     0x400
#define ICR_PENDING BIT(12)
#define ICR_ASSERT  BIT(14)

static volatile u8 *apic_base; /* (c) */

static u32 apic_read(enum apic_register reg)
{
	return *(volatile u32 *)(apic_base + reg);
}

static void apic_write(enum apic_register reg, u32 value)
{
	*(volatile u32 *)(apic_base + reg) = value;
}

void apic_init(void)
{
	apic_base = map_device(phys(msr_read(MSR_APIC_BASE) & PAGE_MASK));
	port_write8(0x21, 0xff); /* mask both 8259s */
	port_write8(0xa1, 0xff);
	apic_enable();
}

void apic_enable(void)
{
	apic_write(APIC_SPURIOUS, BIT(8) | VECTOR_SPURIOUS);
	apic_write(APIC_LVT_LINT0, LVT_MASKED); /* the 8259s' line */
	apic_write(APIC_LVT_LINT1, LVT_NMI);
	apic_write(APIC_TIMER_DIVIDE, 0xb);
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER); /* one-shot */
}

u32 apic_id(void)
{
	return apic_read(APIC_ID) >> 24;
}

static void wait_until_sent(void)
{
	while (apic_read(APIC_ICR) & ICR_PENDING)
		arch_cpu_relax();
}

/* Interrupts off: an interrupt that sends, between our two stores, would redirect us. */
void apic_send(u32 apic_id, enum apic_delivery delivery, u8 vector)
{
	unsigned long flags = arch_irq_save();

	wait_until_sent();
	apic_write(APIC_ICR_HIGH, apic_id << 24);
	apic_write(APIC_ICR, ICR_ASSERT | delivery | vector);
	wait_until_sent();
	arch_irq_restore(flags);
}

void apic_timer_start(u32 ticks)
{
	apic_write(APIC_TIMER_START, ticks);
}

u32 apic_timer_left(void)
{
	return apic_read(APIC_TIMER_LEFT);
}

/* The I/O APIC has an index and a data register; interrupt n's entry is two words at
 * 0x10 + 2 * n. Entry 4: edge-triggered, active high, fixed delivery to this CPU. */
void io_apic_enable_com1(phys_t address)
{
	volatile u8 *base = map_device(address);
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
	apic_write(APIC_EOI, 0);
	if (regs->vector == VECTOR_TIMER)
		clock_interrupt();
	else if (regs->vector == VECTOR_IPI)
		ipi_receive();
	else if (regs->vector == VECTOR_CONSOLE)
		serial_interrupt();
	irq_exit(regs);
}
