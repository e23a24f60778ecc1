/*
 * tests/linux/x86_tricks.c - what only an x86_64 program can try on its kernel: odd flags
 * and stack pointers at a system call, segment registers, gates, ports. Each trick, named
 * by the first argument, ends by a signal or prints a line; x86_tricks.t demands the same
 * as on Linux. (Left out: what QEMU's own CPU does otherwise, such as SSE exceptions.)
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <sys/syscall.h>

#define GETPID   "mov $39, %%eax; syscall"
#define CLOBBERS "rax", "rcx", "r11", "memory", "cc"

/* The kernel must neither use what user code left in the flags nor lose it. */
static void flags_at_syscall(void)
{
	unsigned long wanted = 0x204ed7, got; /* ID AC DF NT TF- IF OF SF ZF AF PF CF */

	wanted &= ~0x40100UL; /* AC: unaligned accesses of libc; TF: traps */
	asm volatile("push %1; popfq; " GETPID "; pushfq; pop %0; push $2; popfq"
		     : "=&r"(got)
		     : "r"(wanted)
		     : CLOBBERS);
	printf("flags %lx\n", got & 0x4cd5);
}

static void ac_at_syscall(void)
{
	static char text[64] = "abc";

	/* AC with SMAP: if the kernel kept it, user memory would be open to it. */
	asm volatile("pushfq; orl $0x40000, (%%rsp); popfq; " GETPID
		     "; pushfq; andl $~0x40000, (%%rsp); popfq" ::
			     : CLOBBERS);
	puts(text);
}

static void wild_stack_at_syscall(void)
{
	long pid;

	asm volatile("mov %%rsp, %%rbx; mov $0x8000000000000000, %%rsp; " GETPID
		     "; xor %%esp, %%esp; mov $39, %%eax; syscall; mov %%rbx, %%rsp"
		     : "=a"(pid)::"rbx", "rcx", "r11", "memory");
	printf("pid %d\n", pid == getpid());
}

static void kernel_stack_fault(void)
{
	asm volatile("mov $0xffffffff80200000, %rsp; push %rax");
}

static void segments(void)
{
	int zero = 0;

	asm volatile("mov %0, %%ds; mov %0, %%es; mov %0, %%gs; " GETPID ::"r"(zero)
		     : CLOBBERS);
	puts("segments");
}

static void gs_base_is_not_the_kernels(void)
{
	asm volatile("mov %gs:0, %rax; mov %gs:8, %rcx");
}

static void ss_then_syscall(void)
{
	unsigned short ss;

	asm volatile("mov %%ss, %0; mov %0, %%ss; " GETPID : "=&r"(ss)::CLOBBERS);
	puts("ss");
}

static void single_step(void)
{
	asm volatile("pushfq; orl $0x100, (%rsp); popfq; nop");
}

static void single_step_into_syscall(void)
{
	asm volatile("pushfq; orl $0x100, (%%rsp); popfq; " GETPID ::: CLOBBERS);
}

static void int_80(void)
{
	asm volatile("mov $20, %%eax; int $0x81" ::: "rax");
}

static void int_page_fault(void)
{
	asm volatile("int $14");
}

static void int_timer(void)
{
	asm volatile("int $0xf0");
}

static void int_nmi(void)
{
	asm volatile("int $2");
}

static void int_overflow(void)
{
	asm volatile("int $4");
}

static void port(void)
{
	asm volatile("mov $0x11, %%eax; mov $0xf4, %%edx; out %%eax, %%dx" ::
			     : "rax", "rdx");
}

static void cli(void)
{
	asm volatile("cli");
}

static void hlt(void)
{
	asm volatile("hlt");
}

static void wrmsr(void)
{
	asm volatile("wrmsr" ::"a"(0), "c"(0xc0000101), "d"(0));
}

static void iret_to_kernel(void)
{
	asm volatile("push $0x18; push %rsp; pushfq; push $0x10; push $0; iretq");
}

static void far_jump(void)
{
	static const struct {
		unsigned int offset;
		unsigned short selector;
	} target = {0, 0x10};

	asm volatile("ljmp *%0" ::"m"(target));
}

static void x87_division(void)
{
	unsigned short control = 0x37f & ~4;

	asm volatile("fldcw %0; fld1; fldz; fdivrp; fwait" ::"m"(control));
}

static void minimum_by_minus_one(void)
{
	asm volatile("mov $1, %%rdx; shl $63, %%rdx; xor %%eax, %%eax; mov $-1, %%rcx;"
		     "idiv %%rcx" ::
			     : "rax", "rcx", "rdx");
}

static const struct {
	const char *name;
	void (*run)(void);
} tricks[] = {
#define TRICK(name)                                                                      \
	{                                                                                \
#name, name                                                              \
	}
	TRICK(flags_at_syscall),
	TRICK(ac_at_syscall),
	TRICK(wild_stack_at_syscall),
	TRICK(kernel_stack_fault),
	TRICK(segments),
	TRICK(gs_base_is_not_the_kernels),
	TRICK(ss_then_syscall),
	TRICK(single_step),
	TRICK(single_step_into_syscall),
	TRICK(int_80),
	TRICK(int_page_fault),
	TRICK(int_timer),
	TRICK(int_nmi),
	TRICK(int_overflow),
	TRICK(port),
	TRICK(cli),
	TRICK(hlt),
	TRICK(wrmsr),
	TRICK(iret_to_kernel),
	TRICK(far_jump),
	TRICK(x87_division),
	TRICK(minimum_by_minus_one),
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		if (argc < 2)
			puts(tricks[i].name);
		else if (!strcmp(argv[1], tricks[i].name))
			tricks[i].run();
	}
	return 0;
}
