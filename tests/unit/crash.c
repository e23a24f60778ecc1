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
#include "kernel/sched/thread.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"

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
