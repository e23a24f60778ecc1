/*
 * tests/unit/explore/schedules.c - the machine whose every step is chosen: does a
 * schedule mean what it says, are mistakes seen, is everything put back?
 */
#include "arch/sim/explore/explore.h"
#include "arch/contract/irq.h"
#include "kernel/base/ipi.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"

static u64 word;
static u64 *object;
static struct spinlock lock;

static void increment(unsigned long none)
{
	word = word + 1;
}

/* A load and a store each: two steps after the one that begins. */
static const char *two_increments(const char *schedule)
{
	word = 0;
	crew_start(increment, 0, 1);
	crew_start(increment, 0, 2);
	return explore_run(schedule);
}

UNIT_TEST(explore_follows_a_schedule)
{
	EXPECT(!two_increments("0x3 1x3"));
	EXPECT_EQ(word, 2);
	EXPECT(!two_increments("0x2 1x3 0x1"));
	EXPECT_EQ(word, 1);
	EXPECT(!strcmp(explore_taken, "0x2 1x3 0x1"));
	EXPECT(!two_increments("1x2 0x2"));
	EXPECT_EQ(word, 1);
	EXPECT(!strcmp(explore_taken, "1x2 0x3 1x1"));
	EXPECT(!two_increments(""));
	EXPECT(!strcmp(explore_taken, "0x3 1x3"));
}

UNIT_TEST(explore_refuses_who_cannot_run)
{
	EXPECT(!strcmp(two_increments("0x4"), "the schedule chooses who cannot run"));
	EXPECT(!strcmp(two_increments("i1x1"), "the schedule chooses who cannot run"));
}

UNIT_TEST(explore_puts_everything_back)
{
	struct page *page;
	u64 *in_frame;

	object = kmalloc(sizeof(*object));
	page = frame_alloc(0, PAGE_KERNEL, FRAME_ZERO);
	in_frame = page_address(page);
	word = *object = *in_frame = 7;
	explore_save();
	for (int i = 0; i < 2; i++) {
		EXPECT(word == 7 && *object == 7 && *in_frame == 7);
		word = *object = *in_frame = 8;
		kfree(object);
		frame_free(page);
		EXPECT(kmalloc(100) != NULL);
		explore_restore();
	}
	EXPECT(word == 7 && *object == 7 && *in_frame == 7 && page->refs == 1);
	kfree(object);
	frame_free(page);
}

static void hold_for_ever(unsigned long none)
{
	spin_lock(&lock);
}

UNIT_TEST(explore_sees_who_waits_for_ever)
{
	const char *violation;

	spin_init(&lock, "test", RANK_PAGE_TABLE);
	explore_save();
	crew_start(hold_for_ever, 0, 1);
	crew_start(hold_for_ever, 0, 2);
	violation = explore_run("");
	EXPECT(violation && !strcmp(violation, "1 waits: test"));
	explore_restore();
}

static void read_object(unsigned long none)
{
	word = *object;
}

static void free_object(unsigned long none)
{
	kfree(object);
}

/* Steps of the reader: it begins, loads the pointer, what it points to, stores. */
static const char *read_and_free(const char *schedule)
{
	const char *violation;

	explore_restore();
	crew_start(read_object, 0, 1);
	crew_start(free_object, 0, 2);
	violation = explore_run(schedule);
	return violation;
}

UNIT_TEST(explore_sees_touches_of_freed_objects)
{
	object = kmalloc(sizeof(*object));
	explore_save();
	EXPECT(!read_and_free("0x3 1x1"));
	EXPECT(read_and_free("0x2 1x1") != NULL);
	EXPECT(read_and_free("1x1") != NULL);
	explore_restore();
	kfree(object);
}

/* --- interrupts and grace periods ------------------------------------------------------
 */

static void set_word(void *value)
{
	word = (u64)value;
}

static void call_cpu_1(unsigned long none)
{
	ipi_call(2, set_word, (void *)5);
}

static void mask_and_look(unsigned long none)
{
	arch_irq_disable();
	object[0] = word;
	object[1] = word;
	arch_irq_enable();
}

/* Wherever the call falls in, both loads find the same. */
UNIT_TEST(explore_interrupts_wait_for_the_mask)
{
	object = kmalloc(2 * sizeof(*object));
	for (unsigned int steps = 0; steps < 4; steps++) {
		word = 1;
		crew_start(mask_and_look, 0, 2);
		crew_start(call_cpu_1, 0, 1);
		EXPECT(!explore_preempt(1, steps, 0));
		EXPECT_EQ(word, 5);
		EXPECT_EQ(object[0], object[1]);
	}
	kfree(object);
}

static struct rcu_head head;

static void end_of_grace(struct rcu_head *none)
{
	word = 9;
}

static void reader(unsigned long none)
{
	rcu_read_lock();
	object[0] = word;
	object[1] = word;
	rcu_read_unlock();
}

static void retire(unsigned long none)
{
	call_rcu(&head, end_of_grace);
	synchronize_rcu();
}

UNIT_TEST(explore_grace_periods_wait_for_readers)
{
	object = kmalloc(2 * sizeof(*object));
	for (unsigned int steps = 0; steps < 6; steps++) {
		word = 1;
		crew_start(reader, 0, 1);
		crew_start(retire, 0, 2);
		EXPECT(!explore_preempt(0, steps, 1));
		(void)sim_rcu_run();
		EXPECT_EQ(word, 9);
		EXPECT_EQ(object[0], object[1]);
	}
	kfree(object);
}
