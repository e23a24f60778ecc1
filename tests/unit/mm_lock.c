/*
 * tests/unit/mm_lock.c - mm/space/lock.c: the sequence that tells write sections.
 */
#include "tests/unit/unit.h"
#include "mm/space/mm.h"

#define RW (PROT_READ | PROT_WRITE)

UNIT_TEST(mm_seq_is_odd_inside)
{
	struct mm *mm = mm_create();
	u64 seq = mm_seq_read(mm);

	EXPECT_EQ(seq & 1, 0);
	mm_read_lock(mm);
	EXPECT(!mm_seq_moved(mm, seq));
	mm_read_unlock(mm);
	mm_write_lock(mm);
	EXPECT_EQ(mm_seq_read(mm), seq + 1);
	EXPECT(mm_seq_moved(mm, seq));
	EXPECT(mm_seq_moved(mm, seq + 1)); /* nothing may be believed inside */
	mm_write_unlock(mm);
	EXPECT_EQ(mm_seq_read(mm), seq + 2);
	EXPECT(mm_seq_moved(mm, seq));
	EXPECT(!mm_seq_moved(mm, seq + 2));
	mm_put(mm);
}

static struct mm *mm;
static u64 seq;

static bool moved(void)
{
	u64 before = seq;

	seq = mm_seq_read(mm);
	return seq != before && !(seq & 1);
}

/* Who changes VMAs says so; who only looks does not disturb those that look. */
UNIT_TEST(mm_seq_moves_with_changes)
{
	unsigned long at = 0;

	mm = mm_create();
	seq = mm_seq_read(mm);
	EXPECT_EQ(mm_map(mm, &at, 4 * PAGE_SIZE, RW, 0), 0);
	EXPECT(moved());
	EXPECT_EQ(mm_fault(mm, at, ACCESS_WRITE), 0);
	EXPECT_EQ(mm_discard(mm, at, PAGE_SIZE), 0);
	EXPECT(!moved());
	EXPECT_EQ(mm_protect(mm, at, PAGE_SIZE, PROT_READ), 0);
	EXPECT(moved());
	EXPECT_EQ(mm_unmap(mm, at, 4 * PAGE_SIZE), 0);
	EXPECT(moved());
	mm_set_brk_start(mm, at);
	EXPECT(moved());
	EXPECT_EQ(mm_brk(mm, at + 1), at + 1);
	EXPECT(moved());
	mm_put(mm);
}
