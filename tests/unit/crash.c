/*
 * tests/unit/crash.c - bugs on purpose, one per name: each must end in a panic that says
 * what happened (tests/boot checks the words and the exit status). They run only when
 * asked for by name (`test=crash_stack`), never as part of `test=unit`.
 */
#include "tests/unit/unit.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/spin.h"
#include "arch/contract/irq.h"
#include "arch/contract/page.h"
#include "arch/contract/uaccess.h"
#include "kernel/sched/thread.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"
#include "mm/table/descend.h"
#include "mm/table/gup_leaf.h"

UNIT_TEST(crash_panic)
{
	thread_set_allowed(current(), 1U << (cpu_count - 1));
	panic("asked for on cpu %u", arch_cpu_id());
}

UNIT_TEST(crash_assert)
{
	unsigned long one = READ_ONCE(cpu_count) ? 1 : 0;

	ASSERT(one == 2, "one is %lu", one);
}

static __noinline unsigned long dig(unsigned long depth)
{
	volatile unsigned long bulk[32];

	bulk[depth % 32] = depth;
	return READ_ONCE(cpu_count) ? dig(depth + 1) + bulk[depth % 32] : 0;
}

UNIT_TEST(crash_stack)
{
	EXPECT(dig(0));
}

UNIT_TEST(crash_read_unmapped)
{
	READ_ONCE(*(unsigned long *)(arch_stack_window_end() - PAGE_SIZE));
}

UNIT_TEST(crash_null)
{
	unsigned long *volatile nowhere = NULL;

	READ_ONCE(nowhere[1]);
}

UNIT_TEST(crash_write_text)
{
	WRITE_ONCE(*(u8 *)(unsigned long)unit_run, 0);
}

UNIT_TEST(crash_exec_data)
{
	static u64 data[2];

	((void (*)(void))(unsigned long)data)();
}

/* The kernel reads a user address as if it were its own. */
UNIT_TEST(crash_read_user)
{
	struct mm *mm = mm_create();
	unsigned long address = 0;

	mm_use(mm);
	EXPECT_EQ(
		mm_map(mm, &address, PAGE_SIZE, PROT_READ | PROT_WRITE, MM_POPULATE), 0);
	READ_ONCE(*(unsigned long *)address);
}

UNIT_TEST(crash_rank)
{
	static struct spinlock inner = SPINLOCK_INIT("inner", RANK_PRINT);
	static struct spinlock outer = SPINLOCK_INIT("outer", RANK_CACHE);

	spin_lock(&inner);
	spin_lock(&outer);
}

UNIT_TEST(crash_poison)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	unsigned long *word = page_address(page);

	page_put(page);
	word[7] = 1;
	for (int i = 0; i < 4096; i++)
		frame_alloc(0, PAGE_KERNEL, 0);
}

UNIT_TEST(crash_double_free)
{
	void *memory = kmalloc(64);

	kfree(memory);
	kfree(memory);
}

static void nothing(void *arg)
{
}

/* Two CPUs that did this to each other would wait for ever. */
UNIT_TEST(crash_call_with_irqs_off)
{
	arch_irq_disable();
	ipi_call(cpus_online, nothing, NULL);
}

/* --- what the books of lab builds notice (mm/oracle) --- */

#define CRASH_AT 0x10000000UL

/* An mm that runs here, with a page at CRASH_AT that this CPU has written to. */
static struct mm *mm_in_use(void)
{
	unsigned long address = CRASH_AT;
	struct mm *mm = mm_create();

	mm_use(mm);
	EXPECT_EQ(
		mm_map(mm, &address, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE, MM_FIXED), 0);
	EXPECT_EQ(arch_copy_to_user(CRASH_AT, &address, sizeof(address)), 0);
	return mm;
}

static struct page *find_page(struct mm *mm, struct descent *at)
{
	descend_find(mm, CRASH_AT, at);
	return page_of_phys(arch_pxd_phys(LEVEL_PTE, at->entry));
}

UNIT_TEST(crash_mapped_twice)
{
	struct mm *mm = mm_in_use();
	struct descent at;

	find_page(mm, &at);
	spin_lock(&mm->table_lock);
	pxd_set(LEVEL_PTE, at.ptr + 1, at.entry);
}

UNIT_TEST(crash_freed_while_mapped)
{
	struct descent at;

	page_put(find_page(mm_in_use(), &at));
}

UNIT_TEST(crash_freed_unflushed)
{
	struct mm *mm = mm_in_use();
	struct descent at;
	struct page *page = find_page(mm, &at);

	spin_lock(&mm->table_lock);
	pxd_unhook(LEVEL_PTE, at.ptr, CRASH_AT, arch_pxd_empty(LEVEL_PTE));
	spin_unlock(&mm->table_lock);
	page_put(page);
}

/* A fast walk that is one page off. */
static bool walk_beside(struct gup_walk *walk, pxd_t *root, pxd_t first,
	unsigned long start, unsigned long end)
{
	return gup_pgd_range(walk, root, first, start + PAGE_SIZE, end + PAGE_SIZE);
}

UNIT_TEST(crash_gup_wrong)
{
	static const struct gup_step beside = {"beside", walk_beside, false};
	unsigned long value = 0;
	struct page *page;

	mm_in_use();
	EXPECT_EQ(arch_copy_to_user(CRASH_AT + PAGE_SIZE, &value, sizeof(value)), 0);
	gup_step_chosen = &beside;
	gup_fast(CRASH_AT, 1, FOLL_GET, &page);
}
