/*
 * mm/space/mm.h - address spaces: the interface of mm to kernel/task and kernel/linux.
 *
 * A struct mm is a set of VMAs over one folded page table. A VMA promises zeroed pages of
 * its own, or those of a memory object; the first touch maps them (mm_fault()).
 *
 * Locks: `lock` (sleeping, reader/writer): write to change the set of VMAs, read to look
 * at it and to fault. `table_lock` (spin): every store into the page tables. Lifetime:
 * `users` counts threads and borrowers; the last mm_put() unmaps and frees everything.
 */
#pragma once

#include "kernel/base/types.h"
#include "kernel/base/cpu.h"
#include "kernel/sched/wait.h"
#include "arch/contract/pgtable.h"
#include "arch/contract/trap.h"

/* The VMAs that may map pages of an object, or of a family: mm/space/rmap.h. */
struct rmap {
	struct spinlock lock;
	struct list vmas; /* (l:lock) of struct rmap_link */
};

struct rmap_link {
	struct list list; /* (l:rmap) */
	struct vma *vma;  /* (c) whose it is */
};

/* Written in write sections only, one by one; read under mm->lock, or as vma_lookup_rcu()
 * and rmap_walk() do. (c): while it is in the set. */
struct vma {
	struct mm *mm;            /* (c) whose it is now */
	unsigned long start, end; /* page-aligned, [start, end) */
	unsigned int prot;        /* PROT_* */
	unsigned int flags;       /* VMA_* */
	struct object
		*object; /* (c) what it maps (mm/space/object.h), NULL: its own memory */
	struct anon *anon; /* (a) the family of the pages of its own, NULL: it has none */
	u64 shift; /* (c) to be added to an address, modulo 2^64: the offset in the object
		      and in the family that is seen there */
	struct rmap_link object_link, anon_link;
	s32 users;    /* (a) who keeps it as it is: mm/space/vma_lock.c */
	u64 lock_seq; /* (a) mm->seq of the last write section that has claimed it */
};

#define VMA_STACK     1u  /* grows down on a fault just below it, up to the stack limit */
#define VMA_HEAP      2u  /* the brk area */
#define VMA_NORESERVE 4u  /* may promise more memory than there is */
#define VMA_SHARED    8u  /* of an object: stores are seen by all who map it */
#define VMA_READONLY  16u /* shared, and never to be written */
#define VMA_PFN       32u /* entries hold no references to pages: a device's memory */
#define VMA_CLEARED   64u /* mm_clear_soft_dirty() was there */
#define VMA_HUGE      128u /* huge pages are welcome (mm/huge/leaf.h) */
#define VMA_NOHUGE    256u /* they are not */

#define VMA_BOTTOM (16 * PAGE_SIZE) /* nothing is mapped below: NULL stays a fault */

#define MM_VMAS_MAX   65530u              /* per mm; Linux's limit */
#define MM_STACK_SIZE (8UL << 20)         /* a VMA_STACK grows to this */
#define MM_STACK_GAP  (256UL * PAGE_SIZE) /* and keeps this far from what is below */

/* Programs may keep tags in the bits of pointers above this, and some do: addresses
 * beyond are for those who ask for them by a hint. */
#define MM_DEFAULT_LIMIT (1UL << 47)

struct mm {
	pxd_t *root;          /* (a) software walks from here; written under table_lock */
	unsigned long limit;  /* (a) user addresses are below; published after root */
	pxd_t *hardware_root; /* (a) what CPUs load (mm/table/fold.h) */
	cpuset_t cpus;        /* (a) CPUs that have it loaded; set BEFORE loading */
	s32 flush_pending;    /* (a) gathers that may have unhooked and not yet flushed */
	u64 tlb_gen;          /* (a) flushes begun (mm/table/tlb.c) */
	s32 users;            /* (a) */
	struct rwsem lock;    /* taken by mm_read_lock(), mm_write_lock() only */
	u64 seq;              /* (a) odd: a write section is open; (l:lock) to change */
	u32 write_protect_seq; /* (a) odd: fork is copying the entries; (l:lock) to change
				*/
	struct spinlock table_lock;
	struct vma_set *vmas;         /* (r) (l:lock) all VMAs: mm/space/vma.h */
	unsigned long brk_start, brk; /* (l:lock) */
	unsigned long stack_top;      /* (c) end of the first stack, as exec places it */
	unsigned long mmap_base;      /* (c) search downwards from here */
	u32 tables[LEVELS];           /* (l:table_lock) tables by level */
	struct list scan_link;        /* (l:scan) mm/huge/khugepaged.c looks at it, */
	bool scan_listed;             /* (a) if so, */
	u32 scan_pass;                /* and was through with it in this pass, */
	unsigned long scan_at;        /* or goes on there */
	u32 unhooks; /* (a) lab: odd while an entry is unhooked; (l:table_lock) to change
		      */
};

/* flags of mm_map() */
#define MM_FIXED     1u /* exactly at the address; existing mappings are replaced */
#define MM_NOREPLACE 2u /* with MM_FIXED: -EEXIST instead of replacing */
#define MM_STACK     4u
#define MM_POPULATE  8u  /* fault everything in now, as far as memory lasts */
#define MM_NORESERVE 16u /* may be larger than all RAM */
#define MM_SHARED    32u /* of an object: not a private copy */
#define MM_READONLY  64u /* with MM_SHARED: mm_protect() is not to allow writing */

struct object;

void mm_init(void); /* once, at boot: caches, the scheduler's switch hook */

struct mm *mm_create(void); /* users = 1; NULL: no memory */

/*
 * A copy of `parent` as it is now: the same mappings, the same contents; what one of the
 * two writes afterwards the other does not see. Pages are shared until then, except those
 * that are pinned, which stay the parent's. users = 1; NULL: no memory. May sleep; takes
 * parent's lock.
 */
struct mm *mm_fork(struct mm *parent);

/*
 * A write section: alone with the VMAs of mm, which may be changed; mm->seq is odd
 * meanwhile. A read section: VMAs and tables stay as they are. Both may sleep.
 */
void mm_write_lock(struct mm *mm);
void mm_write_unlock(struct mm *mm);
void mm_read_lock(struct mm *mm);
void mm_read_unlock(struct mm *mm);
void mm_check_write_locked(const struct mm *mm);

/* Lab builds: this thread is in a write section of mm. */
static inline void mm_assert_write_locked(const struct mm *mm)
{
	if (IS_LAB)
		mm_check_write_locked(mm);
}

/*
 * Without the lock: what was read between seq = mm_seq_read(mm) and !mm_seq_moved(mm,
 * seq) was all true at one moment, no write section being open. Nothing is promised about
 * what follows; whoever acts on it asks again under a lock that the writer takes later.
 */
u64 mm_seq_read(const struct mm *mm);
bool mm_seq_moved(const struct mm *mm, u64 seq);

void mm_get(struct mm *mm);
bool mm_try_get(struct mm *mm); /* false: it is ending; its memory must stay so long */
void mm_put(struct mm *mm);     /* may sleep; the last one frees everything */

/* Make mm (or NULL) the running thread's address space; takes no reference. */
void mm_use(struct mm *mm);

/*
 * Native mapping calls. Lengths are rounded up to pages; 0 or negative errno as Linux
 * (EINVAL: unaligned, empty; ENOMEM: no room, above the limit; EEXIST). May sleep; take
 * mm->lock. mm_map returns the address in *address (a hint on entry).
 *
 * Promises: a writable mapping larger than all RAM is refused (ENOMEM) unless
 * MM_NORESERVE; short of that, promises may exceed RAM, and the fault that finds no
 * frame gets -ENOMEM. Addresses above MM_DEFAULT_LIMIT are given out only for a hint
 * above it.
 */
int mm_map(struct mm *mm, unsigned long *address, size_t length, unsigned int prot,
	unsigned int flags);
/* The same of an object, from `offset` (a page's) on; with a reference of its own. */
int mm_map_object(struct mm *mm, unsigned long *address, size_t length, unsigned int prot,
	unsigned int flags, struct object *object, u64 offset);
int mm_unmap(struct mm *mm, unsigned long address, size_t length);
int mm_protect(struct mm *mm, unsigned long address, size_t length, unsigned int prot);
/*
 * mremap(): `old_size` bytes at `old` become `size` bytes: there, at *to (FIXED, or a
 * hint with DONTUNMAP), or where there is room (MAYMOVE); *to says where. DONTUNMAP
 * leaves an empty mapping at the old place. old_size 0, of a shared mapping: a second
 * one.
 */
#define MM_REMAP_MAYMOVE   1u
#define MM_REMAP_FIXED     2u
#define MM_REMAP_DONTUNMAP 4u
#define MM_REMAP_ALL       7u
int mm_remap(struct mm *mm, unsigned long old, size_t old_size, size_t size,
	unsigned int flags, unsigned long *to);
int mm_discard(struct mm *mm, unsigned long address, size_t length); /* MADV_DONTNEED */
/* MADV_FREE: contents may be lost until they are written again; -EINVAL: an object's.
 * MADV_PAGEOUT: what may be lost, or can be had again, goes now. */
int mm_free_lazily(struct mm *mm, unsigned long address, size_t length);
int mm_page_out(struct mm *mm, unsigned long address, size_t length);
int mm_advise(struct mm *mm, unsigned long address, size_t length); /* other advice */
/* Blocks are welcome in the range, or not (MADV_HUGEPAGE, MADV_NOHUGEPAGE; mm/huge). What
 * is mapped stays as it is. -EINVAL: a device's memory; -ENOMEM: also for holes. */
int mm_advise_huge(struct mm *mm, unsigned long address, size_t length, bool wanted);
/* Blocks in the place of single pages (MADV_COLLAPSE), wherever a whole one lies in the
 * range: 0, or why not all: -EINVAL: nothing is there, or none may be; -EAGAIN: somebody
 * holds a page; -ENOMEM. */
int mm_collapse(struct mm *mm, unsigned long start, size_t length);
/* Leaves in [start, end) are split, and so are blocks that pages there are part of, but
 * for those that somebody holds, or maps elsewhere: how many of each. (A block that is
 * spread over the range may be refused more than once.) Takes mm->lock for reading. */
struct blocks_split {
	unsigned long split, refused;
};
void mm_split_blocks(struct mm *mm, unsigned long start, unsigned long end,
	struct blocks_split *count);
/* What was written to files in the range has been given to their sources, as
 * object_write_back() does it. -ENOMEM: there are holes; -EINVAL. */
int mm_sync(struct mm *mm, unsigned long address, size_t length);
/* object_punch() of what the range shows of objects (MADV_REMOVE). -EACCES: it is not
 * shared, or never to be written. */
int mm_remove(struct mm *mm, unsigned long address, size_t length);
void mm_set_brk_start(struct mm *mm, unsigned long start);
unsigned long mm_brk(struct mm *mm, unsigned long brk); /* the new or unchanged brk */

/* Beside ACCESS_*: no access, but the page is going to be pinned for reading, and must be
 * exclusive. */
#define ACCESS_UNSHARE 8u
#define ACCESS_OWN     (ACCESS_WRITE | ACCESS_UNSHARE) /* needs a page of one's own */

/* Beside ACCESS_READ and ACCESS_WRITE: a debugger's, which needs no rights. What it
 * writes where the VMA allows no writing is the mm's own, of a private mapping only. */
#define ACCESS_FORCE 16u

/* Beside ACCESS_READ: not where a mapping that may only be written can be read all the
 * same. */
#define ACCESS_STRICT 32u

/* A user access at `address` (ACCESS_*) faulted: make it possible. 0, -EFAULT (no such
 * mapping or not allowed), -ENOMEM, -EIO (beyond the end of an object, or its source has
 * failed), -EINTR (the thread is to end). May sleep; no lock may be held. */
int mm_fault(struct mm *mm, unsigned long address, unsigned int access);

/* Takes back about so many pages that nobody would miss (reclaim.c): how many; 0: there
 * are none. Waits for other CPUs, but does not sleep; no spinlock held. */
u64 mm_reclaim(u64 count);

/* How many pages are mapped. They are counted now, with table_lock: no fault has to keep
 * a number that all CPUs share. */
unsigned long mm_pages(struct mm *mm);

/* present[i]: page i from `address` on has a frame just now. -ENOMEM: there are holes. */
int mm_resident(struct mm *mm, unsigned long address, size_t pages, u8 *present);

/*
 * Every page of its own that the process may write is clean until it does (soft_dirty.c).
 * mm_page_told: what /proc/<pid>/pagemap tells of the page at the address: MM_PAGE_* and
 * the frame's number; 0: nothing is mapped. Both may sleep.
 */
void mm_clear_soft_dirty(struct mm *mm);
u64 mm_page_told(struct mm *mm, unsigned long address);

#define MM_PAGE_WRITTEN (1UL << 55) /* since it was cleared, or it cannot be told */
#define MM_PAGE_ONCE    (1UL << 56) /* one entry leads to it */
#define MM_PAGE_FILE    (1UL << 61) /* an object's */
#define MM_PAGE_PRESENT (1UL << 63)

/* What is mapped shared at the address, and the offset there; NULL: nothing. It is only
 * good for comparing: no reference is taken. Takes mm->lock for reading. */
const struct object *mm_object_at(struct mm *mm, unsigned long address, u64 *offset);

/*
 * Whole pages on their way to another address space (move.c), of the RUNNING thread's mm;
 * `address` is a page's. May sleep.
 *
 * mm_take_pages: pages[0..count) become the caller's: they have the contents that the mm
 * has from `address` on. Those that can be are taken away, and read as zeros afterwards;
 * of others (shared, pinned, a file's) it is a copy. 0; -EFAULT, -ENOMEM, -EINVAL: none.
 *
 * mm_give_pages: the mm has these contents from `address` on; it takes over the pages, or
 * they are copied and freed. 0; -EFAULT, -EINVAL: some are not, but all are gone.
 */
struct page;
int mm_take_pages(
	struct mm *mm, unsigned long address, unsigned long count, struct page **pages);
int mm_give_pages(
	struct mm *mm, unsigned long address, unsigned long count, struct page **pages);

/* How many VMAs there are just now. */
unsigned int mm_vma_count(struct mm *mm);
extern unsigned int mm_vmas_max; /* MM_VMAS_MAX; tests make it smaller */

/* Call visit for each VMA under the read lock. */
void mm_for_each_vma(
	struct mm *mm, void (*visit)(const struct vma *vma, void *arg), void *arg);

/*
 * The text of `pt`: draws the page table of mm, level by level, all of it (address ~0UL)
 * or the way to one address, into emit(line). Folded levels are shown as folded, with
 * table addresses and entry types. Takes mm->lock for reading.
 */
void mm_draw_table(struct mm *mm, unsigned long address,
	void (*emit)(const char *line, void *arg), void *arg);

/*
 * Lab builds: draws the lockless walk over `count` pages from `start` as the step of that
 * name (NULL: the one in force) does it, a line for each turn of each level's loop, and
 * what it found beside what is mapped. -EINVAL: no such step, start not aligned, more
 * than 64 pages; -EFAULT: above the limit. Takes mm->lock for reading.
 */
int mm_draw_step(struct mm *mm, unsigned long start, unsigned long count,
	const char *name, void (*emit)(const char *line, void *arg), void *arg);
