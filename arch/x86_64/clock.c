/*
 * arch/x86_64/clock.c - the clock (TSC), each CPU's timer (local APIC), the time of day.
 *
 * TSC and timer do not tell their rates, so CPU 0 measures both against the PIT, which
 * counts at a known one. QEMU keeps the TSCs of all CPUs together. The timer counts 32
 * bits, some seconds; a later deadline is reached in steps, which the interrupt handler
 * takes by itself: timer_interrupt() is never called before its time.
 *
 * Data: rates and start values (c) after arch_timer_init() of CPU 0; deadlines (p).
 */
#include "arch/contract/timer.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"

#define NS_PER_S     1000000000UL
#define NEVER        (~0UL)
#define PIT_HZ       1193182UL
#define PIT_COUNTER2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61 /* BIT(0): counter 2 runs; BIT(1): loudspeaker */
#define PIT_TICKS    6000 /* 5 ms: error well below 1 %, cheap under icount */

static u64 tsc_start, tsc_scale; /* ns = ticks * tsc_scale >> 32 */
static u64 apic_scale;           /* APIC ticks = ns * apic_scale >> 32 */
static DEFINE_PERCPU(u64, deadline);

static u64 scale(u64 value, u64 factor)
{
	return (u64)((unsigned __int128)value * factor >> 32);
}

u64 arch_clock_ns(void)
{
	return scale(read_tsc() - tsc_start, tsc_scale);
}

struct sample {
	u16 pit;
	u32 apic;
	u64 tsc;
};

static u16 pit_read(void)
{
	u8 low;

	port_write8(PIT_COMMAND, 0x80); /* latch counter 2 */
	low = port_read8(PIT_COUNTER2);
	return low | (u16)port_read8(PIT_COUNTER2) << 8;
}

/* All three "at once": the tightest of some tries, since the host may interrupt any. */
static struct sample take_sample(void)
{
	struct sample best = {0};
	u64 best_width = ~0UL;

	for (int i = 0; i < 8; i++) {
		u64 before = read_tsc();
		struct sample s = {.pit = pit_read(), .apic = apic_timer_left()};

		s.tsc = read_tsc();
		if (s.tsc - before < best_width) {
			best_width = s.tsc - before;
			best = s;
		}
	}
	return best;
}

/* Counter 2, mode 0: counts down from 65535; nothing happens at its end. */
static void pit_start(void)
{
	port_write8(PIT_GATE, (port_read8(PIT_GATE) & ~0x02) | 0x01);
	port_write8(PIT_COMMAND, 0xb0);
	port_write8(PIT_COUNTER2, 0xff);
	port_write8(PIT_COUNTER2, 0xff);
}

/* True once PIT_TICKS have passed; false: there is no PIT that counts. */
static bool pit_wait(u16 from)
{
	for (int tries = 0;; tries++) {
		u16 passed = from - pit_read();

		if (passed >= PIT_TICKS)
			return true;
		if (tries == 1000 && !passed)
			return false;
		arch_cpu_relax();
	}
}

static void calibrate(void)
{
	struct sample first, last;
	u64 ns, apic_ticks;
	bool pit;

	apic_timer_start(~0U);
	pit_start();
	first = take_sample();
	pit = pit_wait(first.pit);
	last = take_sample();
	apic_ticks = first.apic - last.apic;
	ns = pit ? (u16)(first.pit - last.pit) * NS_PER_S / PIT_HZ : apic_ticks;
	apic_timer_start(0);
	tsc_scale = (ns << 32) / (last.tsc - first.tsc);
	apic_scale = (apic_ticks << 32) / ns;
	tsc_start = read_tsc();
	print("clock: TSC %lu MHz, APIC timer %lu MHz%s\n",
		(last.tsc - first.tsc) * 1000 / ns, apic_ticks * 1000 / ns,
		pit ? "" : " (no PIT: taken to be QEMU's)");
}

void arch_timer_init(void)
{
	this_cpu(deadline) = NEVER;
	if (!arch_cpu_id())
		calibrate();
}

void arch_timer_set(u64 when)
{
	u64 now = arch_clock_ns();
	u64 ticks = when > now ? scale(when - now, apic_scale) : 0;

	this_cpu(deadline) = when;
	apic_timer_start(when == NEVER ? 0 : (u32)min(ticks + 1, 0xffffffffUL));
}

void clock_interrupt(void)
{
	if (arch_clock_ns() < this_cpu(deadline))
		arch_timer_set(this_cpu(deadline));
	else
		timer_interrupt();
}

/* The time of day comes from an MC146818, as QEMU has it: BCD, 24 hours, UTC. */
static u32 cmos_read(u8 reg)
{
	u8 bcd;

	port_write8(0x70, reg);
	bcd = port_read8(0x71);
	return (bcd >> 4) * 10 + (bcd & 15);
}

static u64 cmos_seconds(void)
{
	u32 month = cmos_read(8);
	/* Years begin in March here: the leap day is their last, and months make a line.
	 */
	u32 year = 2000 + cmos_read(9) - (month < 3), past = (month + 9) % 12;
	u64 days = 365UL * year + year / 4 - year / 100 + year / 400 +
		   (past * 306 + 5) / 10 + cmos_read(7) - 1 - 719468; /* 1970-01-01 */

	return ((days * 24 + cmos_read(4)) * 60 + cmos_read(2)) * 60 + cmos_read(0);
}

/* Read until two readings agree: one may have been caught in the middle of an update. */
u64 arch_clock_epoch_ns(void)
{
	u64 seconds = cmos_seconds(), again;

	for (int i = 0; i < 100 && (again = cmos_seconds()) != seconds; i++)
		seconds = again;
	return seconds * NS_PER_S - arch_clock_ns();
}
