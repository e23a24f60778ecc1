/*
 * arch/sim/uaccess.c - how the kernel touches user memory, word by word, with the faults
 * that a user's own access would take. Only aligned words.
 */
#include "arch/contract/uaccess.h"
#include "arch/sim/sim.h"
#include "kernel/base/errno.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "kernel/sched/thread.h"
#include "mm/space/mm.h"

/* After a fault that was not refused, the access is made again: another CPU may have
 * unmapped the page meanwhile, and then it faults again. */
static bool load_word(unsigned long address, u64 *value)
{
	while (!sim_user_load(address, value))
		if (!current()->mm || mm_fault(current()->mm, address, ACCESS_READ))
			return false;
	return true;
}

static bool store_word(unsigned long address, u64 value)
{
	while (!sim_user_store(address, value))
		if (!current()->mm || mm_fault(current()->mm, address, ACCESS_WRITE))
			return false;
	return true;
}

static void check(unsigned long address, size_t size)
{
	rank_assert_may_fault("a user access");
	ASSERT(!((address | size) % sizeof(u64)), "%zu bytes at %lx", size, address);
}

size_t arch_copy_from_user(void *to, unsigned long from, size_t size)
{
	check(from, size);
	for (u64 *word = to; size; size -= sizeof(u64), from += sizeof(u64))
		if (!load_word(from, word++))
			break;
	return size;
}

size_t arch_copy_to_user(unsigned long to, const void *from, size_t size)
{
	check(to, size);
	for (const u64 *word = from; size; size -= sizeof(u64), to += sizeof(u64))
		if (!store_word(to, *word++))
			break;
	return size;
}

/* The half of a word; the host's own byte order. */
int arch_user_load_u32(unsigned long address, u32 *value)
{
	u64 word;

	rank_assert_may_fault("a user access");
	if (!IS_ALIGNED(address, sizeof(u32)) ||
		!load_word(ALIGN_DOWN(address, sizeof(word)), &word))
		return -EFAULT;
	*value = word >> (address % sizeof(word) * 8);
	return 0;
}
