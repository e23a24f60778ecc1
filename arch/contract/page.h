/*
 * arch/contract/page.h - page-sized memory and the direct map.
 *
 * All RAM that the frame allocator hands out is mapped, writable and not executable, at a
 * fixed distance (the direct map). Inline from <arch/page.h>:
 *
 *   void *phys_to_virt(phys_t)        into the direct map
 *   phys_t virt_to_phys(const void *) of a direct-map or kernel-image address
 *   void clear_page(void *), copy_page(void *to, const void *from)
 *   void clear_pages(void *, unsigned long count)
 *   void fill_page(void *, u64 word)  with that word, again and again
 */
#pragma once

#include "kernel/base/types.h"
#include <arch/page.h>

/*
 * Builds the final kernel mapping: kernel text RX, read-only data R, everything else
 * RW-NX (W^X), the direct map of all of boot_info's usable RAM, the kernel stack window,
 * the machine's device pages. Page-table memory comes from frame_boot_alloc(). CPU 0,
 * once.
 */
void arch_kernel_map_init(void);

/* Memory for arch_kernel_map_init() from the boot map, zeroed, page-aligned, already
 * reachable; panics with a clear message if there is none. Provided by mm/space/frame.c.
 */
phys_t frame_boot_alloc(size_t bytes);

/*
 * The kernel stack window: virtual addresses [start, end) reserved for stacks with
 * unmapped guard pages between. Mapping one page (RW-NX) at a time; 0 or -ENOMEM. Nothing
 * in the window is ever unmapped, so no flush is needed. The caller serialises.
 */
unsigned long arch_stack_window_start(void);
unsigned long arch_stack_window_end(void);
int arch_stack_map_page(unsigned long address, phys_t frame);

/* For tests: what may the kernel do at a kernel address: bits of ACCESS_*; 0: unmapped.
 */
unsigned int arch_kernel_access(unsigned long address);
