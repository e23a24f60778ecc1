/*
 * tests/unit/rank.c - kernel/base/rank.c: a lock taken out of order is noticed, one taken
 * in order is not. Violations are recorded instead of ending in a panic.
 */
#include "tests/unit/unit.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "kernel/sched/wait.h"

static unsigned int violations;
static const char *taken, *held;

static void record(const char *taking, const char *holding)
{
	violations++;
	taken = taking;
	held = holding;
}

static unsigned int violations_of(void (*steps)(void))
{
	violations = 0;
	taken = held = "";
	rank_violation = record;
	steps();
	rank_violation = NULL;
	return violations;
}

static struct spinlock outer = SPINLOCK_INIT("outer", RANK_CACHE);
static struct spinlock inner = SPINLOCK_INIT("inner", RANK_FRAME);
static struct spinlock twins[2] = {
	SPINLOCK_INIT("twin", RANK_CACHE), SPINLOCK_INIT("twin", RANK_CACHE)};
static struct mutex sleeping = MUTEX_INIT(sleeping, "sleeping", RANK_MM);

static void take_both(struct spinlock *first, struct spinlock *second)
{
	spin_lock(first);
	spin_lock(second);
	spin_unlock(second);
	spin_unlock(first);
}

static void in_order(void)
{
	mutex_lock(&sleeping);
	take_both(&outer, &inner);
	mutex_unlock(&sleeping);
	take_both(&twins[0], &twins[1]);
}

static void out_of_order(void)
{
	take_both(&inner, &outer);
}

static void against_the_addresses(void)
{
	take_both(&twins[1], &twins[0]);
}

static void sleeping_lock_under_spinlock(void)
{
	spin_lock(&outer);
	mutex_lock(&sleeping);
	mutex_unlock(&sleeping);
	spin_unlock(&outer);
}

static void sleep_under_lock(void)
{
	rank_acquire(&outer, "outer", RANK_CACHE);
	rank_assert_may_sleep("a nap");
	rank_release(&outer);
}

static void fault_under_lock(void)
{
	mutex_lock(&sleeping);
	rank_assert_may_sleep("a nap");
	rank_assert_may_fault("a user copy");
	mutex_unlock(&sleeping);
}

UNIT_TEST(rank_order_is_allowed)
{
	EXPECT_EQ(violations_of(in_order), 0);
}

UNIT_TEST(rank_disorder_is_named)
{
	EXPECT_EQ(violations_of(out_of_order), 1);
	EXPECT(!strcmp(taken, "outer") && !strcmp(held, "inner"));
	EXPECT_EQ(violations_of(against_the_addresses), 1);
	EXPECT_EQ(violations_of(sleeping_lock_under_spinlock), 1);
}

UNIT_TEST(rank_sleep_under_lock_is_named)
{
	EXPECT_EQ(violations_of(sleep_under_lock), 1);
	EXPECT(!strcmp(taken, "a nap") && !strcmp(held, "outer"));
	EXPECT_EQ(violations_of(fault_under_lock), 1);
	EXPECT(!strcmp(taken, "a user copy") && !strcmp(held, "sleeping"));
}
