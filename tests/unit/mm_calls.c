/*
 * tests/unit/mm_calls.c - mm/space: errors, placement, brk, stacks, promises, memory.
 */
#include "tests/unit/unit.h"
#include "tests/unit/frame_help.h"
#include "tests/unit/mm_help.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/sched/rcu.h"
#include "mm/space/frame.h"

#define RW    (PROT_READ | PROT_WRITE)
#define PLACE 0x10000000UL

static int map_at(struct mm *mm, unsigned long at, size_t length, unsigned int flags)
{
	return mm_map(mm, &at, length, RW, flags);
}

UNIT_TEST(mm_errors_are_linux_s)
{
	struct mm *mm = mm_create();
	unsigned long end = arch_user_end() - PAGE_SIZE, any = 0;

	EXPECT_EQ(map_at(mm, PLACE, 0, MM_FIXED), -EINVAL);
	EXPECT_EQ(map_at(mm, PLACE + 1, PAGE_SIZE, MM_FIXED), -EINVAL);
	EXPECT_EQ(map_at(mm, end, 2 * PAGE_SIZE, MM_FIXED), -ENOMEM);
	EXPECT_EQ(map_at(mm, ~0UL & PAGE_MASK, PAGE_SIZE, MM_FIXED), -ENOMEM);
	EXPECT_EQ(map_at(mm, 0, PAGE_SIZE, MM_FIXED), -EPERM);
	EXPECT_EQ(mm_map(mm, &any, ~0UL, PROT_NONE, 0), -ENOMEM);
	EXPECT_EQ(mm_map(mm, &any, PAGE_SIZE, 8, 0), -EINVAL);
	EXPECT_EQ(map_at(mm, PLACE, 1, MM_FIXED), 0);
	EXPECT_EQ(map_at(mm, PLACE, 1, MM_FIXED | MM_NOREPLACE), -EEXIST);
	EXPECT_EQ(mm_unmap(mm, PLACE + 1, PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_unmap(mm, PLACE, 0), -EINVAL);
	EXPECT_EQ(mm_unmap(mm, end, 2 * PAGE_SIZE), -EINVAL);
	EXPECT_EQ(mm_unmap(mm, 2 * PLACE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_protect(mm, PLACE + 1, PAGE_SIZE, RW), -EINVAL);
	EXPECT_EQ(mm_protect(mm, PLACE, 0, RW), 0);
	EXPECT_EQ(mm_protect(mm, PLACE, 2 * PAGE_SIZE, RW), -ENOMEM);
	EXPECT_EQ(mm_protect(mm, PLACE, PAGE_SIZE, 8), -EINVAL);
	EXPECT_EQ(mm_fault(mm, mm->limit, ACCESS_READ), -EFAULT);
	EXPECT_EQ(mm_fault(mm, ~0UL, ACCESS_READ), -EFAULT);
	EXPECT_EQ(mm_fault(mm, 0, ACCESS_READ), -EFAULT);
	EXPECT_EQ(mm_fault(mm, PLACE, ACCESS_EXEC), -EFAULT);
	mm_put(mm);
}

UNIT_TEST(mm_places_from_the_top_down)
{
	struct mm *mm = mm_create();
	unsigned long first = 0, second = 0, third = 0, hint = PLACE + 5;

	EXPECT_EQ(mm_map(mm, &first, 4 * PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(first + 4 * PAGE_SIZE, mm->mmap_base);
	EXPECT_EQ(mm_map(mm, &second, PAGE_SIZE, PROT_READ, 0), 0);
	EXPECT_EQ(second + PAGE_SIZE, first);
	EXPECT_EQ(mm_unmap(mm, first + PAGE_SIZE, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_map(mm, &third, 2 * PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(third, first + PAGE_SIZE);
	EXPECT_EQ(mm_vma_count(mm), 2); /* the hole is closed, the first is whole again */
	EXPECT_EQ(mm_map(mm, &hint, PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(hint, PLACE);
	hint = third;
	EXPECT_EQ(mm_map(mm, &hint, PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(hint, second - PAGE_SIZE);
	mm_put(mm);
}

/* Many VMAs, then holes of growing size among them: each search finds the highest. */
UNIT_TEST(mm_finds_gaps_among_many)
{
	enum {
		VMAS = 2000
	};
	struct mm *mm = mm_create();

	for (unsigned long i = 0; i < VMAS; i++) {
		unsigned long at = 0;

		EXPECT_EQ(
			mm_map(mm, &at, PAGE_SIZE, i & 1 ? PROT_READ : PROT_NONE, 0), 0);
		EXPECT_EQ(at, mm->mmap_base - (i + 1) * PAGE_SIZE);
	}
	EXPECT_EQ(mm_vma_count(mm), VMAS);
	for (unsigned long pages = 2; pages < 40; pages++) {
		unsigned long hole = mm->mmap_base - 40 * pages * PAGE_SIZE, at = 0;

		EXPECT_EQ(mm_unmap(mm, hole, pages * PAGE_SIZE), 0);
		EXPECT_EQ(mm_map(mm, &at, pages * PAGE_SIZE, RW, 0), 0);
		EXPECT_EQ(at, hole);
	}
	EXPECT_EQ(mm_unmap(mm, PAGE_SIZE * 16, mm->mmap_base - PAGE_SIZE * 16), 0);
	EXPECT_EQ(mm_vma_count(mm), 0);
	mm_put(mm);
}

/* At the limit: what would need one more VMA is refused and changes nothing; what needs
 * none, or fewer, goes on. */
UNIT_TEST(mm_limits_vmas)
{
	enum {
		LIMIT = 101
	};
	struct mm *mm = mm_create();
	unsigned long big = 0, at, size = 2UL * LIMIT * PAGE_SIZE;
	int err = 0;

	mm_vmas_max = LIMIT;
	EXPECT_EQ(mm_map(mm, &big, size, PROT_NONE, 0), 0);
	for (at = big + PAGE_SIZE; !err && at < big + size; at += 2 * PAGE_SIZE)
		err = mm_protect(mm, at, PAGE_SIZE, PROT_READ);
	EXPECT_EQ(err, -ENOMEM);
	EXPECT_EQ(mm_vma_count(mm), LIMIT);
	EXPECT_EQ(map_at(mm, PLACE, PAGE_SIZE, MM_FIXED), -ENOMEM);
	EXPECT_EQ(mm_unmap(mm, big + size - 2 * PAGE_SIZE, PAGE_SIZE), -ENOMEM);
	EXPECT_EQ(mm_vma_count(mm), LIMIT);
	EXPECT_EQ(mm_unmap(mm, big + size - PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, big, 2 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_vma_count(mm), LIMIT - 2);
	EXPECT_EQ(map_at(mm, PLACE, PAGE_SIZE, MM_FIXED), 0);
	mm_vmas_max = MM_VMAS_MAX;
	EXPECT_EQ(mm_unmap(mm, big, size), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	mm_put(mm);
}

UNIT_TEST(mm_brk)
{
	struct mm *mm = mm_create();
	unsigned long start = PLACE + 0x123;

	mm_set_brk_start(mm, start);
	EXPECT_EQ(mm_brk(mm, 0), start);
	EXPECT_EQ(mm_brk(mm, start + 5), start + 5);
	EXPECT_EQ(mm_fault(mm, PLACE + PAGE_SIZE, ACCESS_WRITE), -EFAULT);
	EXPECT_EQ(mm_brk(mm, PLACE + 3 * PAGE_SIZE), PLACE + 3 * PAGE_SIZE);
	EXPECT_EQ(mm_fault(mm, PLACE + 2 * PAGE_SIZE, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_brk(mm, PLACE + PAGE_SIZE + 1), PLACE + PAGE_SIZE + 1);
	EXPECT_EQ(mm_pages(mm), 0);
	EXPECT_EQ(map_at(mm, PLACE + 8 * PAGE_SIZE, PAGE_SIZE, MM_FIXED), 0);
	EXPECT_EQ(mm_brk(mm, PLACE + 8 * PAGE_SIZE), PLACE + PAGE_SIZE + 1);
	EXPECT_EQ(mm_brk(mm, PLACE + 7 * PAGE_SIZE), PLACE + 7 * PAGE_SIZE);
	EXPECT_EQ(mm_brk(mm, ~0UL), PLACE + 7 * PAGE_SIZE);
	EXPECT_EQ(mm_brk(mm, mm->limit - 1), PLACE + 7 * PAGE_SIZE);
	mm_put(mm);
}

UNIT_TEST(mm_stack_grows_to_its_limit)
{
	struct mm *mm = mm_create();
	unsigned long top = mm->stack_top, lowest = top - MM_STACK_SIZE;

	EXPECT_EQ(map_at(mm, top - 4 * PAGE_SIZE, 4 * PAGE_SIZE, MM_FIXED | MM_STACK), 0);
	EXPECT_EQ(mm_fault(mm, top - 1, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_fault(mm, top - 9 * PAGE_SIZE, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_vma_count(mm), 1);
	EXPECT_EQ(mm_pages(mm), 2);
	EXPECT_EQ(mm_fault(mm, lowest - 1, ACCESS_WRITE), -EFAULT);
	EXPECT_EQ(mm_fault(mm, lowest, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_fault(mm, lowest - 1, ACCESS_WRITE), -EFAULT);
	mm_put(mm);
}

UNIT_TEST(mm_stack_keeps_its_distance)
{
	struct mm *mm = mm_create();
	unsigned long stack = 2 * PLACE, below = stack - MM_STACK_GAP - 2 * PAGE_SIZE,
		      hint;

	EXPECT_EQ(map_at(mm, stack, PAGE_SIZE, MM_FIXED | MM_STACK), 0);
	EXPECT_EQ(map_at(mm, below - PAGE_SIZE, PAGE_SIZE, MM_FIXED), 0);
	EXPECT_EQ(mm_fault(mm, stack - 2 * PAGE_SIZE, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_fault(mm, stack - 3 * PAGE_SIZE, ACCESS_WRITE), -EFAULT);
	hint = stack - MM_STACK_GAP; /* in the gap: placed elsewhere */
	EXPECT_EQ(mm_map(mm, &hint, PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(hint, mm->mmap_base - PAGE_SIZE);
	mm_put(mm);
}

/* A promise that could never be kept is refused, a reservation is not. */
UNIT_TEST(mm_promises)
{
	struct mm *mm = mm_create();
	struct frame_stats stats;
	unsigned long at = 0;
	size_t more;

	frame_stats(&stats);
	more = (stats.total + 1) * PAGE_SIZE;
	EXPECT_EQ(mm_map(mm, &at, more, RW, 0), -ENOMEM);
	EXPECT_EQ(mm_map(mm, &at, more, RW, MM_NORESERVE), 0);
	at = 0;
	EXPECT_EQ(mm_map(mm, &at, more, PROT_NONE, 0), 0);
	EXPECT_EQ(mm_protect(mm, at, more, RW), -ENOMEM);
	EXPECT_EQ(mm_protect(mm, at, PAGE_SIZE, RW), 0);
	EXPECT_EQ(mm_fault(mm, at, ACCESS_WRITE), 0);
	mm_put(mm);
}

/* Touching everything ends in an error, not in a panic, and all comes back. */
UNIT_TEST(mm_out_of_memory)
{
	struct mm *mm = mm_create();
	unsigned long at = 0, length;
	struct list held;
	u64 before;
	int err = 0;

	(void)frame_count_settled();
	frame_hold_all_but(&held, 12UL << 20);
	before = frame_count_free();
	length = before * PAGE_SIZE;
	EXPECT_EQ(mm_map(mm, &at, length, RW, 0), 0);
	for (unsigned long offset = 0; !err && offset < length; offset += PAGE_SIZE)
		err = mm_fault(mm, at + offset, ACCESS_WRITE);
	EXPECT_EQ(err, -ENOMEM);
	EXPECT_EQ(mm_unmap(mm, at, length), 0);
	EXPECT_EQ(mm_pages(mm), 0);
	rcu_barrier();
	EXPECT(before - frame_count_free() <= 2); /* slabs of VMAs; nothing else stays */
	frame_give_all(&held);
	mm_put(mm);
}

UNIT_TEST(mm_populate)
{
	struct mm *mm = mm_create();
	unsigned long at = 0;

	EXPECT_EQ(mm_map(mm, &at, 10 * PAGE_SIZE, RW, MM_POPULATE), 0);
	EXPECT_EQ(mm_pages(mm), 10);
	EXPECT_EQ(mm_discard(mm, at, 3 * PAGE_SIZE), 0);
	EXPECT_EQ(mm_pages(mm), 7);
	mm_put(mm);
}

/* A hint or a fixed address above the limit grows the table, and so does a search that
 * finds nothing; each as far as the policy allows. */
UNIT_TEST(mm_grows_with_what_is_asked)
{
	struct mm *mm = mm_create();
	unsigned long limit = mm->limit, top = arch_user_end(), at = limit + PAGE_SIZE;

	if (limit == top) {
		mm_put(mm);
		return unit_skip("tables of this policy do not grow");
	}
	EXPECT_EQ(mm_map(mm, &at, PAGE_SIZE, RW, 0), 0);
	EXPECT_EQ(at, limit + PAGE_SIZE);
	EXPECT(mm->limit > limit);
	EXPECT_EQ(mm_fault(mm, at, ACCESS_WRITE), 0);
	EXPECT_EQ(map_at(mm, top - PAGE_SIZE, PAGE_SIZE, MM_FIXED), 0);
	EXPECT_EQ(mm->limit, top);
	EXPECT_EQ(mm_fault(mm, top - 1, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_fault(mm, at, ACCESS_READ), 0);
	EXPECT_EQ(mm_pages(mm), 2);
	mm_put(mm);
}

UNIT_TEST(mm_search_grows_up_to_the_default_limit)
{
	struct mm *mm = mm_create();
	unsigned long limit = mm->limit, first = 0, second = 0, length;
	bool grows = arch_user_end() > limit && limit < MM_DEFAULT_LIMIT;

	length = min(limit, MM_DEFAULT_LIMIT) / 2;
	EXPECT_EQ(mm_map(mm, &first, length, PROT_NONE, 0), 0);
	EXPECT_EQ(mm_map(mm, &second, length, PROT_READ, 0), grows ? 0 : -ENOMEM);
	EXPECT_EQ(mm->limit > limit, grows);
	EXPECT(second + length <= MM_DEFAULT_LIMIT);
	mm_put(mm);
}
