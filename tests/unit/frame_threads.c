/*
 * tests/unit/frame_threads.c - all CPUs allocate and free frames at once, and free what
 * others have allocated. Each owner stamps its block; a block with two owners loses one
 * stamp.
 */
#include "tests/unit/frame_help.h"
#include "tests/unit/mm_help.h"
#include "tests/unit/unit.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/wait.h"

#define THREADS 4
#define ROUNDS  1500
#define SLOTS   64

static struct page *slots[SLOTS]; /* (a) blocks on their way from one thread to another */
static u32 finished, wrong;       /* (a) */
static struct wait_queue done = WAIT_QUEUE_INIT(done);

static unsigned long *last_word(struct page *page)
{
	return (unsigned long *)((char *)page_address(page) +
				 (PAGE_SIZE << page->order)) -
	       1;
}

static struct page *make(u64 *seed)
{
	struct page *page = frame_alloc(mm_random(seed) % 4, PAGE_KERNEL, 0);

	if (!page)
		return NULL;
	*(unsigned long *)page_address(page) = (unsigned long)page;
	*last_word(page) = ~(unsigned long)page;
	return page;
}

static void check_and_free(struct page *page)
{
	if (*(unsigned long *)page_address(page) != (unsigned long)page ||
		*last_word(page) != ~(unsigned long)page || page->refs != 1)
		atomic_add(&wrong, 1);
	page_put(page);
}

static void worker(void *arg)
{
	u64 seed = 77 + (unsigned long)arg;

	for (int round = 0; round < ROUNDS; round++) {
		struct page *mine = make(&seed);
		struct page *theirs =
			atomic_exchange(&slots[mm_random(&seed) % SLOTS], mine);

		if (theirs)
			check_and_free(theirs);
	}
	atomic_add(&finished, 1);
	wake_up(&done);
}

UNIT_TEST(frame_threads)
{
	u64 before, running = 0;

	before = frame_count_settled();
	finished = wrong = 0;
	for (unsigned long i = 0; i < THREADS; i++) {
		struct thread *thread = thread_create("frame test", worker, (void *)i);

		EXPECT(thread != NULL);
		if (!thread)
			break;
		thread_start(thread);
		running++;
	}
	wait_event(&done, atomic_load(&finished) == running);
	for (int i = 0; i < SLOTS; i++)
		if (slots[i])
			check_and_free(atomic_exchange(&slots[i], NULL));
	EXPECT_EQ(wrong, 0);
	EXPECT(frame_count_settled() + 64 > before); /* the threads' stacks may lag */
}
