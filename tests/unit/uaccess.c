/*
 * tests/unit/uaccess.c - user copies and atomics: with addresses that no program should
 * have, up to the last byte of those it has, and with what it may not do there.
 */
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/runqueue.h"
#include "mm/space/mm.h"
#include "tests/unit/crew.h"

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

/* Two pages, untouched, and then a hole. The test thread borrows the address space. */
static struct mm *borrow_mm(unsigned long *address)
{
	struct mm *mm = mm_create();

	EXPECT(mm);
	*address = 0;
	EXPECT_EQ(mm_map(mm, address, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0), 0);
	mm_use(mm);
	return mm;
}

static void give_back(struct mm *mm)
{
	mm_use(NULL);
	mm_put(mm);
}

UNIT_TEST(uaccess_copies_up_to_the_last_byte)
{
	char text[64], back[64] = "";
	unsigned long address, edge;
	struct mm *mm = borrow_mm(&address);

	memset(text, 'x', sizeof(text));
	edge = address + PAGE_SIZE;
	EXPECT_EQ(arch_copy_to_user(edge - 32, text, sizeof(text)), 0);
	EXPECT_EQ(arch_copy_from_user(back, edge - 32, sizeof(back)), 0);
	EXPECT_EQ(memcmp(text, back, sizeof(text)), 0);
	EXPECT_EQ(mm_unmap(mm, edge, PAGE_SIZE), 0);
	memset(back, 0, sizeof(back));
	EXPECT_EQ(arch_copy_from_user(back, edge - 5, sizeof(back)), sizeof(back) - 5);
	EXPECT(back[4] == 'x' && back[5] == 0);
	EXPECT_EQ(arch_copy_to_user(edge - 7, text, 8), 1);
	EXPECT_EQ(arch_clear_user(edge - 3, PAGE_SIZE), PAGE_SIZE - 3);
	EXPECT_EQ(arch_copy_from_user(back, edge - 4, 4), 0);
	EXPECT(back[0] == 'x' && back[1] == 0);
	give_back(mm);
}

UNIT_TEST(uaccess_respects_read_only)
{
	u32 word = 7, old = 1;
	unsigned long address, constant;
	struct mm *mm = borrow_mm(&address);

	constant = address + PAGE_SIZE;
	EXPECT_EQ(arch_copy_to_user(constant, &word, sizeof(word)), 0);
	EXPECT_EQ(mm_protect(mm, constant, PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(arch_copy_to_user(constant, &old, sizeof(old)), sizeof(old));
	EXPECT_EQ(arch_user_cas_u32(constant, 7, 8, &old), -EFAULT);
	EXPECT_EQ(arch_user_load_u32(constant, &word), 0);
	EXPECT_EQ(word, 7);
	give_back(mm);
}

UNIT_TEST(uaccess_atomics)
{
	u32 word = 1, old = 1;
	unsigned long address;
	struct mm *mm = borrow_mm(&address);

	EXPECT_EQ(arch_user_load_u32(address, &word), 0);
	EXPECT_EQ(word, 0);
	EXPECT_EQ(arch_user_cas_u32(address + PAGE_SIZE, 0, 5, &old), 0);
	EXPECT_EQ(old, 0);
	EXPECT_EQ(arch_user_cas_u32(address + PAGE_SIZE, 0, 6, &old), 0);
	EXPECT_EQ(old, 5);
	EXPECT_EQ(arch_user_cas_u32(address + PAGE_SIZE, 5, 6, &old), 0);
	EXPECT_EQ(arch_user_load_u32(address + PAGE_SIZE, &word), 0);
	EXPECT_EQ(word, 6);
	give_back(mm);
}

#define STORM_ROUNDS 20000
#define STORM_AT     0x20000000UL

static u32 storm_over, storm_steps; /* (a) */

/* Each has a page of its own at the same address, with its number in it. */
static void read_in_storm(unsigned long number)
{
	unsigned long address = STORM_AT;
	struct mm *mm = mm_create();
	u32 mine = (u32)number, value, old, wrong = 0;

	mm_use(mm);
	EXPECT_EQ(mm_map(mm, &address, PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED), 0);
	EXPECT_EQ(arch_copy_to_user(address, &mine, sizeof(mine)), 0);
	for (int i = 0; i < STORM_ROUNDS; i++) {
		wrong += arch_user_load_u32(address, &value) || value != mine;
		wrong += arch_user_cas_u32(address, mine, mine, &old) || old != mine;
		atomic_add(&storm_steps, 1);
	}
	EXPECT_EQ(wrong, 0);
	mm_use(NULL);
	mm_put(mm);
	atomic_add(&storm_over, 1);
}

/* Interrupt CPU 0 some time in its next step, and wait until that is done: without the
 * wait it could get one interrupt after the other, and no instruction in between. */
static void blow(void)
{
	u32 before = atomic_load(&storm_steps);

	for (u32 i = before % 32; i; i--)
		arch_cpu_relax();
	runqueue_poke(0);
	spin_until(atomic_load(&storm_steps) != before || atomic_load(&storm_over) == 2);
}

/* Two address spaces take turns on CPU 0, each interrupted by another CPU in the middle
 * of user atomics. */
UNIT_TEST(uaccess_atomics_in_a_storm)
{
	if (!(cpus_online & 2)) {
		unit_skip("needs two CPUs");
		return;
	}
	EXPECT_EQ(thread_set_allowed(current(), 2), 0);
	storm_over = 0;
	crew_start(read_in_storm, 1, 1);
	crew_start(read_in_storm, 2, 1);
	while (atomic_load(&storm_over) < 2)
		blow();
	crew_join();
	EXPECT_EQ(thread_set_allowed(current(), ANYWHERE), 0);
}
