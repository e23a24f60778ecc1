/*
 * kernel/base/percpu.c - the areas of percpu.h. Section .percpu is CPU 0's area and tells
 * the layout; every other area starts as zeros (so a DEFINE_PERCPU takes no initialiser).
 */
#include "kernel/base/percpu.h"
#include "kernel/base/cpu.h"
#include "kernel/base/string.h"

extern char __percpu_start[], __percpu_end[];

unsigned long percpu_offset[NR_CPUS];
unsigned int cpu_count = 1;
cpuset_t cpus_online = 1;

size_t percpu_size(void)
{
	return ALIGN_UP((size_t)(__percpu_end - __percpu_start), PAGE_SIZE);
}

void percpu_init(unsigned int count, void *memory)
{
	for (unsigned int cpu = 1; cpu < count; cpu++) {
		char *area = (char *)memory + (cpu - 1) * percpu_size();

		memset(area, 0, percpu_size());
		percpu_offset[cpu] = (unsigned long)(area - __percpu_start);
	}
}
