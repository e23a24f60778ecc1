/*
 * tests/linux/fault.c - do one forbidden thing, named by the first argument. Linux ends
 * the program by a signal each time; tests/linux/faults.t demands the same here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifdef __x86_64__
#define KERNEL_ADDRESS 0xffffffff80200000UL
#define ILLEGAL        "ud2"
#define PRIVILEGED     "mov %%cr3, %%rax"
#define BREAKPOINT     "int3"
static const unsigned char return_code[] = {0xc3};
#else
#define KERNEL_ADDRESS 0x10000UL /* absolute; not a user mapping */
#define ILLEGAL        ".short 0"
#define PRIVILEGED     "stctg %%c0, %%c0, 0(%%r15)"
#define BREAKPOINT     ".short 1"
static const unsigned char return_code[] = {0x07, 0xfe};
#endif

static volatile int zero;
static const char constant[] = "constant";
static volatile int sink;

static void call(const volatile void *address)
{
	((void (*)(void))(unsigned long)address)();
}

static void *fresh(int protection)
{
	return mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void read_null(void)
{
	sink = *(volatile int *)(unsigned long)zero;
}

static void write_null(void)
{
	*(volatile int *)(unsigned long)zero = 1;
}

static void call_null(void)
{
	call((void *)(unsigned long)zero);
}

static void read_kernel(void)
{
	sink = *(volatile int *)KERNEL_ADDRESS;
}

static void write_kernel(void)
{
	*(volatile int *)KERNEL_ADDRESS = 1;
}

static void call_kernel(void)
{
	call((void *)KERNEL_ADDRESS);
}

static void read_noncanonical(void)
{
	sink = *(volatile int *)0x8000000000000000UL;
}

static void call_noncanonical(void)
{
	call((void *)0x7fff000000000000UL);
}

static void exec_stack(void)
{
	unsigned char code[sizeof(return_code)];

	memcpy(code, return_code, sizeof(code));
	call(code);
}

static void exec_heap(void)
{
	void *code = malloc(sizeof(return_code));

	memcpy(code, return_code, sizeof(return_code));
	call(code);
}

static void write_code(void)
{
	*(volatile unsigned char *)(unsigned long)write_code = 0;
}

static void write_constant(void)
{
	*(volatile char *)(unsigned long)constant = 2;
}

static void read_none(void)
{
	sink = *(volatile int *)fresh(PROT_NONE);
}

static void write_readonly(void)
{
	*(volatile int *)fresh(PROT_READ) = 1;
}

static void read_unmapped(void)
{
	int *page = fresh(PROT_READ | PROT_WRITE);

	*page = 1;
	munmap(page, 4096);
	sink = *(volatile int *)page;
}

static void write_protected(void)
{
	int *page = fresh(PROT_READ | PROT_WRITE);

	*page = 1;
	mprotect(page, 4096, PROT_READ);
	*(volatile int *)page = 2;
}

static void illegal(void)
{
	__asm__ volatile(ILLEGAL);
}

static void privileged(void)
{
	__asm__ volatile(PRIVILEGED ::: "memory");
}

static void breakpoint(void)
{
	__asm__ volatile(BREAKPOINT);
}

static void overflow_stack(void)
{
	volatile char bulk[4096];

	bulk[0] = 0;
	if (!zero)
		overflow_stack();
	bulk[1] = bulk[0];
}

static void aborts(void)
{
	abort();
}

static const struct {
	const char *name;
	void (*run)(void);
} faults[] = {
	{"read_null", read_null},
	{"write_null", write_null},
	{"call_null", call_null},
	{"read_kernel", read_kernel},
	{"write_kernel", write_kernel},
	{"call_kernel", call_kernel},
	{"read_noncanonical", read_noncanonical},
	{"call_noncanonical", call_noncanonical},
	{"exec_stack", exec_stack},
	{"exec_heap", exec_heap},
	{"write_code", write_code},
	{"write_constant", write_constant},
	{"read_none", read_none},
	{"write_readonly", write_readonly},
	{"read_unmapped", read_unmapped},
	{"write_protected", write_protected},
	{"illegal", illegal},
	{"privileged", privileged},
	{"breakpoint", breakpoint},
	{"overflow_stack", overflow_stack},
	{"aborts", aborts},
};

/* Without arguments: the names, for the test that runs them all. */
int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		if (argc < 2)
			puts(faults[i].name);
		else if (!strcmp(argv[1], faults[i].name))
			faults[i].run();
	}
	return 0;
}
