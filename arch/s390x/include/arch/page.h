/*
 * <arch/page.h> - the direct map is the identity: virtual = real (arch/contract/page.h).
 */
#pragma once

#include "kernel/base/types.h"

static inline void *phys_to_virt(phys_t address)
{
	return (void *)address.v;
}

static inline phys_t virt_to_phys(const void *address)
{
	return phys((u64)address);
}

/* The compiler expands both into sixteen 256-byte XC / MVC. */
static inline void clear_page(void *page)
{
	__builtin_memset(page, 0, PAGE_SIZE);
}

static inline void clear_pages(void *first, unsigned long count)
{
	for (char *page = first; count--; page += PAGE_SIZE)
		clear_page(page);
}

static inline void fill_page(void *page, u64 word)
{
	*(u64 *)page = word;
	/* MVC goes from left to right: it copies on what it has just stored. */
	asm volatile("mvc 8(248,%0),0(%0)" : : "a"(page) : "memory");
	for (size_t done = 256; done < PAGE_SIZE; done += 256)
		__builtin_memcpy((char *)page + done, page, 256);
}

static inline void copy_page(void *to, const void *from)
{
	__builtin_memcpy(to, from, PAGE_SIZE);
}
