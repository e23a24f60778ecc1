/*
 * kernel/linux/gup_test.c - the file /sys/kernel/debug/gup_test; see gup_test.h.
 *
 * Each request finds pages of the calling program in the way that it names, and lets go
 * of them before it returns. Only PIN_LONGTERM_TEST_START keeps its pins, in the open
 * file's `object` (a): a request that uses them takes them out, and puts them back; so
 * there is no lock, and of two requests at the same time one finds nothing.
 *
 * What fails: a range that is not mapped as asked for ends the search early, which is
 * told by a size, not by an error.
 */
#include "kernel/linux/gup_test.h"
#include "kernel/base/atomic.h"
#include "kernel/base/print.h"
#include "kernel/linux/linux.h"
#include "mm/space/cache.h"
#include "mm/space/gup.h"

#define PAGES_MAX                                                                        \
	((4UL << 20) / sizeof(struct page *)) /* what one kmalloc() can hold             \
					       */

struct held {
	struct page **pages;
	unsigned long count;
	unsigned int flags; /* FOLL_* of mm */
};

static int held_init(struct held *held, u64 count, unsigned int flags)
{
	*held = (struct held){.flags = flags};
	if (count <= PAGES_MAX)
		held->pages = kmalloc(max(count, 1UL) * sizeof(struct page *));
	return held->pages ? 0 : -ENOMEM;
}

static void held_put(struct held *held)
{
	if (held->flags & FOLL_PIN)
		gup_unpin(held->pages, held->count);
	else
		gup_put(held->pages, held->count);
	held->count = 0;
}

/* How many of `count` pages were found, or an error if not even one was. */
static long find(struct held *held, unsigned int way, u64 start, u64 count)
{
	struct page **next = held->pages + held->count;
	long got;

	start = ALIGN_DOWN(start, PAGE_SIZE);
	if (!count)
		return 0;
	if (start + count * PAGE_SIZE <= start)
		return -EFAULT;
	if (way == ORIGAMI_GUP_SLOW)
		got = gup_slow(current()->mm, start, count, held->flags, next);
	else if (way == ORIGAMI_GUP_FAST)
		got = gup(start, count, held->flags, next);
	else
		got = gup_fast(start, count, held->flags, next);
	held->count += max(got, 0L);
	return got;
}

/* --- Linux's tests --- */

static const struct test {
	unsigned int request;
	unsigned int flags; /* FOLL_* */
	unsigned int way;   /* ORIGAMI_GUP_* */
} tests[] = {
	{GUP_FAST_BENCHMARK, FOLL_GET, ORIGAMI_GUP_FAST},
	{PIN_FAST_BENCHMARK, FOLL_PIN, ORIGAMI_GUP_FAST},
	{PIN_LONGTERM_BENCHMARK, FOLL_PIN | FOLL_LONGTERM, ORIGAMI_GUP_SLOW},
	{GUP_BASIC_TEST, FOLL_GET, ORIGAMI_GUP_SLOW},
	{PIN_BASIC_TEST, FOLL_PIN, ORIGAMI_GUP_SLOW},
	{DUMP_USER_PAGES_TEST, FOLL_GET, ORIGAMI_GUP_SLOW},
};

static const struct test *find_test(unsigned int request)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(tests); i++)
		if (tests[i].request == request)
			return &tests[i];
	return NULL;
}

/* Adds Linux's flags to ours; those that it refuses, and those that we do not have, are
 * -EINVAL. */
static int add_flags(unsigned int *flags, unsigned int way, unsigned int from)
{
	unsigned int known = GUP_FLAG_WRITE;

	known |= *flags & FOLL_PIN ? GUP_FLAG_LONGTERM : GUP_FLAG_GET;
	known |= way == ORIGAMI_GUP_SLOW ? GUP_FLAG_TOUCH : 0;
	if (from & ~known)
		return -EINVAL;
	*flags |= from & GUP_FLAG_WRITE ? FOLL_WRITE : 0;
	*flags |= from & GUP_FLAG_LONGTERM ? FOLL_LONGTERM : 0;
	return 0;
}

/* The range, so many pages per call, until one call does not find all of its own. Returns
 * the bytes covered by the calls that found anything. */
static u64 find_range(struct held *held, unsigned int way, const struct gup_test *test)
{
	u64 at = 0, want = test->nr_pages_per_call;
	long got = want;

	while (at < test->size && got == (long)test->nr_pages_per_call) {
		u64 next = min(at + want * PAGE_SIZE, test->size);

		got = find(held, way, test->addr + at, (next - at) / PAGE_SIZE);
		if (got <= 0)
			break;
		at = next;
	}
	return at;
}

/* A program cannot see this going wrong, so the log has to say it. */
static void check_pinned(const struct held *held)
{
	for (unsigned long i = 0; held->flags & FOLL_PIN && i < held->count; i++)
		if (!page_maybe_pinned(page_head(held->pages[i]))) {
			linux_note("gup_test: page %lu is NOT pinned", i);
			break;
		}
}

static void dump_page(const struct gup_test *test, u32 number, struct page *page)
{
	struct page *head = page_head(page);

	print("gup_test: page %u from %lx: frame %lx, type %u, order %u, refs %d%s\n",
		number, (unsigned long)test->addr, page_phys(page).v >> PAGE_SHIFT,
		head->type, head->order, atomic_load(&head->refs),
		page_maybe_pinned(head) ? ", pinned" : "");
}

static void dump_pages(struct gup_test *test, const struct held *held)
{
	for (unsigned int i = 0; i < GUP_TEST_PAGES_TO_DUMP; i++) {
		u32 number = test->which_pages[i];

		if (number > held->count) {
			print("gup_test: there is no page %u to dump\n", number - 1);
			test->which_pages[i] = 0;
		} else if (number) {
			dump_page(test, number - 1, held->pages[number - 1]);
		}
	}
}

static int run_test(const struct test *kind, struct gup_test *test)
{
	unsigned int flags = kind->flags;
	struct held held;
	u64 start, found;
	int error;

	if (kind->request == DUMP_USER_PAGES_TEST &&
		test->test_flags & GUP_TEST_DUMP_PINNED)
		flags = FOLL_PIN;
	error = held_init(&held, test->size / PAGE_SIZE, flags);
	if (error)
		return error;
	start = arch_clock_ns();
	test->size = add_flags(&held.flags, kind->way, test->gup_flags)
			     ? 0
			     : find_range(&held, kind->way, test);
	found = arch_clock_ns();
	check_pinned(&held);
	if (kind->request == DUMP_USER_PAGES_TEST)
		dump_pages(test, &held);
	test->get_delta_usec = (found - start) / 1000;
	start = arch_clock_ns();
	held_put(&held);
	test->put_delta_usec = (arch_clock_ns() - start) / 1000;
	kfree(held.pages);
	return 0;
}

static long test_request(const struct test *kind, unsigned long argument)
{
	struct gup_test test;
	int error;

	if (user_get(&test, argument, sizeof(test)))
		return -EFAULT;
	error = run_test(kind, &test);
	return error ? error : user_put(argument, &test, sizeof(test));
}

/* --- pins that stay --- */

static void kept_free(struct held *kept)
{
	if (!kept)
		return;
	held_put(kept);
	kfree(kept->pages);
	kfree(kept);
}

/* The file keeps these pins, if it has none yet. */
static int keep(struct open *open, struct held *kept)
{
	if (atomic_cas(&open->object, NULL, kept))
		return 0;
	kept_free(kept);
	return -EINVAL;
}

static long pin_all(struct held *kept, const struct pin_longterm_test *want)
{
	unsigned int way =
		want->flags & PIN_LONGTERM_USE_FAST ? ORIGAMI_GUP_FAST : ORIGAMI_GUP_SLOW;
	u64 count = want->size / PAGE_SIZE;
	long got = 1;

	while (kept->count < count && got > 0)
		got = find(kept, way, want->addr + kept->count * PAGE_SIZE,
			count - kept->count);
	return got > 0 ? 0 : got < 0 ? got : -EFAULT;
}

static long pins_start(struct open *open, unsigned long argument)
{
	struct pin_longterm_test want;
	struct held *kept;
	unsigned int flags = FOLL_PIN | FOLL_LONGTERM;
	long error;

	if (user_get(&want, argument, sizeof(want)))
		return -EFAULT;
	if (want.flags & ~(PIN_LONGTERM_USE_WRITE | PIN_LONGTERM_USE_FAST) ||
		!IS_ALIGNED(want.addr | want.size, PAGE_SIZE) || !want.size)
		return -EINVAL;
	if (want.flags & PIN_LONGTERM_USE_WRITE)
		flags |= FOLL_WRITE;
	kept = kmalloc(sizeof(*kept));
	if (!kept)
		return -ENOMEM;
	error = held_init(kept, want.size / PAGE_SIZE, flags);
	if (!error)
		error = pin_all(kept, &want);
	if (!error)
		return keep(open, kept);
	kept_free(kept);
	return error;
}

static long pins_read(struct open *open, unsigned long argument)
{
	struct held *kept = atomic_exchange(&open->object, NULL);
	long error = 0;
	u64 to;

	if (!kept)
		return -EINVAL;
	if (user_get(&to, argument, sizeof(to)))
		error = -EFAULT;
	for (unsigned long i = 0; i < kept->count && !error; i++)
		error = user_put(
			to + i * PAGE_SIZE, page_address(kept->pages[i]), PAGE_SIZE);
	(void)keep(open, kept);
	return error;
}

static void pins_stop(struct open *open)
{
	kept_free(atomic_exchange(&open->object, NULL));
}

/* --- our own request --- */

/* From pages to the numbers of their frames, in place. */
static void to_frames(struct held *held)
{
	u64 *frames = (u64 *)held->pages;

	for (unsigned long i = 0; i < held->count; i++)
		frames[i] = page_phys(held->pages[i]).v >> PAGE_SHIFT;
}

/* A signal ends them early, but for the first. */
static void run_rounds(struct origami_gup *want, struct held *held)
{
	u32 rounds = max(want->rounds, 1U);
	u64 start, found;
	long count = 0;

	want->get_ns = want->put_ns = 0;
	do {
		start = arch_clock_ns();
		want->got = find(held, want->way, want->address, want->count);
		found = arch_clock_ns();
		count = held->count;
		held_put(held);
		want->put_ns += arch_clock_ns() - found;
		want->get_ns += found - start;
	} while (--rounds && !wait_interrupted());
	held->count = count;
}

static long origami_gup(unsigned long argument)
{
	struct origami_gup want;
	struct held held;
	unsigned int flags;
	int error;

	if (user_get(&want, argument, sizeof(want)))
		return -EFAULT;
	flags = want.flags & GUP_FLAG_PIN ? FOLL_PIN : FOLL_GET;
	if (want.way > ORIGAMI_GUP_SLOW || !want.count ||
		add_flags(&flags, want.way, want.flags & ~GUP_FLAG_PIN))
		return -EINVAL;
	error = held_init(&held, want.count, flags);
	if (error)
		return error;
	run_rounds(&want, &held);
	to_frames(&held);
	if (want.frames && held.count)
		error = user_put(want.frames, held.pages, held.count * sizeof(u64));
	kfree(held.pages);
	return error ? error : user_put(argument, &want, sizeof(want));
}

/* --- the file --- */

static long control(struct open *open, unsigned int request, unsigned long argument)
{
	const struct test *test = find_test(request);

	if (test)
		return test_request(test, argument);
	switch (request) {
	case PIN_LONGTERM_TEST_START:
		return pins_start(open, argument);
	case PIN_LONGTERM_TEST_STOP:
		pins_stop(open);
		return 0;
	case PIN_LONGTERM_TEST_READ:
		return pins_read(open, argument);
	case ORIGAMI_GUP:
		return origami_gup(argument);
	default:
		return -EINVAL;
	}
}

struct open *gup_test_open(void)
{
	static const struct open_ops ops = {.close = pins_stop, .control = control};

	return open_create(&ops, OPEN_DEVICE, 0, NULL);
}
