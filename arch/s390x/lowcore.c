/*
 * arch/s390x/lowcore.c - prefix areas: one per CPU, and where interruptions go.
 *
 * CPU 0 keeps the area at absolute 0 that it booted with. Each other CPU gets its area,
 * with a small stack behind it, before the frame allocator takes over. That stack is for
 * panics only: its owner's thread stack is gone or cannot be trusted.
 *
 * What must never happen goes to a disabled wait, which ends QEMU with a failure instead
 * of looping.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/page.h"

#define PANIC_STACK_SIZE 8192

struct cpu_area {
	struct lowcore prefix; /* must be 8 KiB aligned */
	u8 panic_stack[PANIC_STACK_SIZE];
};

static u8 boot_panic_stack[PANIC_STACK_SIZE] __aligned(8);
static struct cpu_area *areas; /* (c) of CPU 1 and up */

/* Entries from user mode build their frame upwards from here. */
u64 stack_for_entry(void *stack_top)
{
	return (u64)arch_thread_regs(stack_top) - STACK_FRAME;
}

static void lowcore_init(struct lowcore *area, u8 *panic_stack)
{
	area->restart_new = area->io_new = (struct psw){PSW_DISABLED, 0xb01};
	area->ext_new = (struct psw){PSW_KERNEL, (u64)ext_entry};
	area->svc_new = (struct psw){PSW_KERNEL, (u64)svc_entry};
	area->pgm_new = (struct psw){PSW_KERNEL, (u64)pgm_entry};
	area->mcck_new = (struct psw){PSW_KERNEL & ~PSW_MCHECK, (u64)mcck_entry};
	area->panic_stack = stack_for_entry(panic_stack + PANIC_STACK_SIZE);
}

/* The compiler thinks that nothing can be at address 0. */
static struct lowcore *boot_area(void)
{
	struct lowcore *area;

	asm("lghi %0,0" : "=d"(area));
	return area;
}

/*
 * CPU 0, DAT still off: LOWCORE is ordinary memory and the prefix area is at 0. Only
 * program checks can come, and only to be reported.
 */
void arch_trap_init(void)
{
	struct lowcore *area = boot_area();

	lowcore_init(area, boot_panic_stack);
	area->ext_new = area->svc_new = area->mcck_new = area->io_new;
	area->pgm_new = (struct psw){PSW_REAL, (u64)pgm_entry_early};
	LC->panic_stack = area->panic_stack;
}

/* DAT goes on next: from then on LOWCORE shows the prefix area, so it moves there. */
void lowcore_move(void)
{
	struct lowcore *area = boot_area();

	*area = *(struct lowcore *)LOWCORE;
	lowcore_init(area, boot_panic_stack);
}

void lowcore_alloc(void)
{
	unsigned int others = min(sclp_cpu_count(), (unsigned int)NR_CPUS) - 1;
	phys_t memory = frame_boot_alloc(others * sizeof(struct cpu_area) + LOWCORE_SIZE);

	areas = phys_to_virt(phys(ALIGN_UP(memory.v, LOWCORE_SIZE)));
}

struct lowcore *lowcore_of(unsigned int cpu)
{
	struct cpu_area *area = &areas[cpu - 1];

	lowcore_init(&area->prefix, area->panic_stack);
	return &area->prefix;
}
