/*
 * tests/unit/explore/exact.c - is the search exact? Of scenarios that are small enough to
 * make every interleaving, one after the other, the classes are counted and compared with
 * the executions of the search that makes one of each class: no fewer, or it would miss
 * something, and no more, or it would do work twice. Each scenario exercises another part
 * of what orders steps.
 */
#include "arch/contract/irq.h"
#include "arch/sim/explore/explore.h"
#include "arch/sim/explore/search.h"
#include "kernel/base/ipi.h"
#include "kernel/base/print.h"
#include "kernel/base/spin.h"
#include "kernel/sched/rcu.h"
#include "kernel/base/string.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "tests/unit/crew.h"
#include "tests/unit/unit.h"

static u32 x, y, z;
static struct spinlock lock;
static void (*actors_of[3])(unsigned long);

static void start(void)
{
	for (unsigned int i = 0; i < 3; i++)
		if (actors_of[i])
			crew_start(actors_of[i], i, 1U << i);
}

static u64 count(enum search_kind kind, struct search *search)
{
	*search = (struct search){.kind = kind, .start = start};
	search_run(search);
	EXPECT_EQ(search->violations, 0);
	return kind == SEARCH_CLASSES ? search->executions : search->classes;
}

/* Returns the classes. */
static u64 compare(const char *what, void (*a)(unsigned long), void (*b)(unsigned long),
	void (*c)(unsigned long))
{
	struct search all, classes;

	actors_of[0] = a;
	actors_of[1] = b;
	actors_of[2] = c;
	spin_init(&lock, "test", RANK_PAGE_TABLE);
	explore_save();
	count(SEARCH_EVERYTHING, &all);
	count(SEARCH_CLASSES, &classes);
	print("# %-44s %8lu interleavings %6lu classes %6lu executions %4lu given up\n",
		what, all.executions, all.classes, classes.executions, classes.blocked);
	EXPECT_EQ(classes.executions, all.classes);
	EXPECT(all.executions > all.classes || all.classes == 1);
	return all.classes;
}

static void inc_x(unsigned long me)
{
	WRITE_ONCE(x, READ_ONCE(x) + 1);
}

static void read_x_y(unsigned long me)
{
	(void)READ_ONCE(x);
	(void)READ_ONCE(y);
}

static void write_y_x(unsigned long me)
{
	WRITE_ONCE(y, 1);
	WRITE_ONCE(x, 1);
}

static void add_x(unsigned long me)
{
	atomic_add(&x, 1);
	(void)atomic_load(&y);
}

static void cas_x(unsigned long me)
{
	u32 old = READ_ONCE(x);

	(void)atomic_cas(&x, old, old + 1);
	WRITE_ONCE(y, 1);
}

UNIT_TEST(exact_memory)
{
	compare("two increments", inc_x, inc_x, NULL);
	compare("three increments", inc_x, inc_x, inc_x);
	compare("two words, read and written", read_x_y, write_y_x, NULL);
	compare("two words, three actors", read_x_y, write_y_x, read_x_y);
	compare("an atomic beside stores", add_x, write_y_x, inc_x);
	compare("two compare-and-swaps", cas_x, cas_x, NULL);
	/* Those that fail only read, and two reads have no order: else it would be more.
	 */
	EXPECT_EQ(compare("three, some fail", cas_x, cas_x, cas_x), 162);
}

static void locked_inc(unsigned long me)
{
	spin_lock(&lock);
	WRITE_ONCE(x, READ_ONCE(x) + 1);
	spin_unlock(&lock);
	WRITE_ONCE(y, x);
}

static void read_x(unsigned long me)
{
	(void)READ_ONCE(x);
}

static void two_sections(unsigned long me)
{
	spin_lock(&lock);
	WRITE_ONCE(x, 1);
	spin_unlock(&lock);
	spin_lock(&lock);
	WRITE_ONCE(x, 2);
	spin_unlock(&lock);
}

UNIT_TEST(exact_locks)
{
	compare("a lock", locked_inc, locked_inc, NULL);
	compare("a lock, twice", two_sections, locked_inc, NULL);
	compare("a lock beside who ignores it", locked_inc, locked_inc, read_x);
}

static void masked(unsigned long me)
{
	(void)READ_ONCE(y);
	arch_irq_disable();
	(void)READ_ONCE(x);
	WRITE_ONCE(z, 1);
	arch_irq_enable();
	(void)READ_ONCE(x);
}

static void set_x(void *none)
{
	WRITE_ONCE(x, 1);
	WRITE_ONCE(z, 2);
}

static void call_0(unsigned long me)
{
	ipi_call(1, set_x, NULL);
	WRITE_ONCE(y, 1);
}

static void unmasked(unsigned long me)
{
	(void)READ_ONCE(x);
	(void)READ_ONCE(z);
}

static void call_both(unsigned long me)
{
	ipi_call(3, set_x, NULL);
}

UNIT_TEST(exact_interrupts)
{
	compare("a cross-call into a masked section", masked, call_0, NULL);
	compare("a cross-call into an unmasked one", unmasked, call_0, NULL);
	compare("a cross-call to two", read_x, call_both, NULL);
}

static struct rcu_head heads[3];

static void over(struct rcu_head *head)
{
	WRITE_ONCE(x, 9);
}

static void section(unsigned long me)
{
	rcu_read_lock();
	(void)READ_ONCE(x);
	(void)READ_ONCE(y);
	rcu_read_unlock();
}

static void retire(unsigned long me)
{
	WRITE_ONCE(y, 1);
	call_rcu(&heads[me], over);
}

static void masked_section(unsigned long me)
{
	arch_irq_disable();
	(void)READ_ONCE(x);
	arch_irq_enable();
}

static void wait_for_grace(unsigned long me)
{
	WRITE_ONCE(y, 1);
	synchronize_rcu();
	WRITE_ONCE(x, 1);
}

/* Who has found it linked (y is 0) has it until its section ends: x says that it is gone.
 */
static void use_if_linked(void)
{
	if (!READ_ONCE(y) && READ_ONCE(x))
		explore_fail("a grace period ended in a section");
}

static void section_uses(unsigned long me)
{
	rcu_read_lock();
	use_if_linked();
	rcu_read_unlock();
}

static void masked_uses(unsigned long me)
{
	arch_irq_disable();
	use_if_linked();
	arch_irq_enable();
}

static void nobody_uses(unsigned long me)
{
	use_if_linked();
}

static bool ends_too_early(
	void (*reader)(unsigned long), void (*writer)(unsigned long), bool counter)
{
	struct search search = {.kind = SEARCH_CLASSES, .start = start};

	actors_of[0] = reader;
	actors_of[1] = writer;
	actors_of[2] = NULL;
	x = y = 0;
	sim_rcu_choose(counter);
	explore_save();
	search_run(&search);
	sim_rcu_choose(false);
	return search.violations;
}

/* Sections are waited for, and what is none is not. */
UNIT_TEST(explore_waits_for_sections_only)
{
	for (int counter = 0; counter < 2; counter++) {
		EXPECT(!ends_too_early(section_uses, wait_for_grace, counter));
		EXPECT(!ends_too_early(section_uses, retire, counter));
		EXPECT(ends_too_early(nobody_uses, wait_for_grace, counter));
		EXPECT(ends_too_early(nobody_uses, retire, counter));
		EXPECT_EQ(ends_too_early(masked_uses, wait_for_grace, counter), counter);
		EXPECT_EQ(ends_too_early(masked_uses, retire, counter), counter);
	}
}

UNIT_TEST(exact_grace_periods)
{
	compare("a reader and a callback", section, retire, NULL);
	compare("a reader and two callbacks", masked_section, retire, retire);
	compare("a masked reader and a callback", masked_section, retire, NULL);
	compare("a reader and who waits", section, wait_for_grace, NULL);
}

static void choose(unsigned long me)
{
	if (sim_choose(3) == 1)
		WRITE_ONCE(x, 1);
	(void)READ_ONCE(y);
}

static void take_and_free(unsigned long me)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);

	WRITE_ONCE(x, 1);
	frame_free(page);
}

UNIT_TEST(exact_choices)
{
	/* Two choices leave x alone: two orders each, of y; with x written there are 3.
	 */
	EXPECT_EQ(compare("choices", choose, write_y_x, NULL), 7);
	compare("frames", take_and_free, take_and_free, NULL);
}

/* Store buffers: what a CPU has stored it sees at once, and others later. */
static void store_x_load_y(unsigned long me)
{
	WRITE_ONCE(x, 1);
	z += READ_ONCE(y) == 0;
}

static void store_y_load_x(unsigned long me)
{
	WRITE_ONCE(y, 1);
	z += READ_ONCE(x) == 0;
}

static void store_x_mb_load_y(unsigned long me)
{
	WRITE_ONCE(x, 1);
	smp_mb();
	z += READ_ONCE(y) == 0;
}

static void store_y_mb_load_x(unsigned long me)
{
	WRITE_ONCE(y, 1);
	smp_mb();
	z += READ_ONCE(x) == 0;
}

static void read_y_x(unsigned long me)
{
	u32 first = READ_ONCE(y);

	z += first && !READ_ONCE(x);
}

static void write_x_y(unsigned long me)
{
	WRITE_ONCE(x, 1);
	WRITE_ONCE(y, 1);
}

static void own_store(unsigned long me)
{
	WRITE_ONCE(x, 7);
	z += READ_ONCE(x) == 0;
}

/* The interrupt may come before the load, though it cannot once the store has entered the
 * buffer, and the sender calls only as long as it does not see the store. */
static void load_y_store_x(unsigned long me)
{
	u32 seen = READ_ONCE(y);

	WRITE_ONCE(x, 1);
	z += seen;
}

static void nothing(void *none)
{
}

static void call_unless_x(unsigned long me)
{
	if (READ_ONCE(x))
		return;
	ipi_call(1, nothing, NULL);
	WRITE_ONCE(y, 1);
}

static unsigned int worst __section("sim_log"); /* of all executions */

static void look(void)
{
	worst = max(worst, z);
}

/* The most that z can be. */
static unsigned int most(void (*a)(unsigned long), void (*b)(unsigned long))
{
	struct search search = {.kind = SEARCH_CLASSES, .start = start, .end = look};

	actors_of[0] = a;
	actors_of[1] = b;
	actors_of[2] = NULL;
	x = y = z = 0;
	explore_save();
	worst = 0;
	search_run(&search);
	return worst;
}

UNIT_TEST(exact_store_buffers)
{
	EXPECT_EQ(most(store_x_load_y, store_y_load_x), 1);
	explore_tso = true;
	EXPECT_EQ(most(store_x_load_y, store_y_load_x), 2);
	EXPECT_EQ(most(store_x_mb_load_y, store_y_mb_load_x), 1);
	EXPECT_EQ(most(write_x_y, read_y_x), 0);
	EXPECT_EQ(most(own_store, own_store), 0);
	compare("store buffers", store_x_load_y, store_y_load_x, NULL);
	compare("store buffers and fences", store_x_mb_load_y, store_y_mb_load_x, NULL);
	compare("message passing", write_x_y, read_y_x, NULL);
	EXPECT_EQ(most(load_y_store_x, call_unless_x), 1);
	compare("a cross-call and a store", load_y_store_x, call_unless_x, NULL);
	compare("a cross-call that stores", load_y_store_x, call_0, NULL);
	explore_tso = false;
}

/* --- data races ------------------------------------------------------------------------
 */

static u64 *shared; /* [0] is accessed plainly, [1] says that it may be */

static void plain_inc(unsigned long me)
{
	shared[0] = shared[0] + 1;
}

static void locked_plain_inc(unsigned long me)
{
	spin_lock(&lock);
	plain_inc(me);
	spin_unlock(&lock);
}

static void publish_plain(unsigned long me)
{
	shared[0] = 7;
	atomic_store_release(&shared[1], 1);
}

static void publish_badly(unsigned long me)
{
	shared[0] = 7;
	WRITE_ONCE(shared[1], 1);
}

static void read_published(unsigned long me)
{
	if (atomic_load_acquire(&shared[1]))
		x = (u32)shared[0];
}

static void retire_plain(unsigned long me)
{
	shared[0] = 7;
	synchronize_rcu();
	shared[0] = 8;
}

static void read_in_section(unsigned long me)
{
	rcu_read_lock();
	x = (u32)READ_ONCE(shared[0]);
	rcu_read_unlock();
}

static bool races(void (*a)(unsigned long), void (*b)(unsigned long))
{
	struct search search = {.kind = SEARCH_CLASSES, .start = start};

	actors_of[0] = a;
	actors_of[1] = b;
	actors_of[2] = NULL;
	shared = kmalloc(2 * sizeof(*shared));
	spin_init(&lock, "test", RANK_PAGE_TABLE);
	explore_save();
	search_run(&search);
	kfree(shared);
	return search.violations && !strncmp(explore_wrong, "a data race", 11);
}

UNIT_TEST(explore_sees_data_races)
{
	EXPECT(races(plain_inc, plain_inc));
	EXPECT(!races(locked_plain_inc, locked_plain_inc));
	EXPECT(races(locked_plain_inc, plain_inc));
	EXPECT(!races(publish_plain, read_published));
	EXPECT(races(publish_badly, read_published));
	EXPECT(races(retire_plain, read_in_section));
}
