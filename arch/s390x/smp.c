/*
 * arch/s390x/smp.c - other CPUs: SIGP, the instruction by which one CPU tells another
 * what to do. PoP, chapter 4, "CPU Signaling and Response".
 *
 * A SIGP can be refused as busy (condition code 2) and is then repeated. CPU numbers are
 * indexes into `addresses`; number 0 is the CPU that booted.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/cpu.h"
#include "arch/contract/irq.h"
#include "arch/contract/ipi.h"
#include "arch/contract/timer.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"
#include "kernel/base/errno.h"
#include "kernel/sched/smp.h"

enum sigp_order {
	SIGP_SENSE = 0x01,
	SIGP_EMERGENCY = 0x03,
	SIGP_STOP = 0x05,
	SIGP_RESTART = 0x06,
	SIGP_CPU_RESET = 0x0b,
	SIGP_SET_PREFIX = 0x0d,
};

#define SIGP_STATUS_STOPPED 0x40
#define STOP_BOUND_NS       10000000000UL /* the host may be busy */

static u16 addresses[NR_CPUS]; /* (c) */

/* Returns the condition code: 0 done, 1 see *status, 3 no such CPU. */
static int sigp(unsigned int cpu, enum sigp_order order, unsigned long parameter,
	unsigned int *status)
{
	register unsigned long result asm("2") = 0;
	register unsigned long argument asm("3") = parameter;
	int cc;

	do {
		asm volatile("	sigp	%1,%3,0(%4)\n"
			     "	ipm	%0\n"
			     "	srl	%0,28\n"
			     : "=&d"(cc), "+d"(result)
			     : "d"(argument), "d"(addresses[cpu]), "a"(order)
			     : "cc", "memory");
	} while (cc == 2);
	if (status)
		*status = result;
	return cc;
}

unsigned int arch_cpu_discover(void)
{
	unsigned int count = 1, all = sclp_cpu_count();
	u16 me;

	asm volatile("stap %0" : "=Q"(me));
	addresses[0] = me;
	for (unsigned int i = 0; i < all && count < NR_CPUS; i++)
		if (sclp_cpu_address(i) != me)
			addresses[count++] = sclp_cpu_address(i);
	if (all > count)
		print("%u CPUs found, %u used\n", all, count);
	return count;
}

static __noreturn void secondary_main(void)
{
	arch_timer_init();
	cpu_secondary_main(arch_cpu_id());
}

int arch_cpu_start(unsigned int cpu, void *idle, void *stack_top)
{
	struct lowcore *area = lowcore_of(cpu);

	area->current = idle;
	area->cpu = cpu;
	area->percpu_offset = percpu_offset[cpu];
	area->kernel_stack = stack_for_entry(stack_top);
	asm volatile("stctg %%c0,%%c15,%0" : "=Q"(area->control));
	area->control[0] &= ~CR0_SERVICE; /* the keyboard is CPU 0's */
	area->restart_new = (struct psw){PSW_REAL, (u64)cpu_entry};
	area->start_psw = (struct psw){PSW_KERNEL, (u64)secondary_main};
	if (sigp(cpu, SIGP_CPU_RESET, 0, NULL) ||
		sigp(cpu, SIGP_SET_PREFIX, (unsigned long)area, NULL) ||
		sigp(cpu, SIGP_RESTART, 0, NULL))
		return -EIO;
	return 0;
}

void arch_ipi_send(unsigned int cpu)
{
	sigp(cpu, SIGP_EMERGENCY, 0, NULL);
}

static bool is_stopped(unsigned int cpu)
{
	unsigned int status = 0;

	return sigp(cpu, SIGP_SENSE, 0, &status) == 3 || status & SIGP_STATUS_STOPPED;
}

/*
 * SAFE(stop_then_wait): QEMU takes the last STOP for a clean shutdown if it completes
 * after this CPU's final wait: a failure would look like success. Pairs with
 * arch_power_off(), which must find all others stopped.
 */
void arch_cpu_stop_others(void)
{
	unsigned int me = arch_cpu_id(), cpu;
	u64 bound;

	LAB_ASSERT(!arch_irq_enabled(), "who stops the others may lose its CPU");
	for (cpu = 0; cpu < cpu_count; cpu++)
		if (cpu != me)
			sigp(cpu, SIGP_STOP, 0, NULL);
	bound = arch_clock_ns() + STOP_BOUND_NS;
	for (cpu = 0; cpu < cpu_count; cpu++)
		while (cpu != me && !is_stopped(cpu) && arch_clock_ns() < bound)
			arch_cpu_relax();
}

/* A wait that nothing ends. */
static __noreturn void wait_disabled(unsigned long code)
{
	const struct psw psw = {PSW_DISABLED, code};

	asm volatile("lpswe %0" : : "Q"(psw) : "memory");
	__builtin_unreachable();
}

__noreturn void arch_cpu_halt(void)
{
	wait_disabled(0xbad);
}

/* QEMU looks at the address in the PSW of the last CPU's disabled wait: 0xfff is a clean
 * end. */
__noreturn void arch_power_off(int status)
{
	/* SAFE(power_off_masked): a thread that is preempted while it stops the others
	 * can wake up on a CPU that it is about to stop, or wait for a lock whose holder
	 * it has stopped: the machine would stand still instead of ending. Pairs with
	 * arch_cpu_stop_others(), which asks only once who it is. */
	arch_irq_disable();
	arch_cpu_stop_others();
	sclp_log_finish();
	wait_disabled(status ? 0xbad : 0xfff);
}
