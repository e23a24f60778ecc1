/*
 * tests/linux/leave.c - a program that ends while khugepaged is at work on its memory:
 * who frees that then is a thread of the kernel's, and the machine is switched off behind
 * the program. Whether all was freed by then the log tells ("ledger:", programs.t).
 */
#include "tests/linux/tap.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096UL
#define SIZE (32UL << 20)
#define DIR  "/sys/kernel/mm/transparent_hugepage/khugepaged/"

static int set(const char *path, const char *value)
{
	int file = open(path, O_WRONLY), good;

	good = file >= 0 && write(file, value, strlen(value)) > 0;
	close(file);
	return good;
}

int main(void)
{
	char *memory = mmap(
		NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!test(memory != MAP_FAILED, "memory"))
		return 1;
	madvise(memory, SIZE, MADV_NOHUGEPAGE);
	for (unsigned long at = 0; at < SIZE; at += PAGE)
		memory[at] = 1;
	test(set(DIR "pages_to_scan", "100000") &&
			set(DIR "alloc_sleep_millisecs", "0") &&
			set(DIR "scan_sleep_millisecs", "0"),
		"khugepaged works without a pause");
	test(!madvise(memory, SIZE, MADV_HUGEPAGE), "and has something to do");
	printf("1..%d\n", count);
	fflush(stdout);
	usleep(3000);
	return failures > 0;
}
