/*
 * tests/unit/mm_rmap.c - reverse maps: whatever VMAs and processes did, a page's mappings
 * are found, all of them and no others.
 */
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "arch/contract/uaccess.h"
#include "kernel/sched/rcu.h"
#include "mm/space/gup.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"

#define RW    (PROT_READ | PROT_WRITE)
#define AT    0x10000000UL
#define FAR   (AT + 64 * PAGE_SIZE)
#define COUNT 8
#define SIZE  (COUNT * PAGE_SIZE)

static struct mm *mm;

static void map_at(unsigned long at, size_t size)
{
	EXPECT_EQ(mm_map(mm, &at, size, RW, MM_FIXED), 0);
}

static void make(void)
{
	mm = mm_create();
	mm_use(mm);
	map_at(AT, SIZE);
}

static void finish(void)
{
	mm_use(NULL);
	mm_put(mm);
	rcu_barrier();
}

static bool store(unsigned long address, u64 value)
{
	return arch_copy_to_user(address, &value, sizeof(value)) == 0;
}

static u64 load(unsigned long address)
{
	u64 value;

	return arch_copy_from_user(&value, address, sizeof(value)) ? ~0UL : value;
}

/* The page at the address, held; the caller puts it. */
static struct page *hold(unsigned long address)
{
	struct page *page = NULL;

	EXPECT_EQ(gup(address, 1, FOLL_GET, &page), 1);
	return page;
}

/* Where a walk found the page. */
struct seen {
	unsigned int count;
	struct mm *mm[4];
	unsigned long at[4];
	bool stop; /* at the first */
};

static bool see(const struct mapping *at, void *arg)
{
	struct seen *seen = arg;

	spin_assert_held(&at->vma->mm->table_lock);
	EXPECT(pxd_read(at->ptr).v == at->entry.v);
	if (seen->count < ARRAY_SIZE(seen->mm)) {
		seen->mm[seen->count] = at->vma->mm;
		seen->at[seen->count] = at->address;
	}
	seen->count++;
	return seen->stop;
}

static struct seen look_for(struct page *page)
{
	struct seen seen = {.count = 0};

	EXPECT(!rmap_walk(page, see, &seen));
	EXPECT_EQ(seen.count, page->mapped);
	return seen;
}

/* The page that is mapped at the address is found there, and nowhere else. */
static void expect_only(unsigned long address)
{
	struct page *page = hold(address);
	struct seen seen = look_for(page);

	EXPECT_EQ(seen.count, 1);
	EXPECT(seen.mm[0] == mm);
	EXPECT_EQ(seen.at[0], address);
	page_put(page);
}

UNIT_TEST(mm_rmap_follows_its_vmas)
{
	make();
	for (unsigned long i = 0; i < COUNT; i++)
		EXPECT(store(AT + i * PAGE_SIZE, i));
	expect_only(AT + 3 * PAGE_SIZE);
	EXPECT_EQ(mm_protect(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	EXPECT_EQ(mm_unmap(mm, AT + 5 * PAGE_SIZE, PAGE_SIZE), 0);
	EXPECT_EQ(mm_unmap(mm, AT, PAGE_SIZE), 0);
	for (unsigned long i = 1; i < COUNT; i++)
		if (i != 5)
			expect_only(AT + i * PAGE_SIZE);
	EXPECT_EQ(mm_protect(mm, AT + 2 * PAGE_SIZE, PAGE_SIZE, RW), 0);
	map_at(AT + 5 * PAGE_SIZE, PAGE_SIZE);
	EXPECT_EQ(mm_vma_count(mm), 1);
	for (unsigned long i = 1; i < COUNT; i++) {
		EXPECT_EQ(load(AT + i * PAGE_SIZE), i == 5 ? 0 : i);
		EXPECT(store(AT + i * PAGE_SIZE, i));
		expect_only(AT + i * PAGE_SIZE);
	}
	finish();
}

/* Neighbours that only their rights keep apart take the same family, and may be one
 * later; what was touched far apart has two, and stays two. */
UNIT_TEST(mm_rmap_families)
{
	make();
	EXPECT_EQ(mm_protect(mm, AT + PAGE_SIZE, PAGE_SIZE, PROT_READ), 0);
	EXPECT(store(AT, 1) && store(AT + 2 * PAGE_SIZE, 2));
	EXPECT_EQ(mm_protect(mm, AT + PAGE_SIZE, PAGE_SIZE, RW), 0);
	EXPECT_EQ(mm_vma_count(mm), 2);
	EXPECT(store(AT + PAGE_SIZE, 3));
	for (unsigned long i = 0; i < 3; i++)
		expect_only(AT + i * PAGE_SIZE);
	map_at(FAR, PAGE_SIZE);
	map_at(FAR + PAGE_SIZE, PAGE_SIZE);
	EXPECT(store(FAR, 4));
	EXPECT_EQ(mm_protect(mm, FAR, PAGE_SIZE, PROT_READ), 0);
	EXPECT(store(FAR + PAGE_SIZE, 5));
	EXPECT_EQ(mm_protect(mm, FAR, PAGE_SIZE, RW), 0);
	EXPECT_EQ(mm_vma_count(mm), 3);
	expect_only(FAR);
	expect_only(FAR + PAGE_SIZE);
	finish();
}

/* All of a family are found, until they have copies, and whoever ends first. */
UNIT_TEST(mm_rmap_fork)
{
	struct mm *child, *grandchild;
	struct page *page;

	make();
	EXPECT(store(AT, 1));
	child = mm_fork(mm);
	mm_use(child);
	grandchild = mm_fork(child);
	page = hold(AT);
	EXPECT_EQ(look_for(page).count, 3);
	mm_use(child);
	EXPECT(store(AT, 2));
	EXPECT_EQ(look_for(page).count, 2);
	mm_use(NULL);
	mm_put(mm);
	mm = grandchild;
	EXPECT_EQ(look_for(page).count, 1);
	mm_put(child);
	mm_use(mm);
	page_put(page);
	expect_only(AT);
	finish();
}

UNIT_TEST(mm_rmap_of_an_object)
{
	struct object *object = object_create(SIZE);
	unsigned long shared = FAR, mine = FAR + SIZE, half = FAR + 2 * SIZE;
	struct seen seen = {.stop = true};
	struct page *page, *copy;

	make();
	EXPECT_EQ(
		mm_map_object(mm, &shared, SIZE, RW, MM_FIXED | MM_SHARED, object, 0), 0);
	EXPECT_EQ(mm_map_object(mm, &mine, SIZE, RW, MM_FIXED, object, 0), 0);
	EXPECT_EQ(mm_map_object(mm, &half, SIZE / 2, RW, MM_FIXED | MM_SHARED, object,
			  SIZE / 2),
		0);
	EXPECT(store(shared + SIZE - PAGE_SIZE, 1));
	EXPECT_EQ(load(mine + SIZE - PAGE_SIZE), 1);
	page = hold(half + SIZE / 2 - PAGE_SIZE);
	EXPECT_EQ(look_for(page).count, 3);
	EXPECT(rmap_walk(page, see, &seen));
	EXPECT_EQ(seen.count, 1);
	EXPECT(store(mine + SIZE - PAGE_SIZE, 2));
	EXPECT_EQ(look_for(page).count, 2);
	copy = hold(mine + SIZE - PAGE_SIZE);
	EXPECT_EQ(look_for(copy).at[0], mine + SIZE - PAGE_SIZE);
	EXPECT_EQ(object_resize(object, PAGE_SIZE), 0);
	EXPECT_EQ(look_for(page).count, 0);
	EXPECT_EQ(look_for(copy).count, 0);
	page_put(page);
	page_put(copy);
	finish();
	EXPECT(list_empty(&object->rmap.vmas));
	object_put(object);
}

/* Taken away from all; whoever touches it again has a page like a first one. */
UNIT_TEST(mm_rmap_unmap)
{
	struct mm *child;
	struct page *page;
	s64 held;

	make();
	EXPECT(store(AT, 1) && store(AT + PAGE_SIZE, 2));
	child = mm_fork(mm);
	page = hold(AT);
	held = page->refs;
	EXPECT_EQ(rmap_unmap(page), 2);
	EXPECT_EQ(page->refs, held - 2);
	EXPECT_EQ(rmap_unmap(page), 0);
	EXPECT_EQ(mm_pages(mm), 1);
	EXPECT_EQ(mm_pages(child), 1);
	EXPECT_EQ(load(AT), 0);
	EXPECT_EQ(load(AT + PAGE_SIZE), 2);
	page_put(page);
	mm_put(child);
	finish();
}

/* A page may be held longer than anybody lives who has mapped it. */
UNIT_TEST(mm_rmap_page_outlives_its_family)
{
	struct page *page, *zero;

	make();
	EXPECT_EQ(load(AT + PAGE_SIZE), 0);
	zero = hold(AT + PAGE_SIZE);
	EXPECT(!rmap_unmap(zero));
	EXPECT(store(AT, 1));
	page = hold(AT);
	finish();
	EXPECT_EQ(page->mapped, 0);
	EXPECT(!rmap_unmap(page));
	page_put(page);
	page_put(zero);
}
