/*
 * arch/x86_64/cpu.c - one CPU: its features, control registers, idling, and the end.
 * Nothing fails: a protection that the CPU does not offer is left out, and the boot log's
 * description shows it.
 */
#include "arch/x86_64/x86.h"
#include "kernel/base/print.h"

#define CR4_FP   (BIT(9) | BIT(10)) /* FXSAVE, SSE and its exceptions, for user code */
#define CR4_UMIP BIT(11)
#define CR4_SMEP BIT(20)
#define CR4_SMAP BIT(21)

unsigned int arch_leaf_levels __ro_after_init = BIT(LEVEL_PMD);
bool cpu_smap __ro_after_init; /* STAC and CLAC exist; read by assembly */

static const struct {
	const char *name;
	u32 leaf;
	u8 reg, bit; /* 1: EBX, 2: ECX, 3: EDX (Intel SDM vol. 2, CPUID) */
} features[CPU_FEATURES] = {
	[CPU_SMEP] = {"smep", 7, 1, 7},
	[CPU_SMAP] = {"smap", 7, 1, 20},
	[CPU_UMIP] = {"umip", 7, 2, 2},
	[CPU_LA57] = {"la57", 7, 2, 16},
	[CPU_PDPE1GB] = {"pdpe1gb", 0x80000001, 3, 26},
};

static void cpuid(u32 leaf, u32 r[4])
{
	asm volatile("cpuid"
		     : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
		     : "a"(leaf), "c"(0));
}

bool cpu_has(enum cpu_feature feature)
{
	u32 leaf = features[feature].leaf, r[4];

	cpuid(leaf & 0x80000000, r);
	if (r[0] < leaf) /* the highest leaf there is */
		return false;
	cpuid(leaf, r);
	return r[features[feature].reg] & BIT(features[feature].bit);
}

/*
 * SMEP and SMAP stop the kernel from running or touching user memory by accident, UMIP
 * hides descriptor table addresses from user code.
 * FMASK: flags cleared by SYSCALL. IF: no interrupt before the stack is switched; TF: no
 * single-step trap inside the kernel; DF: the ABI wants string instructions to go up; NT:
 * else IRET faults; AC: else SMAP is off; RF, IOPL: nothing of the user's to keep.
 */
void cpu_setup_registers(void)
{
	write_cr(4, read_cr(4) | CR4_FP | (cpu_has(CPU_SMEP) ? CR4_SMEP : 0) |
			    (cpu_has(CPU_SMAP) ? CR4_SMAP : 0) |
			    (cpu_has(CPU_UMIP) ? CR4_UMIP : 0));
	if (!arch_cpu_id()) {
		cpu_smap = cpu_has(CPU_SMAP);
		arch_leaf_levels |= cpu_has(CPU_PDPE1GB) ? BIT(LEVEL_PUD) : 0;
	}
	msr_write(MSR_STAR, (u64)KERNEL_CODE << 32); /* SYSRET is not used */
	msr_write(MSR_LSTAR, (u64)entry_syscall);
	msr_write(MSR_FMASK, 0x57700); /* AC RF NT IOPL DF IF TF */
}

const char *arch_cpu_describe(void)
{
	static char text[96];
	int used = format_text(text, sizeof(text), "x86_64 nx");

	for (int i = 0; i < CPU_FEATURES; i++)
		if (cpu_has(i) && (i != CPU_LA57 || arch_la57))
			used += format_text(text + used, sizeof(text) - used, " %s",
				features[i].name);
	return text;
}

const char *arch_name(void)
{
	return "x86_64";
}

/* STI takes effect after the next instruction: a wake-up interrupt that comes between the
 * caller's last look and HLT stays pending until HLT, and ends it. */
void arch_cpu_idle(void)
{
	asm volatile("sti; hlt; cli" ::: "memory");
}

__noreturn void arch_cpu_halt(void)
{
	for (;;)
		asm volatile("cli; hlt" ::: "memory");
}

/*
 * QEMU's isa-debug-exit ends it with status value * 2 + 1: 33 for success, 35 for
 * failure. Without the device, the ACPI power-off of QEMU's machines (q35 and pc; pc
 * before 6.1) ends it, with status 0; elsewhere we can only stop.
 */
__noreturn void arch_power_off(int status)
{
	asm volatile("outl %0, %w1" ::"a"(status ? 0x11 : 0x10), "d"(0xf4));
	asm volatile("outw %w0, %w1" ::"a"(0x2000), "d"(0x604));
	asm volatile("outw %w0, %w1" ::"a"(0x2000), "d"(0xb004));
	arch_cpu_halt();
}
