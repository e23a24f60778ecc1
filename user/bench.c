/*
 * user/bench.c - count guest instructions, for `make bench`.
 *
 * Under QEMU's -icount shift=0 one instruction takes one nanosecond of virtual time, and
 * the machine's clock is that time: differences of it are exact counts of instructions.
 * The clock is read in the program's very first instructions (before libc's), which tells
 * what the boot has cost, when this program is process 1.
 */
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ROUNDS 1000
#define TRIES  20

unsigned long start_clock; /* written by the entry code */

#ifdef __x86_64__

/* TSC: 1 GHz under icount, zero at reset. */
__asm__(".globl bench_start\n"
	"bench_start: push %rdx\n rdtsc\n shl $32, %rdx\n or %rdx, %rax\n"
	" mov %rax, start_clock(%rip)\n pop %rdx\n jmp _start");

static unsigned long read_clock(void)
{
	unsigned int low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
	return (unsigned long)high << 32 | low;
}

static unsigned long nanoseconds(unsigned long clock)
{
	return clock;
}

#define RESET_CLOCK 0UL

#else

/* TOD clock: 4096 per microsecond since 1900; QEMU is told to start it at 2020. */
__asm__(".globl bench_start\n"
	"bench_start: larl %r1, start_clock\n stckf 0(%r1)\n jg _start");

static unsigned long read_clock(void)
{
	unsigned long clock;

	__asm__ volatile("stckf %0" : "=Q"(clock)::"cc", "memory");
	return clock;
}

static unsigned long nanoseconds(unsigned long clock)
{
	return clock * 125 / 512;
}

/* What QEMU makes of 2020-01-01, including how it rounds. */
#define RESET_CLOCK (0x7d91048bca000000UL + 1577836800UL * 512 / 125 * 1000000000UL)

#endif

static unsigned long measure(int call)
{
	unsigned long best = ~0UL;

	for (int try = 0; try < TRIES; try++) {
		unsigned long start = read_clock(), took;

		for (int i = 0; i < ROUNDS; i++) {
			if (call)
				syscall(SYS_getppid);
			__asm__ volatile("" ::: "memory");
		}
		took = nanoseconds(read_clock() - start);
		best = took < best ? took : best;
	}
	return best;
}

int main(void)
{
	unsigned long loop = measure(0);

	printf("boot %lu\n", nanoseconds(start_clock - RESET_CLOCK));
	printf("null_syscall %lu\n", (measure(1) - loop + ROUNDS / 2) / ROUNDS);
	return 0;
}
