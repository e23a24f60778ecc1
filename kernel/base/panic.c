/*
 * kernel/base/panic.c - see panic.h. Owns one word: which CPU panics.
 */
#include "kernel/base/panic.h"
#include "kernel/base/atomic.h"
#include "kernel/base/cpu.h"
#include "kernel/base/print.h"
#include "kernel/base/symbols.h"
#include "kernel/base/trace.h"
#include "arch/contract/irq.h"
#include "arch/contract/trap.h"

#define PANIC_TRACE_RECORDS 24

static u32 panicking; /* (a) CPU + 1 of the first CPU that panicked; 0: none */

/* Only the first CPU goes on; a panic inside the panic ends the machine at once. */
static void panic_enter(void)
{
	u32 me;

	arch_irq_disable(); /* first: from here on this thread stays on its CPU */
	me = arch_cpu_id() + 1;
	if (atomic_cas(&panicking, 0, me)) {
		arch_cpu_stop_others();
		print_break_lock();
		return;
	}
	if (atomic_load(&panicking) != me)
		arch_cpu_halt();
	print("PANIC inside the panic: giving up\n");
	arch_power_off(1);
}

/* A recursion that went too far is one line and a count, not a screenful. */
static unsigned long last_frame, repeats; /* (p) the panicking CPU */

static void flush_repeats(void)
{
	if (repeats)
		print("  ... the same %lu more times\n", repeats);
	repeats = 0;
}

static void print_frame(unsigned long address)
{
	unsigned long offset = 0;
	/* A return address may be the first byte after a function that does not return.
	 */
	const char *name = symbol_find(address - 1, &offset);

	if (address == last_frame) {
		repeats++;
		return;
	}
	flush_repeats();
	last_frame = address;
	print("  %016lx %s+0x%lx\n", address, name ? name : "?", name ? offset + 1 : 0);
}

static __noreturn void panic_report(const struct regs *regs)
{
	if (regs)
		arch_regs_print(regs);
	print("backtrace:\n");
	if (regs)
		print_frame(regs_ip(regs));
	arch_backtrace(regs, print_frame);
	flush_repeats();
	print("last events:\n");
	trace_print_tail(PANIC_TRACE_RECORDS);
	print("the machine stops here\n");
	arch_power_off(1);
}

static void panic_say(const char *format, va_list args)
{
	char text[256];

	format_text_v(text, sizeof(text), format, args);
	print("\nPANIC on cpu %u: %s\n", arch_cpu_id(), text);
}

void panic(const char *format, ...)
{
	va_list args;

	panic_enter();
	va_start(args, format);
	panic_say(format, args);
	va_end(args);
	panic_report(NULL);
}

void panic_regs(const struct regs *regs, const char *format, ...)
{
	va_list args;

	panic_enter();
	va_start(args, format);
	panic_say(format, args);
	va_end(args);
	panic_report(regs);
}

void panic_assert(
	const char *condition, const char *file, int line, const char *format, ...)
{
	va_list args;

	panic_enter();
	print("\nassertion failed at %s:%d: %s", file, line, condition);
	va_start(args, format);
	panic_say(format, args);
	va_end(args);
	panic_report(NULL);
}
