/*
 * arch/x86_64/smp.c - the other CPUs: finding, starting, poking, stopping them.
 *
 * A CPU is started with INIT and a start-up IPI (Intel SDM vol. 3, 9.4.4) that makes it
 * run a copy of ap_trampoline in low memory. One CPU starts at a time: it takes its stack
 * by exchanging `ap_stack_top` for 0, and only then the next may be started. A CPU that
 * does not take it in time is reset with another INIT, so it can never take one later.
 */
#include "arch/contract/ipi.h"
#include "arch/contract/timer.h"
#include "arch/contract/tlb.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/cpu.h"
#include "kernel/base/errno.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/sched/smp.h"

#define TRAMPOLINE 0x8000       /* below 64 KiB, which boot/grub keeps free */
#define START_WAIT 5000000000UL /* ns; many vCPUs may share few host CPUs */
#define STOP_WAIT  4000000000UL /* TSC ticks, since the clock may be what broke */

extern char ap_trampoline[], ap_trampoline_end[];
extern unsigned long ap_stack_top;

void cpu_secondary_entry(void);

DEFINE_PERCPU(struct arch_cpu, arch_cpu);

static u32 apic_ids[NR_CPUS]; /* (c) after arch_cpu_discover(); [0] is the boot CPU's */

static struct {
	unsigned int cpu;
	void *idle;
} starting; /* for the CPU that starts now */

static u32 stopper;          /* (a) 1 + the CPU that stops the others */
static unsigned int stopped; /* (a) */

static u64 broadcasts;                        /* (a) flushes that were asked for */
static DEFINE_PERCPU(u64, broadcasts_obeyed); /* (a) all up to this one */

unsigned int arch_cpu_discover(void)
{
	unsigned int count = 1;

	apic_init();
	apic_ids[0] = apic_id();
	for (unsigned int i = 0; i < acpi_found.cpu_count && count < NR_CPUS; i++)
		if (acpi_found.apic_ids[i] != apic_ids[0])
			apic_ids[count++] = acpi_found.apic_ids[i];
	if (acpi_found.cpu_count > count)
		print("%u CPUs found, %u are used\n", acpi_found.cpu_count, count);
	return count;
}

void smp_place_trampoline(void)
{
	memcpy(phys_to_virt(phys(TRAMPOLINE)), phys_to_virt(phys((u64)ap_trampoline)),
		ap_trampoline_end - ap_trampoline);
}

static bool wait_until_taken(u64 nanoseconds)
{
	u64 end = arch_clock_ns() + nanoseconds;

	while (atomic_load(&ap_stack_top)) {
		if (arch_clock_ns() > end)
			return false;
		arch_cpu_relax();
	}
	return true;
}

/* The manuals' 10 ms after INIT are for CPUs of the 1990s; a second SIPI is for a CPU
 * that missed the first, and one that runs ignores it. */
int arch_cpu_start(unsigned int cpu, void *idle, void *stack_top)
{
	starting.cpu = cpu;
	starting.idle = idle;
	atomic_store(&ap_stack_top, (unsigned long)stack_top);
	apic_send(apic_ids[cpu], APIC_INIT, 0);
	wait_until_taken(200000);
	for (int attempt = 0; attempt < 2; attempt++) {
		apic_send(apic_ids[cpu], APIC_STARTUP, TRAMPOLINE >> PAGE_SHIFT);
		if (wait_until_taken(attempt ? START_WAIT : 10000000))
			return 0;
	}
	apic_send(apic_ids[cpu], APIC_INIT, 0);
	return atomic_exchange(&ap_stack_top, 0) ? -ETIMEDOUT : 0;
}

/* From long_mode.asm: on the idle thread's stack, GS base 0. */
void cpu_secondary_entry(void)
{
	unsigned int cpu = starting.cpu;

	msr_write(MSR_GS_BASE, percpu_offset[cpu]);
	per_cpu(arch_cpu, cpu).offset = percpu_offset[cpu];
	per_cpu(arch_cpu, cpu).id = cpu;
	arch_current_set(starting.idle);
	arch_trap_init();
	apic_enable();
	arch_timer_init();
	cpu_secondary_main(cpu);
}

void arch_ipi_send(unsigned int cpu)
{
	apic_send(apic_ids[cpu], APIC_FIXED, VECTOR_IPI);
}

/* Only CPUs that run: an NMI would start one that still waits for its start-up IPI. */
void arch_cpu_stop_others(void)
{
	unsigned int self = arch_cpu_id(), cpu, expected = 0;
	u64 start = read_tsc();

	atomic_store(&stopper, self + 1);
	for_each_cpu (cpu, atomic_load(&cpus_online) & ~(1U << self)) {
		apic_send(apic_ids[cpu], APIC_NMI, 0);
		expected++;
	}
	while (atomic_load(&stopped) < expected && read_tsc() - start < STOP_WAIT)
		arch_cpu_relax();
}

/*
 * A flush that reaches every CPU whatever it does: this machine has none, so it is played
 * by NMIs. No lock: a handler obeys all flushes that were asked for before it looks, so
 * NMIs may merge, and who waits needs nothing from anybody but handlers.
 */
void arch_tlb_flush_everywhere(pxd_t *root)
{
	u64 mine = atomic_add(&broadcasts, 1);
	unsigned int self = arch_cpu_id(), cpu;
	cpuset_t others = atomic_load(&cpus_online) & ~(1U << self);

	for_each_cpu (cpu, others)
		apic_send(apic_ids[cpu], APIC_NMI, 0);
	arch_tlb_flush_local_all();
	for_each_cpu (cpu, others)
		while (atomic_load(&per_cpu(broadcasts_obeyed, cpu)) < mine)
			arch_cpu_relax();
}

/* In the handler, which may have interrupted anything. False: nobody sent it. */
bool smp_nmi(void)
{
	u32 by = atomic_load(&stopper);
	u64 asked = atomic_load(&broadcasts);

	if (by && by != arch_cpu_id() + 1) {
		atomic_add(&stopped, 1);
		arch_cpu_halt();
	}
	arch_tlb_flush_local_all();
	atomic_store(&this_cpu(broadcasts_obeyed), asked);
	return asked != 0;
}
