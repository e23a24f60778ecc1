/*
 * tests/unit/torture.c - threads of the kernel that hammer what user programs reach only
 * now and then: gup beside unmapping in one shared mm, gathers and growth, objects freed
 * by RCU under readers, caches. The oracles of mm/oracle watch. `seed=` and `ops=` (per
 * thread) as in other random tests.
 */
#include "tests/unit/crew.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/print.h"
#include "kernel/sched/rcu.h"
#include "mm/oracle/ledger.h"
#include "mm/space/cache.h"
#include "mm/space/gup.h"

#define SHARED 0x20000000UL
#define OWN    0x40000000UL
#define PAGES  32
#define OPS    400

struct object {
	struct rcu_head rcu;
	u64 value, same;
};

static struct mm *mm;
static struct cache *cache;
static struct object *published; /* (r) */

static void free_object(struct rcu_head *head)
{
	struct object *object = container_of(head, struct object, rcu);

	WRITE_ONCE(object->same, 0);
	cache_free(cache, object);
}

static void publish(u64 random)
{
	struct object *object = cache_alloc(cache), *old;

	if (!object)
		return;
	object->value = object->same = random;
	old = atomic_exchange(&published, object);
	if (old)
		call_rcu(&old->rcu, free_object);
}

static void read_published(void)
{
	struct object *object;

	rcu_read_lock();
	object = rcu_dereference(published);
	if (object)
		EXPECT_EQ(READ_ONCE(object->value), READ_ONCE(object->same));
	rcu_read_unlock();
}

/* Whatever the others do to the range: what is held is user memory, and stays. */
static void hold(u64 random, unsigned int flags)
{
	unsigned long first = random % PAGES,
		      count = 1 + random / PAGES % (PAGES - first);
	struct page *pages[PAGES];
	long held = gup(SHARED + first * PAGE_SIZE, count, flags | FOLL_WRITE, pages);

	for (long i = 0; i < held; i++)
		EXPECT_EQ(pages[i]->type, PAGE_ANON);
	if (held > 0 && flags & FOLL_PIN)
		gup_unpin(pages, held);
	else if (held > 0)
		gup_put(pages, held);
}

/* A private range of this thread, far up at times: the table grows, and shrinks again. */
static void map_and_unmap(u64 random, unsigned long me)
{
	unsigned long address = OWN + (me << 28) + random % 8 * (2UL << 20);
	u64 value = 0;

	if (random % 16 == 0)
		address += 1UL << 41;
	if (mm_map(mm, &address, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, 0))
		return;
	EXPECT_EQ(arch_copy_to_user(address, &random, sizeof(random)), 0);
	EXPECT_EQ(arch_copy_from_user(&value, address, sizeof(value)), 0);
	EXPECT_EQ(value, random);
	EXPECT_EQ(mm_unmap(mm, address, 4 * PAGE_SIZE), 0);
}

static void change_shared(u64 random)
{
	unsigned long address = SHARED + random % PAGES * PAGE_SIZE;

	switch (random / PAGES % 3) {
	case 0:
		mm_discard(mm, address, PAGE_SIZE);
		break;
	case 1:
		mm_protect(mm, address, PAGE_SIZE, PROT_READ | PROT_WRITE);
		break;
	default:
		mm_map(mm, &address, PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED);
	}
}

static void hammer(unsigned long me)
{
	u64 random = unit_seed(1) * 0x9e3779b97f4a7c15UL + me + 1;
	u64 ops = unit_amount(OPS);

	mm_use(mm);
	for (u64 i = 0; i < ops; i++) {
		u64 choice = mm_random(&random) >> 8;

		if (choice % 8 == 0)
			publish(choice);
		else if (choice % 8 < 3)
			map_and_unmap(choice >> 3, me);
		else if (choice % 8 < 5)
			change_shared(choice >> 3);
		else
			hold(choice >> 3, choice & 1024 ? FOLL_PIN : FOLL_GET);
		read_published();
	}
	mm_use(NULL);
}

UNIT_TEST(torture)
{
	unsigned long address = SHARED;
	unsigned int threads = 2 * cpuset_count(cpus_online);
	long before = ledger_outstanding();

	mm = mm_create();
	if (!cache)
		cache = cache_create("torture", sizeof(struct object), 0);
	EXPECT_EQ(
		mm_map(mm, &address, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED),
		0);
	for (unsigned int i = 0; i < threads; i++)
		crew_start(hammer, i, ANYWHERE);
	crew_join();
	if (published)
		call_rcu(&published->rcu, free_object);
	published = NULL;
	rcu_barrier();
	mm_put(mm);
	EXPECT_EQ(ledger_outstanding(), before);
	EXPECT_EQ(cache_objects(cache), 0);
	print("# torture: seed=%lu ops=%lu\n", unit_seed(1), unit_amount(OPS));
}
