/*
 * tests/unit/uaccess.c - user copies with addresses that no program should have.
 */
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"

static u32 secret = 0x5ec4e7;

/* A kernel thread has no user memory: every address must fail, and nothing be touched. */
static void expect_refused(unsigned long address)
{
	u32 copy = 1, old;

	EXPECT_EQ(arch_copy_from_user(&copy, address, sizeof(copy)), sizeof(copy));
	EXPECT_EQ(copy, 1);
	EXPECT_EQ(arch_copy_to_user(address, &copy, sizeof(copy)), sizeof(copy));
	EXPECT_EQ(arch_clear_user(address, sizeof(copy)), sizeof(copy));
	EXPECT_EQ(arch_user_load_u32(address, &copy), -EFAULT);
	EXPECT_EQ(arch_user_cas_u32(address, secret, 3, &old), -EFAULT);
	EXPECT_EQ(copy, 1);
	EXPECT_EQ(secret, 0x5ec4e7);
}

UNIT_TEST(uaccess_refuses_kernel_addresses)
{
	expect_refused((unsigned long)&secret);
}

UNIT_TEST(uaccess_refuses_what_is_not_mapped)
{
	expect_refused(0);
	expect_refused(0x400000);
	expect_refused(arch_user_end() - 4);
	expect_refused(arch_user_end() - 2);
	expect_refused(arch_user_end());
	expect_refused(1UL << 63);
	expect_refused(-4UL);
}

/* address + size wraps around: a sum would look small. */
UNIT_TEST(uaccess_refuses_huge_sizes)
{
	u32 copy = 1;

	EXPECT_EQ(arch_copy_from_user(&copy, 0x400000, -1UL), -1UL);
	EXPECT_EQ(arch_copy_from_user(&copy, 0x400000, -0x400000UL), -0x400000UL);
	EXPECT_EQ(arch_clear_user((unsigned long)&secret, -8UL), -8UL);
	EXPECT_EQ(copy, 1);
}

UNIT_TEST(uaccess_of_nothing_works_anywhere)
{
	EXPECT_EQ(arch_copy_from_user(NULL, 0x400000, 0), 0);
	EXPECT_EQ(arch_copy_to_user(0x400000, NULL, 0), 0);
}
