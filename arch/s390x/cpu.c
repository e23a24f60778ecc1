/*
 * arch/s390x/cpu.c - one CPU: its control registers, its clock, its idle wait.
 *
 * The TOD clock counts 4096 units a microsecond since 1900 and is the same on all CPUs;
 * each CPU has a clock comparator that interrupts when the TOD clock has passed it.
 * (PoP, chapter 4, "Timing".)
 */
#include "arch/s390x/machine.h"
#include "arch/contract/cpu.h"
#include "arch/contract/irq.h"
#include "arch/contract/timer.h"
#include "kernel/base/print.h"

#define TOD_1970 0x7d91048bca000000UL

static u64 tod_at_boot; /* (c) */

unsigned int arch_leaf_levels;

/* What the CPU offers, by numbers in the list that STFLE stores. */
enum facility {
	FACILITY_EDAT1 = 8,  /* "enhanced DAT": leaves of 1 MiB, */
	FACILITY_EDAT2 = 78, /* and of 2 GiB */
	FACILITY_NO_EXECUTE = 130,
};

static bool has(enum facility number)
{
	u64 facilities[3];
	register unsigned long last asm("0") = ARRAY_SIZE(facilities) - 1;

	asm volatile("stfle %1" : "+d"(last), "=Q"(facilities) : : "cc", "memory");
	return facilities[number / 64] >> (63 - number % 64) & 1;
}

const char *arch_name(void)
{
	return "s390x";
}

const char *arch_cpu_describe(void)
{
	static char text[64];

	format_text(text, sizeof(text), "s390x home-space broadcast-flush%s%s%s",
		has(FACILITY_NO_EXECUTE) ? " nx" : "",
		has(FACILITY_EDAT1) ? " edat1" : "", has(FACILITY_EDAT2) ? " edat2" : "");
	return text;
}

/* CR0_EDAT alone does not make leaves: it is ignored where the facility is missing. */
void control_init(const pxd_t *home)
{
	if (has(FACILITY_EDAT1))
		arch_leaf_levels |= BIT(LEVEL_PMD);
	if (has(FACILITY_EDAT1) && has(FACILITY_EDAT2))
		arch_leaf_levels |= BIT(LEVEL_PUD);
	control_load(0, control_store(0) | CR0_SECONDARY | CR0_AFP | CR0_EMERGENCY |
				CR0_CLOCK | CR0_SERVICE |
				(has(FACILITY_EDAT1) ? CR0_EDAT : 0) |
				(has(FACILITY_NO_EXECUTE) ? CR0_IEP : 0));
	control_load(13, asce_of(home));
	arch_root_load(NULL);
}

static u64 tod_read(void)
{
	u64 tod;

	asm volatile("stckf %0" : "=Q"(tod) : : "cc");
	return tod;
}

/* 512 units are 125 ns; in two steps, so that nothing overflows. */
static u64 tod_to_ns(u64 tod)
{
	return (tod >> 9) * 125 + ((tod & 511) * 125 >> 9);
}

u64 arch_clock_ns(void)
{
	return tod_to_ns(tod_read() - tod_at_boot);
}

u64 arch_clock_epoch_ns(void)
{
	return tod_to_ns(tod_at_boot - TOD_1970);
}

void arch_timer_set(u64 deadline)
{
	u64 compare = ~0UL;

	if (deadline < ~0UL / 5)
		compare = tod_at_boot + deadline / 125 * 512 +
			  deadline % 125 * 512 / 125 + 1;
	asm volatile("sckc %0" : : "Q"(compare) : "memory");
}

void arch_timer_init(void)
{
	if (!tod_at_boot)
		tod_at_boot = tod_read();
	arch_timer_set(~0UL);
}

/* The wait begins and interrupts go on in one instruction: none is lost in between. */
void arch_cpu_idle(void)
{
	struct psw psw = {.mask = PSW_KERNEL + PSW_EXT + PSW_WAIT};

	asm volatile("	larl	%%r1,1f\n"
		     "	stg	%%r1,8(%0)\n"
		     "	lpswe	0(%0)\n"
		     "1:\n"
		     :
		     : "a"(&psw)
		     : "r1", "cc", "memory");
	arch_irq_disable();
}
