/*
 * kernel/task/stack.c - memory for threads: struct task_thread and a guarded kernel
 * stack.
 *
 * The stack window is cut into slots of STACK_SIZE plus one guard page below, which is
 * never mapped: running over the end of a stack faults at once instead of writing into
 * the next one. A slot that was mapped once stays mapped; freed slots wait in a list
 * that is threaded through the unused stacks themselves, so nothing is ever flushed.
 *
 * Lock: `lock` (RANK_STACKS) for the free list and the end of the used window; mapping a
 * new slot is serialised by it too.
 */
#include "kernel/task/task.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"

#define STACK_SIZE (16 * 1024UL)

/* SAFE(stack_guard): without it a stack that overflows goes on silently in the next one;
 * pairs with the fault that the unmapped page causes. */
#define GUARD_SIZE PAGE_SIZE
#define SLOT_SIZE  (GUARD_SIZE + STACK_SIZE)

struct free_stack {
	struct free_stack *next;
};

static struct spinlock lock = SPINLOCK_INIT("kernel stacks", RANK_STACKS);
static struct free_stack *free_stacks;       /* (l:lock) */
static unsigned long next_slot;              /* (l:lock) the first unused one */
static unsigned long next_page = GUARD_SIZE; /* (l:lock) what it still lacks */
static u64 mapped;                           /* (l:lock) pages */
static struct cache *thread_cache;           /* (c) */

/* Map a new slot; 0: no memory or no room in the window. Pages that were mapped before
 * memory ran out are kept for the next attempt. */
static unsigned long stack_map_new(void)
{
	if (next_slot + SLOT_SIZE > arch_stack_window_end())
		return 0;
	for (; next_page < SLOT_SIZE; next_page += PAGE_SIZE) {
		struct page *page = frame_alloc(0, PAGE_KERNEL, FRAME_ZERO);

		if (!page)
			return 0;
		if (arch_stack_map_page(next_slot + next_page, page_phys(page))) {
			page_put(page);
			return 0;
		}
		mapped++;
	}
	next_slot += SLOT_SIZE;
	next_page = GUARD_SIZE;
	return next_slot;
}

/* The top of a stack, or 0. */
static unsigned long stack_alloc(void)
{
	unsigned long flags = spin_lock_irqsave(&lock);
	struct free_stack *stack = free_stacks;
	unsigned long top;

	if (stack)
		free_stacks = stack->next;
	top = stack ? (unsigned long)(stack + 1) : stack_map_new();
	spin_unlock_irqrestore(&lock, flags);
	return top;
}

static void stack_free(unsigned long top)
{
	struct free_stack *stack = (struct free_stack *)top - 1;
	unsigned long flags = spin_lock_irqsave(&lock);

	stack->next = free_stacks;
	free_stacks = stack;
	spin_unlock_irqrestore(&lock, flags);
}

u64 task_stack_frames(void)
{
	return READ_ONCE(mapped);
}

static struct thread *thread_memory_alloc(void)
{
	struct task_thread *thread = cache_alloc(thread_cache);

	if (!thread)
		return NULL;
	thread->thread.stack_top = (void *)stack_alloc();
	if (!thread->thread.stack_top) {
		cache_free(thread_cache, thread);
		return NULL;
	}
	list_init(&thread->link);
	return &thread->thread;
}

/* The thread is off its stack for good: what it referenced goes with it. */
static void thread_memory_free(struct thread *dead)
{
	struct task_thread *thread = (struct task_thread *)dead;

	if (dead->task) {
		if (task_hooks.thread_detach)
			task_hooks.thread_detach(thread);
		task_put(dead->task);
	}
	stack_free((unsigned long)dead->stack_top);
	cache_free(thread_cache, thread);
}

void task_stacks_init(void)
{
	next_slot = arch_stack_window_start();
	thread_cache = cache_create("thread", sizeof(struct task_thread), 0);
	thread_memory.alloc = thread_memory_alloc;
	thread_memory.free = thread_memory_free;
}
