/*
 * mm/space/object.h - memory objects: pages that belong to no address space, but to
 * something that has a size, and that several may map, read and write.
 *
 * Shared anonymous memory, memory files and files are objects. A page of one comes into
 * being when it is first touched, mapped or written: zeroed, or filled by the object's
 * SOURCE. It has one reference of the object and one of each entry that maps it.
 *
 *   missing --object_fill()--> being filled --page_in() = 0--> there --cut off-->
 * nobody's ^                            |
 *      +--- page_in() has failed ---+      who has waited gets -EIO, the next one asks
 * anew
 *
 * A page that is cut off (object_resize()) keeps its contents for whoever holds it, but
 * is the object's no more: page->object becomes NULL BEFORE its mappings are taken away,
 * and who wants to map it looks there once more under the table lock.
 *
 * A device's memory is an object, too, whose mappings hold NO references (`pfn`): the
 * device takes it back when it likes (object_resize() to 0) and then uses the frames for
 * something else, whoever still has them mapped. So nobody may hold its pages.
 *
 * Where nobody else has the contents, a BLOCK (mm/huge/leaf.h) may stand for as many
 * pages: wholly in the object, or not at all, with one reference of the object. Whoever
 * needs it in pieces FREEZES that part of the object: no fault, and no write, gets a page
 * of it until it is thawed.
 *
 * Locks: `lock` (spin) for the pages and the size; that of `rmap` is taken after it;
 * `resizing` (sleeping) is held by who changes the size, makes holes, or freezes.
 * Lifetime: references; every VMA of it has one.
 */
#pragma once

#include "mm/space/mm.h"
#include "mm/space/page.h"

#define OBJECT_PAGES_MAX (1UL << 27) /* what three levels of 512 can index */
#define OBJECT_SIZE_MAX  (PAGE_SIZE * OBJECT_PAGES_MAX)

/*
 * Where the pages of an object come from. Nothing that a source says or leaves undone is
 * relied on. What is NULL is not wanted, but for page_in.
 */
struct object_source {
	/*
	 * Fill a page, which is zeros, with what belongs to this index. Called with no
	 * lock held, once for all who need the page; may sleep, but must come back when
	 * the thread is to end (gup_killed). 0; -ENOMEM; -EINTR: it was not even tried,
	 * let another thread do it; anything else is taken for -EIO.
	 */
	int (*page_in)(struct object *object, u64 index, void *to);
	/*
	 * Take back what a page has: its first `size` bytes, in a copy of its own that
	 * nobody else knows. Called and answered as page_in; never twice at a time for
	 * one page. NULL: nobody asks which pages were written.
	 */
	int (*write_back)(struct object *object, u64 index, void *copy, size_t size);
	/* With write_back: may this page be written, which has been clean? Called and
	 * answered as page_in. */
	int (*allow_write)(struct object *object, u64 index);
	/* The size has changed; what is beyond a smaller one is zeros to every page_in
	 * from now on. Called while nobody else resizes, and when no copy of what was cut
	 * off is on its way any more; may wait for nobody. */
	void (*resized)(struct object *object, u64 size);
	/* The last reference is gone. Locks of mms may be held; may wait for nobody. */
	void (*release)(struct object *object);
};

struct object {
	s32 refs;                           /* (a) */
	struct rcu_head rcu;                /* frees it */
	struct spinlock lock;               /* RANK_OBJECT */
	struct mutex resizing;              /* RANK_OBJECT_SIZE */
	const struct object_source *source; /* (c) NULL: pages begin as zeros */
	void *private;                      /* (c) the source's */
	struct wait_queue filled;           /* a page-in, or a write-back, is over */
	u64 size;                           /* (l:lock) bytes */
	u64 count;                          /* (l:lock) pages that are there */
	void *root;        /* (r) (l:lock) 512 pointers to 512 pointers to 512 pages */
	struct list nodes; /* (l:lock) the frames that these are in */
	struct rmap rmap;  /* the VMAs that map it */
	bool pfn;          /* (c) mapped without references, and only shared */
	struct contig
		*contig; /* (c) its memory is one piece (mm/huge/contig.h); or NULL */
	u64 blocks;      /* (l:lock) of those pages, how many blocks there are */
	u64 frozen;      /* (l:resizing,lock) the first page of the part, of a block's
			    size, that is frozen; OBJECT_PAGES_MAX: none */
};

/* NULL: no memory. One reference, for the caller. */
struct object *object_create(u64 size);
/* The same with a source, which is released with it (not if the result is NULL). */
struct object *object_create_from(
	u64 size, const struct object_source *source, void *private);
void object_get(struct object *object);
bool object_try_get(struct object *object); /* false: the last reference is gone */
void object_put(struct object *object);     /* may sleep; the last one frees its pages */

u64 object_size(struct object *object);

/*
 * The page with this index, made if it is not there: 0 and *page, with a reference (of a
 * block: its first page has that); -EIO: it would lie beyond the end; -ENOMEM; -EAGAIN:
 * the source has to be asked, or somebody to be waited for, by object_prepare(), which no
 * lock may be held for. Then look again. Never sleeps.
 */
int object_page(struct object *object, u64 index, struct page **page);

/* Asks the source for a page, or waits for who does already. 0: it may be there now; or
 * -EIO, -ENOMEM, -EINTR: this thread is to end. Sleeps, with no lock held. */
int object_fill(struct object *object, u64 index);

/* The same, and (`write`) the page is dirty afterwards, if it is one that could be clean:
 * also what the source says to that. Or the page is not frozen any more. */
int object_prepare(struct object *object, u64 index, bool write);

/* Does it matter which of its pages were written? */
static inline bool object_tracks(const struct object *object)
{
	return object->source && object->source->write_back;
}

/*
 * What was written to [start, end) before has been given to the source: 0, or the first
 * error; what was not, and what is pinned, is dirty still. -EINTR: the thread is to end.
 * Sleeps, with no lock held. Whoever has made the object does this before its last
 * reference goes: dirty pages go with it.
 */
int object_write_back(struct object *object, u64 start, u64 end);

/* The page if it is there, with a reference as above; NULL: it is not. It is good for
 * reading: frozen, it may be replaced. */
struct page *object_find_page(struct object *object, u64 index);

/* The same without a lock, under rcu_read_lock(), where something keeps the object's
 * memory; never a part of a block behind the first. It may be cut off by now: who is to
 * write to it, or map it, asks object_keeps() afterwards. NULL: ask object_page(). */
struct page *object_find_page_rcu(struct object *object, u64 index);

/*
 * The object's new size. When it returns, what is beyond it is gone: from the object,
 * from every table that had it mapped, and from every TLB; what was cut off of the last
 * page reads as zeros if the object grows again. A block of which only a part is beyond
 * becomes single pages; or stays, if somebody holds it: then that part is zeros, and the
 * object's again if it grows. 0, -EFBIG. May sleep.
 */
int object_resize(struct object *object, u64 size);

/*
 * A hole: when it returns, [start, end) reads as zeros, whole pages of it are gone from
 * the object, and their memory goes when nobody holds it. The size stays, and so do
 * private copies; a block of which it is a part is treated as above. For an object
 * without source, or -EOPNOTSUPP: its source would have to know. May sleep.
 */
int object_punch(struct object *object, u64 start, u64 end);

/* Makes the pages of [start, end), in an object without source: 0, -EOPNOTSUPP, -ENOMEM
 * or -EINTR (then some are there), -EIO: it is smaller. May sleep. */
int object_allocate(struct object *object, u64 start, u64 end);

/*
 * From now on who maps the pages first ... first + nr - 1 shared faults when he writes to
 * one: no entry allows it that was there before, and no TLB. Leaves that stick out are
 * meant, too. mm->lock is not needed; waits for other CPUs, but does not sleep.
 */
void mapping_write_protect(struct object *object, u64 first, u64 nr);

/* At least this size, at most OBJECT_SIZE_MAX, from now on. May sleep. */
void object_grow(struct object *object, u64 size);

/* Between the object and kernel memory, within one page and within the size: bytes done,
 * -ENOMEM, -EAGAIN as from object_page(). A page that is not there, and has no source,
 * reads as zeros without being made. */
ssize_t object_read(struct object *object, u64 offset, void *to, size_t size);
ssize_t object_write(struct object *object, u64 offset, const void *from, size_t size);

/* table_lock held. Of a page that the object had at this index, and `count` pages from it
 * on: may they be mapped? Whoever takes them away looks for mappings afterwards. */
bool object_keeps(
	const struct object *object, const struct page *head, u64 index, u64 count);
