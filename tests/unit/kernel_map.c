/*
 * tests/unit/kernel_map.c - what the kernel may do at its own addresses: never write what
 * it executes, never execute what it writes, and nothing at all below a stack.
 */
#include "tests/unit/unit.h"
#include "arch/contract/page.h"
#include "arch/contract/trap.h"
#include "kernel/sched/thread.h"
#include "mm/space/frame.h"

static const char constant[] = "read-only";
static char variable[] = "writable";

static unsigned int access_to(const void *address)
{
	return arch_kernel_access((unsigned long)address);
}

UNIT_TEST(map_text_is_not_writable)
{
	const void *text = (const void *)access_to;

	EXPECT_EQ(access_to(text), ACCESS_READ | ACCESS_EXEC);
	EXPECT_EQ(access_to(phys_to_virt(virt_to_phys(text))) & ACCESS_WRITE, 0);
}

UNIT_TEST(map_constants_are_only_read)
{
	EXPECT_EQ(access_to(constant), ACCESS_READ);
	EXPECT_EQ(access_to(phys_to_virt(virt_to_phys(constant))), ACCESS_READ);
}

UNIT_TEST(map_data_is_not_executable)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);

	EXPECT_EQ(access_to(variable), ACCESS_READ | ACCESS_WRITE);
	EXPECT_EQ(access_to(page_address(page)), ACCESS_READ | ACCESS_WRITE);
	EXPECT_EQ(access_to(phys_to_virt(virt_to_phys(variable))),
		ACCESS_READ | ACCESS_WRITE);
	frame_free(page);
}

/* Downwards from here every page of this stack is mapped, until the guard, which is not;
 * in between lies less than any kernel stack. */
UNIT_TEST(map_stack_ends_at_a_guard)
{
	unsigned long top = (unsigned long)current()->stack_top;
	unsigned long at = (top - 1) & PAGE_MASK;

	while (at >= top - 64 * 1024 && arch_kernel_access(at))
		at -= PAGE_SIZE;
	EXPECT(at < (unsigned long)__builtin_frame_address(0));
	EXPECT(at >= arch_stack_window_start() && top <= arch_stack_window_end());
	EXPECT_EQ(arch_kernel_access(at), 0);
	EXPECT_EQ(arch_kernel_access(at + PAGE_SIZE), ACCESS_READ | ACCESS_WRITE);
}

UNIT_TEST(map_has_nothing_at_null)
{
	EXPECT_EQ(arch_kernel_access(0), 0);
	EXPECT_EQ(arch_kernel_access(PAGE_SIZE - 1), 0);
}
