/*
 * tests/linux/anycall.c - every system call number from 0 to 500 with nonsense for
 * arguments: addresses of the kernel, huge and negative numbers. Each must come back with
 * an error or a harmless value, and the program must be as well afterwards as before.
 * Asks only Origami: on a Linux that we do not own, some of these would be rude.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NUMBERS 500

/* Calls that end, stop or duplicate the caller, or wait for ever, when they succeed. */
static const int excepted[] = {SYS_exit, SYS_exit_group, SYS_pause, SYS_vfork, SYS_clone,
	SYS_fork, SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigsuspend, SYS_wait4,
	SYS_rt_sigreturn, SYS_dup2, SYS_dup3, SYS_close};

static const unsigned long nonsense[] = {
	0xffffffff80200000UL,
	0xffff800080000000UL, /* negative as an int: no descriptor of ours */
	0x8000000080000000UL,
	0xffffffffffffffffUL,
	0x00007ffffffff000UL,
};

static int is_excepted(int number)
{
	for (unsigned int i = 0; i < sizeof(excepted) / sizeof(excepted[0]); i++)
		if (excepted[i] == number)
			return 1;
	return 0;
}

int main(void)
{
	static char memory[8192];
	int wrong = 0, strange = 0;
	pid_t pid = getpid();

	setvbuf(stdout, NULL, _IOLBF, 0);
	memset(memory, 0x5a, sizeof(memory));
	for (int number = 0; number <= NUMBERS; number++) {
		if (is_excepted(number))
			continue;
		for (unsigned int i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]);
			i++) {
			unsigned long x = nonsense[i];
			long result = syscall(number, x, x, x, x, x, x);

			if (result != -1 || errno > 133) {
				printf("# call %d(%#lx ...) = %ld\n", number, x, result);
				strange++;
			}
		}
	}
	for (unsigned int i = 0; i < sizeof(memory); i++)
		wrong += memory[i] != 0x5a;
	printf("%sok 1 - no number of a call is dangerous (%d returned a value)\n",
		strange > 200 ? "not " : "", strange);
	printf("%sok 2 - memory is as before\n", wrong ? "not " : "");
	printf("%sok 3 - the process is as before\n",
		getpid() == pid && write(1, "", 0) == 0 && malloc(1 << 20) ? "" : "not ");
	printf("1..3\n");
	return wrong || strange > 200;
}
