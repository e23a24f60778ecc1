/*
 * mm/space/fill.c - asking an object's source: for a page, and whether it may be written;
 * see object.h.
 *
 * The first who needs the page puts it into the object, marked as being filled, and asks
 * the source; others find it there and wait. No lock is held meanwhile, so anything may
 * happen to the object: the page may be cut off, and be nobody's when the source has
 * answered. So nobody gets the page from here: whoever needed it looks for it again.
 *
 * Can fail: memory, the source; and who waits gives up if it is to end.
 */
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/space/gup.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"

bool object_gives_up(void)
{
	return gup_killed && gup_killed();
}

int object_believed(int answer)
{
	if (!answer || answer == -ENOMEM || (answer == -EINTR && object_gives_up()))
		return answer;
	return -EIO;
}

/* lock held. What the page's `fill` is from now on. */
static int end_fill(
	struct object *object, struct page *page, int answer, struct list *failed)
{
	/* SAFE(fill_not_ours): it was cut off meanwhile, and another page may stand in
	 * its place by now: taken out for our failure, that would be lost. Pairs with
	 * object_cut(). */
	if (!atomic_load(&page->object))
		return 0;
	if (answer) {
		object_cut(object, page->index, page->index + 1, failed);
		return answer;
	}
	/* SAFE(fill_tail): the object may have become smaller while the source was
	 * copying, or the source does not know its end: who makes the object larger
	 * again, or maps it, would see what is no part of it. Pairs with clear_rest(). */
	object_clear(page, object->size, ~0UL);
	return 0;
}

static int ask_source(struct object *object, struct page *page)
{
	struct list failed = LIST_INIT(failed);
	int answer;

	rank_assert_may_fault("asking an object's source");
	TRACE_POINT(object_fill);
	answer = object_believed(
		object->source->page_in(object, page->index, page_address(page)));
	spin_lock(&object->lock);
	answer = end_fill(object, page, answer, &failed);
	atomic_store(&page->fill, answer);
	spin_unlock(&object->lock);
	wake_up(&object->filled);
	object_drop_pages(&failed);
	return answer;
}

/* The page is being filled, or was a moment ago. */
static int wait_for_page(struct object *object, struct page *page)
{
	int answer;

	TRACE_POINT(object_wait);
	wait_event(&object->filled,
		(answer = atomic_load(&page->fill)) != PAGE_FILLING || object_gives_up());
	if (answer == PAGE_FILLING)
		return -EINTR;
	return answer == -EINTR ? 0 : answer; /* that one was to end, not we */
}

int object_fill(struct object *object, u64 index)
{
	struct page *page;
	int result = object_enter(object, index, PAGE_FILLING, &page);

	if (result < 0)
		return result;
	result = result ? ask_source(object, page) : wait_for_page(object, page);
	page_put(page);
	return result;
}

/* The page is there, and may be clean. */
static int ask_to_write(struct object *object, struct page *page)
{
	int answer = 0;

	rank_assert_may_fault("asking an object's source");
	if (object->source->allow_write)
		answer =
			object_believed(object->source->allow_write(object, page->index));
	if (!answer)
		atomic_or(&page->state, PAGE_DIRTY);
	return answer;
}

int object_prepare(struct object *object, u64 index, bool write)
{
	struct page *page;
	int answer = 0;

	if (!object->source)
		return object_await_thaw(object, index);
	page = object_find_page(object, index);
	if (!page)
		return object_fill(object, index);
	if (write && object_tracks(object))
		answer = ask_to_write(object, page);
	page_put(page);
	return answer;
}
