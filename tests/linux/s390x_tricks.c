/*
 * tests/linux/s390x_tricks.c - what only an s390x program can try on its kernel: odd
 * stack pointers and addressing modes at a system call, privileged instructions, other
 * address spaces, instructions that fault half-way. Each trick is named by the first
 * argument; without one each name is printed with the status that Linux would give.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE    4096
#define ILLEGAL 132 /* statuses that a shell shows for signals 4, 8, 11 */
#define FPE     136
#define SEGV    139

typedef int code(void);

static char *fresh_pages(unsigned long size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC,
		MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* getpid() is call 20. */
static int wild_stack_at_syscall(void)
{
	long first, second;

	asm volatile("lgr %%r8,%%r15; lghi %%r15,-1; svc 20; lgr %0,%%r2;"
		     "llilh %%r15,1; lghi %%r1,20; svc 0; lgr %1,%%r2; lgr %%r15,%%r8"
		     : "=&d"(first), "=&d"(second)::"r1", "r2", "r8", "memory");
	return first != getpid() || second != getpid();
}

static int addressing_31_at_syscall(void)
{
	long pid;

	asm volatile("sam31; svc 20; sam64; lgr %0,%%r2" : "=d"(pid)::"r2", "memory");
	return pid != getpid();
}

static int executed_syscall(void)
{
	long pid;

	asm volatile("lghi %%r0,0; exrl %%r0,1f; j 2f; 1: svc 20; 2: lgr %0,%%r2"
		     : "=d"(pid)::"r0", "r2", "memory");
	return pid != getpid();
}

static int executed_execute(void)
{
	asm volatile("larl %r1,0f; 0: ex %r0,0(%r1)");
	return 0;
}

/* Copies that meet missing pages on both sides, again and again. */
static int copies_to_fresh_pages(void)
{
	char *p = fresh_pages(16 * PAGE);

	for (int i = 0; i < 15 * PAGE; i += 300)
		asm volatile("mvc 100(256,%0),300(%0)" ::"a"(p + i) : "memory");
	return p[5000];
}

static int executed_copies_to_fresh_pages(void)
{
	char *p = fresh_pages(16 * PAGE);

	for (int i = 0; i < 15 * PAGE; i += 300)
		asm volatile("lghi %%r0,0; exrl %%r0,1f; j 2f;"
			     "1: mvc 100(256,%0),300(%0); 2:" ::"a"(p + i)
			     : "memory", "r0");
	return p[5000];
}

static int registers_across_fresh_pages(void)
{
	char *p = fresh_pages(2 * PAGE);

	asm volatile("stmg %%r0,%%r15,4040(%0)" ::"a"(p) : "memory");
	return *(long *)(p + 4040 + 8 * 15) == 0;
}

static int long_fill(void)
{
	char *p = fresh_pages(1024 * PAGE);
	register long to asm("2") = (long)p, size asm("3") = 1024 * PAGE;
	register long from asm("4") = 0, none asm("5") = 0;

	asm volatile("0: mvcle %0,%2,0x66; jo 0b"
		     : "+d"(to), "+d"(size), "+d"(from), "+d"(none)::"memory", "cc");
	return p[1024 * PAGE - 1] != 0x66;
}

/* lghi %r2,0; br %r14: its first instruction lies in two pages. */
static const char return_0[] = "\xa7\x29\x00\x00\x07\xfe";

static int instruction_in_two_pages(void)
{
	char *p = fresh_pages(2 * PAGE);

	memcpy(p + PAGE - 2, return_0, 6);
	return ((code *)(p + PAGE - 2))();
}

static int execute_only_pages(void)
{
	char *p = fresh_pages(2 * PAGE);

	memcpy(p + PAGE - 2, return_0, 6);
	mprotect(p, 2 * PAGE, PROT_EXEC);
	return ((code *)(p + PAGE - 2))();
}

static int second_page_is_data(void)
{
	char *p = fresh_pages(2 * PAGE);

	memcpy(p + PAGE - 2, return_0, 6);
	mprotect(p + PAGE, PAGE, PROT_READ);
	return ((code *)(p + PAGE - 2))();
}

static int copy_into_constant_page(void)
{
	char *p = fresh_pages(2 * PAGE);

	p[PAGE] = 0;
	mprotect(p + PAGE, PAGE, PROT_READ);
	asm volatile("mvc 4000(255,%0),0(%0)" ::"a"(p) : "memory");
	return 0;
}

static int jump(unsigned long address)
{
	return ((code *)address)();
}

static int jump_to_the_prefix_area(void)
{
	return jump(0x8000);
}

static int jump_behind_the_table(void)
{
	return jump(1UL << 42);
}

static int jump_to_the_end(void)
{
	return jump(-2UL);
}

#define ONE(name, instruction)                                                           \
	static int name(void)                                                            \
	{                                                                                \
		asm volatile(instruction::: "memory", "0", "1", "2", "3", "cc");         \
		return 0;                                                                \
	}
ONE(home_space, ".insn s,0xb2790000,768(%%r0)")
ONE(secondary_space, ".insn s,0xb2790000,256(%%r0)")
ONE(access_registers, ".insn s,0xb2790000,512(%%r0)")
ONE(copy_from_home_space, "lghi %%r0,0xc1; lghi %%r3,8; mvcos 0(%%r15),0(%%r15),%%r3")
ONE(load_psw, "lpswe 0(%%r15)")
ONE(set_system_mask, "ssm 0(%%r15)")
ONE(store_control, "stctg %%c0,%%c15,0(%%r15)")
ONE(set_clock_comparator, "sckc 0(%%r15)")
ONE(signal_processor, "sigp %%r2,%%r4,5(%%r0)")
ONE(service_call, ".insn rre,0xb2200000,%%r1,%%r2")
ONE(reset_by_diagnose, "lghi %%r1,1; diag %%r1,%%r1,0x308")
ONE(purge_tlb, "ptlb")
ONE(odd_register_pair, ".short 0x1d12")
ONE(unaligned_swap, "lgr %%r1,%%r15; cs %%r2,%%r3,1(%%r1)")
ONE(invalid_fp_control, "lghi %%r1,-1; sfpc %%r1")
ONE(fp_division, "llilh %%r1,0x4000; sfpc %%r1; lzdr %%f0; lzdr %%f2;"
		 "lghi %%r1,1; cdfbr %%f0,%%r1; ddbr %%f0,%%f2")
ONE(division, "lghi %%r2,0; lghi %%r3,1; lghi %%r1,0; dr %%r2,%%r1")
ONE(vector, ".insn vrr,0xe70000000056,1,2,0,0,0,0")

static const struct {
	const char *name;
	int (*run)(void);
	int status;
} tricks[] = {
#define TRICK(name, status)                                                              \
	{                                                                                \
#name, name, status                                                      \
	}
	TRICK(wild_stack_at_syscall, 0),
	TRICK(addressing_31_at_syscall, 0),
	TRICK(executed_syscall, 0),
	TRICK(copies_to_fresh_pages, 0),
	TRICK(executed_copies_to_fresh_pages, 0),
	TRICK(registers_across_fresh_pages, 0),
	TRICK(long_fill, 0),
	TRICK(instruction_in_two_pages, 0),
	TRICK(execute_only_pages, 0),
	TRICK(second_page_is_data, SEGV),
	TRICK(copy_into_constant_page, SEGV),
	TRICK(jump_to_the_prefix_area, SEGV),
	TRICK(jump_behind_the_table, SEGV),
	TRICK(jump_to_the_end, SEGV),
	TRICK(executed_execute, ILLEGAL),
	TRICK(home_space, ILLEGAL),
	TRICK(secondary_space, 0), /* allowed: it has the same tables */
	TRICK(access_registers, ILLEGAL),
	TRICK(copy_from_home_space, ILLEGAL),
	TRICK(load_psw, ILLEGAL),
	TRICK(set_system_mask, ILLEGAL),
	TRICK(store_control, ILLEGAL),
	TRICK(set_clock_comparator, ILLEGAL),
	TRICK(signal_processor, ILLEGAL),
	TRICK(service_call, ILLEGAL),
	TRICK(reset_by_diagnose, ILLEGAL),
	TRICK(purge_tlb, ILLEGAL),
	TRICK(odd_register_pair, ILLEGAL),
	TRICK(unaligned_swap, ILLEGAL),
	TRICK(invalid_fp_control, ILLEGAL),
	TRICK(vector, ILLEGAL),
	TRICK(fp_division, FPE),
	TRICK(division, FPE),
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; i < sizeof(tricks) / sizeof(tricks[0]); i++) {
		if (argc < 2)
			printf("%s %d\n", tricks[i].name, tricks[i].status);
		else if (!strcmp(argv[1], tricks[i].name))
			return tricks[i].run();
	}
	return 0;
}
