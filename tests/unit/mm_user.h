/*
 * tests/unit/mm_user.h - loads and stores of user space, by the mm that runs here: they
 * must succeed.
 */
#pragma once

#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"

static inline void store(unsigned long address, u64 value)
{
	EXPECT_EQ(arch_copy_to_user(address, &value, sizeof(value)), 0);
}

static inline u64 load(unsigned long address)
{
	u64 value = ~0UL;

	EXPECT_EQ(arch_copy_from_user(&value, address, sizeof(value)), 0);
	return value;
}
