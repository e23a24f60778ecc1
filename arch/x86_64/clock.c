/*
 * arch/x86_64/clock.c - the clock (TSC) and each CPU's timer (local APIC).
 *
 * Neither tells its rate, so CPU 0 measures both against the PIT, which counts at a known
 * one. QEMU keeps the TSCs of all CPUs together. The timer counts 32 bits, some seconds;
 * a later deadline is reached in several steps, which the interrupt handler takes by
 * itself: timer_interrupt() is never called before its time.
 *
 * Data: rates and start values (c) after arch_timer_init() of CPU 0; deadlines (p).
 */
#include "arch/contract/timer.h"
#include "arch/contract/cpu.h"
#include "arch/x86_64/apic.h"
#include "arch/x86_64/machine.h"
#include "kernel/base/percpu.h"
#include "kernel/base/print.h"

#define NS_PER_S     1000000000UL
#define NEVER        (~0UL)
#define PIT_HZ       1193182UL
#define PIT_COUNTER2 0x42
#define PIT_COMMAND  0x43
#define PIT_GATE     0x61 /* BIT(0): counter 2 runs; BIT(1): loudspeaker */
#define PIT_TICKS    6000 /* 5 ms: error well below 1 %, cheap under icount */
#define PIT_TRIES    200000

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

/* --- calibration ------------------------------------------------------------------- */

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
	for (int i = 0; i < PIT_TRIES; i++) {
		if ((u16)(from - pit_read()) >= PIT_TICKS)
			return true;
		arch_cpu_relax();
	}
	return false;
}

static void calibrate(void)
{
	struct sample first, last;
	u64 ns;

	apic_timer_start(~0U);
	pit_start();
	first = take_sample();
	if (pit_wait(first.pit)) {
		last = take_sample();
		ns = (u16)(first.pit - last.pit) * NS_PER_S / PIT_HZ;
	} else {
		last = take_sample();
		ns = first.apic - last.apic;
		print("no PIT: taking the APIC timer to count nanoseconds, as in QEMU\n");
	}
	apic_timer_start(0);
	tsc_scale = (ns << 32) / (last.tsc - first.tsc);
	apic_scale = ((u64)(first.apic - last.apic) << 32) / ns;
	tsc_start = read_tsc();
	print("clock: TSC %lu MHz, APIC timer %lu MHz\n",
		(last.tsc - first.tsc) * 1000 / ns,
		(first.apic - last.apic) * 1000UL / ns);
}

/* --- timer ---------------------------------------------------------------------------
 */

void arch_timer_set(u64 when)
{
	u64 now = arch_clock_ns(), ticks;

	this_cpu(deadline) = when;
	if (when == NEVER) {
		apic_timer_start(0);
		return;
	}
	ticks = when > now ? scale(when - now, apic_scale) : 0;
	apic_timer_start((u32)min(ticks + 1, 0xffffffffUL));
}

void clock_interrupt(void)
{
	if (arch_clock_ns() < this_cpu(deadline))
		arch_timer_set(this_cpu(deadline));
	else
		timer_interrupt();
}

void arch_timer_init(void)
{
	this_cpu(deadline) = NEVER;
	if (!arch_cpu_id())
		calibrate();
}

/* --- time of day ---------------------------------------------------------------------
 */

enum cmos_register {
	CMOS_SECOND = 0,
	CMOS_MINUTE = 2,
	CMOS_HOUR = 4,
	CMOS_DAY = 7,
	CMOS_MONTH = 8,
	CMOS_YEAR = 9,
	CMOS_STATUS_A = 10, /* BIT(7): being updated */
	CMOS_STATUS_B = 11, /* BIT(1): 24 hours; BIT(2): binary */
};

static u8 cmos_read(enum cmos_register reg)
{
	port_write8(0x70, reg);
	return port_read8(0x71);
}

static u32 cmos_number(enum cmos_register reg)
{
	u8 value = cmos_read(reg);

	return cmos_read(CMOS_STATUS_B) & BIT(2) ? value
						 : (value >> 4) * 10 + (value & 15);
}

/* Days since 1970-01-01; the year begins in March, so that the leap day is its last. */
static u64 days_since_1970(u32 year, u32 month, u32 day)
{
	u32 y = month > 2 ? year : year - 1, m = (month + 9) % 12;

	return 365UL * y + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 -
	       719468;
}

static u64 rtc_seconds(void)
{
	u64 days = days_since_1970(2000 + cmos_number(CMOS_YEAR), cmos_number(CMOS_MONTH),
		cmos_number(CMOS_DAY));

	return days * 86400 + cmos_number(CMOS_HOUR) * 3600 +
	       cmos_number(CMOS_MINUTE) * 60 + cmos_number(CMOS_SECOND);
}

/* Read until two readings agree: one may have been caught in the middle of an update. */
u64 arch_clock_epoch_ns(void)
{
	u64 seconds = rtc_seconds(), again;

	for (int i = 0; i < 100 && (again = rtc_seconds()) != seconds; i++)
		seconds = again;
	return seconds * NS_PER_S - arch_clock_ns();
}
