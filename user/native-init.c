/*
 * user/native-init.c - process 1 of a kernel without the Linux layer (LINUX=n).
 *
 * No libc: it makes the kernel's own calls, prints what it finds and exits. It checks
 * that fresh memory is zero and can be written, since nobody else does so here.
 */
#include "user/native.h"

#define MEMORY_SIZE (1024 * 1024)

void native_main(void);

static void print(const char *text)
{
	long size = 0;

	while (text[size])
		size++;
	native_call(NATIVE_WRITE, 1, (long)text, size, 0);
}

static int memory_works(void)
{
	long address = native_call(
		NATIVE_MAP, 0, MEMORY_SIZE, NATIVE_PROT_READ | NATIVE_PROT_WRITE, 0);
	volatile long *words = (volatile long *)address;

	if (address < 0)
		return 0;
	for (long i = 0; i < MEMORY_SIZE / (long)sizeof(long); i += 512) {
		if (words[i])
			return 0;
		words[i] = i + 1;
	}
	return words[512] == 513 &&
	       !native_call(NATIVE_UNMAP, address, MEMORY_SIZE, 0, 0);
}

void native_main(void)
{
	int works;

	print("Hello from the native init.\n");
	works = memory_works() && native_call(NATIVE_TASK_ID, 0, 0, 0, 0) == 1;
	print(works ? "Memory works.\n" : "Memory does NOT work.\n");
	native_call(NATIVE_TASK_EXIT, !works, 0, 0, 0);
}

NATIVE_PROGRAM(native_main);
