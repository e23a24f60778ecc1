/*
 * arch/contract/uaccess.h - the only ways in which the kernel touches user memory.
 *
 * Any address is allowed and checked (a kernel address is just an address that fails).
 * They may fault and so sleep: no spinlock, no RANK_MM lock may be held
 * (rank_assert_may_fault()). Interrupts on.
 *
 * Copies return the number of bytes NOT copied (0 = all). A page fault inside runs
 * trap_ops.page_fault; if that fails the copy stops there.
 */
#pragma once

#include "kernel/base/types.h"

size_t __must_check arch_copy_from_user(void *to, unsigned long from, size_t size);
size_t __must_check arch_copy_to_user(unsigned long to, const void *from, size_t size);
size_t __must_check arch_clear_user(unsigned long to, size_t size);

/* Atomic on the user word: 0 and *old filled, or -EFAULT. Does not sleep if `nofault`. */
int __must_check arch_user_load_u32(unsigned long address, u32 *value);
int __must_check arch_user_cas_u32(
	unsigned long address, u32 expected, u32 value, u32 *old);

/* The exclusive end of user addresses, whatever the mm: every mapping of the deepest one
 * lies in [0, arch_user_end()). What a given mm allows is mm->limit. */
unsigned long arch_user_end(void);
