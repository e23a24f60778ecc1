/*
 * kernel/base/rank.h - the order of all locks, outermost first.
 *
 * A lock may be taken only while every lock already held by this context has a LOWER
 * rank. Lab builds check it at each acquisition and name both locks; release builds keep
 * only the table. RANK_SAME_OK locks of one rank may nest in address order.
 *
 * Sleeping locks come first: nothing may sleep under a spinlock. A shootdown (which waits
 * for other CPUs) may be waited for under any rank below RANK_TLB_WAIT, never with
 * interrupts off: two CPUs doing so would wait for each other for ever.
 */
#pragma once

enum lock_rank {
	/* sleeping locks */
	RANK_TASK_TREE,   /* parents, children, wait, exec */
	RANK_SERVERS,     /* names of servers, and their files */
	RANK_OPEN,        /* one open object: offset, console line */
	RANK_OBJECT_SIZE, /* who resizes a memory object */
	RANK_MM,          /* mm->lock, reader/writer */
	RANK_VMA,         /* a VMA that a fault holds (mm/space/vma_lock.c) */
	RANK_LAST_SLEEPING = RANK_VMA,
	/* spinlocks */
	RANK_FILES,      /* one task's handle table */
	RANK_SIGNAL,     /* one task's signal state */
	RANK_FUTEX,      /* a futex hash bucket */
	RANK_DMA,        /* the fake device's transfers */
	RANK_RAMDISK,    /* which files have an object; names in /tmp */
	RANK_PIPE,       /* a pipe, and who waits for it */
	RANK_ENDPOINT,   /* who waits at an endpoint, and for whom */
	RANK_SCAN,       /* whose turn it is in mm/huge/khugepaged.c */
	RANK_OBJECT,     /* a memory object's pages */
	RANK_RMAP,       /* the VMAs that map an object (mm/space/rmap.h) */
	RANK_FAMILY,     /* the VMAs of a family of anonymous pages */
	RANK_PAGE_TABLE, /* mm->table_lock, ptdesc->lock */
	RANK_TLB_WAIT,   /* the cross-call lock: holding it is waiting for other CPUs */
	RANK_CACHE,      /* an object cache */
	RANK_STACKS,     /* the kernel stack window */
	RANK_LEDGER,     /* lab: the books about frames */
	RANK_FRAME_LIST, /* a CPU's list of free frames */
	RANK_FRAME,      /* the buddy allocator */
	RANK_RCU,        /* grace-period state, callback lists */
	RANK_WAIT,       /* a wait queue */
	RANK_TIMER,      /* a CPU's timer queue */
	RANK_RUNQUEUE,   /* a CPU's run queue; two nest in address order */
	RANK_CONSOLE,    /* input and output rings */
	RANK_PRINT,      /* the log: anything may be printed anywhere */
};
