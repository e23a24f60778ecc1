/*
 * arch/x86_64/include/arch/page.h - where things lie in the kernel half.
 *
 * - 0xffff888000000000: direct map, all RAM at a fixed distance, under 4 and 5 levels
 * - 0xffffc90000000000: kernel stack window
 * - 0xffffffff80000000: kernel image, linked at -2 GiB; its base is physical 0
 * - 0xffffffffc0000000: device pages (local APIC, I/O APIC)
 */
#pragma once

#include "kernel/base/types.h"

#define DIRECT_MAP_BASE  0xffff888000000000UL
#define DIRECT_MAP_SIZE  0x0000400000000000UL /* 64 TiB */
#define STACK_WINDOW     0xffffc90000000000UL
#define STACK_WINDOW_END (STACK_WINDOW + (64UL << 20))
#define KERNEL_BASE      0xffffffff80000000UL
#define DEVICE_BASE      0xffffffffc0000000UL

static inline void *phys_to_virt(phys_t address)
{
	return (void *)(address.v + DIRECT_MAP_BASE);
}

static inline phys_t virt_to_phys(const void *pointer)
{
	unsigned long address = (unsigned long)pointer;

	return phys(address - (address >= KERNEL_BASE ? KERNEL_BASE : DIRECT_MAP_BASE));
}

static inline void fill_pages(void *page, u64 word, unsigned long count)
{
	unsigned long words = count * (PAGE_SIZE / 8);

	asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(word) : "memory");
}

static inline void fill_page(void *page, u64 word)
{
	fill_pages(page, word, 1);
}

static inline void clear_page(void *page)
{
	fill_page(page, 0);
}

static inline void clear_pages(void *first, unsigned long count)
{
	fill_pages(first, 0, count);
}

static inline void copy_page(void *to, const void *from)
{
	unsigned long words = PAGE_SIZE / 8;

	asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words)::"memory");
}
