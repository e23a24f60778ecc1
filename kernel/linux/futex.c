/*
 * kernel/linux/futex.c - sleeping until someone changes a word of user memory.
 *
 * Data: a hash table of buckets, each a list of waiters, keyed by what the word is in: an
 * mm, and its address there; or a memory object that is mapped shared, and its offset. A
 * waiter lives on its thread's kernel stack while it is queued.
 *
 * Locks: the bucket's spinlock (RANK_FUTEX) for its list and for `bucket` and `woken` of
 * the waiters in it; two buckets nest in address order. No user word is read under it:
 * the read may fault and so sleep.
 *
 * Life: a waker touches a waiter only under the lock of its bucket, and the waiter takes
 * that lock once more before it returns, so it cannot vanish under the waker.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "kernel/base/trace.h"
#include "arch/contract/uaccess.h"
#include <linux/futex.h>

#define BUCKETS 64

struct bucket {
	struct spinlock lock;
	struct list waiters; /* (l:lock) oldest first */
};

/* The same word, if equal. Nothing is held by it: a key that outlives its mm or object
 * can only wake somebody for nothing. */
struct key {
	const void *in;
	u64 place;
};

struct futex_waiter {
	struct list link;      /* (l:bucket) */
	struct bucket *bucket; /* (l:bucket) changed by requeue under both locks */
	struct key key;        /* (l:bucket) */
	u32 bitset;            /* (c) */
	struct thread *thread; /* (c) */
	bool woken;            /* (a) set under the bucket's lock */
};

static struct bucket buckets[BUCKETS];

void futex_init(void)
{
	for (int i = 0; i < BUCKETS; i++) {
		spin_init(&buckets[i].lock, "futex", RANK_FUTEX);
		list_init(&buckets[i].waiters);
	}
}

/* `op` says if the caller knows that nobody else can mean the word: then nothing has to
 * be looked up under mm->lock. */
static struct key key_of(unsigned long address, int op)
{
	struct mm *mm = current()->mm;
	struct key key = {mm, address};
	u64 offset;
	const struct object *object =
		op & FUTEX_PRIVATE_FLAG ? NULL : mm_object_at(mm, address, &offset);

	if (object)
		key = (struct key){object, offset};
	return key;
}

static struct bucket *bucket_of(struct key key)
{
	u64 hash = ((u64)(unsigned long)key.in ^ key.place) * 0x9e3779b97f4a7c15UL;

	return &buckets[hash >> 58];
}

static void queue(struct futex_waiter *waiter)
{
	struct bucket *bucket = waiter->bucket;

	spin_lock(&bucket->lock);
	list_append(&bucket->waiters, &waiter->link);
	spin_unlock(&bucket->lock);
}

/*
 * Takes the waiter off whatever bucket it is in now; true if a waker was faster. The
 * bucket is looked at again under its lock, because a requeue may have moved us between
 * the read and the lock: without that we would edit a list whose lock we do not hold.
 */
static bool unqueue(struct futex_waiter *waiter)
{
	struct bucket *bucket = READ_ONCE(waiter->bucket);

	spin_lock(&bucket->lock);
	while (bucket != waiter->bucket) {
		spin_unlock(&bucket->lock);
		bucket = READ_ONCE(waiter->bucket);
		spin_lock(&bucket->lock);
	}
	list_remove(&waiter->link);
	spin_unlock(&bucket->lock);
	return waiter->woken;
}

/* Until woken, signalled, or the deadline: 0, -EINTR, -ETIMEDOUT. */
static int sleep(struct futex_waiter *waiter, u64 deadline)
{
	int result = 0;

	while (thread_wait_prepare(),
		!atomic_load(&waiter->woken) && !(result = wait_over(deadline, true)))
		thread_wait_until(deadline);
	thread_wait_cancel();
	return result;
}

/*
 * SAFE(futex_queue_first): the waiter is queued before the word is read. A waker stores
 * the word and then locks the bucket; if we read the old value, our queueing came first
 * and it finds us. Reading first would lose a wake-up that falls between read and queue.
 * Pairs with the lock taken in futex_wake().
 */
static long futex_wait(
	unsigned long address, int op, u32 expected, u32 bitset, u64 deadline)
{
	struct key key = key_of(address, op);
	struct futex_waiter waiter = {.bucket = bucket_of(key),
		.key = key,
		.bitset = bitset,
		.thread = current()};
	u32 value;
	int result;

	if (!bitset)
		return -EINVAL;
	queue(&waiter);
	TRACE_POINT(futex_look);
	result = arch_user_load_u32(address, &value);
	if (result == 0)
		result = value == expected ? sleep(&waiter, deadline) : -EAGAIN;
	/* Taken by a waker that counted us: its wake-up must not be lost. */
	if (unqueue(&waiter))
		return 0;
	if (result == -EINTR)
		return deadline == WAIT_FOREVER ? -ERESTART : restart_until(deadline);
	return result;
}

static bool matches(const struct futex_waiter *waiter, struct key key, u32 bitset)
{
	return waiter->key.in == key.in && waiter->key.place == key.place &&
	       waiter->bitset & bitset;
}

static void wake(struct futex_waiter *waiter)
{
	struct thread *thread = waiter->thread;

	list_remove(&waiter->link);
	atomic_store(&waiter->woken, true);
	thread_wake(thread);
}

static long wake_some(struct key key, int count, u32 bitset)
{
	struct bucket *bucket = bucket_of(key);
	struct futex_waiter *waiter, *next;
	int woken = 0;

	if (!bitset)
		return -EINVAL;
	spin_lock(&bucket->lock);
	list_for_each_safe (waiter, next, &bucket->waiters, link) {
		if (woken >= count)
			break;
		if (matches(waiter, key, bitset)) {
			wake(waiter);
			woken++;
		}
	}
	spin_unlock(&bucket->lock);
	return woken;
}

long futex_wake(unsigned long address, int count, u32 bitset)
{
	return wake_some(key_of(address, 0), count, bitset);
}

static void lock_both(struct bucket *a, struct bucket *b)
{
	spin_lock(&min(a, b)->lock);
	if (a != b)
		spin_lock(&max(a, b)->lock);
}

static void unlock_both(struct bucket *a, struct bucket *b)
{
	if (a != b)
		spin_unlock(&max(a, b)->lock);
	spin_unlock(&min(a, b)->lock);
}

/* Wakes `count` waiters of `from` and makes up to `move` others wait at `to`. */
static long requeue(unsigned long from, unsigned long to, int op, int count, int move)
{
	struct key old = key_of(from, op), new = key_of(to, op);
	struct bucket *source = bucket_of(old), *target = bucket_of(new);
	struct futex_waiter *waiter, *next;
	int done = 0;

	if (count < 0 || move < 0 || !IS_ALIGNED(to, 4))
		return -EINVAL;
	lock_both(source, target);
	list_for_each_safe (waiter, next, &source->waiters, link) {
		if (done >= count && done - count >= move)
			break;
		if (!matches(waiter, old, FUTEX_BITSET_MATCH_ANY))
			continue;
		if (done++ < count) {
			wake(waiter);
			continue;
		}
		waiter->key = new;
		if (source == target)
			continue; /* stays in place, so the loop ends if from == to */
		waiter->bucket = target;
		list_remove(&waiter->link);
		list_append(&target->waiters, &waiter->link);
	}
	unlock_both(source, target);
	return done;
}

/*
 * The word is compared before the locks are taken, as no user word is read under them. A
 * waiter that slips in between with the new value may be moved too; it is then woken
 * through `to`, where every futex user has to expect a wake-up for nothing.
 */
static long cmp_requeue(struct regs *regs)
{
	unsigned long from = regs_arg(regs, 0);
	u32 value;

	if (arch_user_load_u32(from, &value))
		return -EFAULT;
	if (value != (u32)regs_arg(regs, 5))
		return -EAGAIN;
	return requeue(from, regs_arg(regs, 4), regs_arg(regs, 1), regs_arg(regs, 2),
		regs_arg(regs, 3));
}

/* FUTEX_WAIT counts from now, FUTEX_WAIT_BITSET names a point of one of two clocks. */
static int wait_deadline(unsigned long address, int op, u64 *deadline)
{
	struct __kernel_timespec time;
	u64 ns;

	*deadline = WAIT_FOREVER;
	if (!address)
		return 0;
	if (user_get(&time, address, sizeof(time)))
		return -EFAULT;
	if (!time_to_ns(&time, &ns))
		return -EINVAL;
	if ((op & FUTEX_CMD_MASK) == FUTEX_WAIT)
		*deadline = restart_deadline(ns);
	else if (op & FUTEX_CLOCK_REALTIME)
		*deadline = time_from_epoch(ns);
	else
		*deadline = ns;
	return 0;
}

long sys_futex(struct regs *regs)
{
	unsigned long address = regs_arg(regs, 0);
	int op = regs_arg(regs, 1), command = op & FUTEX_CMD_MASK;
	u32 value = regs_arg(regs, 2);
	u32 bitset = FUTEX_BITSET_MATCH_ANY;
	u64 deadline;
	int error;

	if (!IS_ALIGNED(address, 4))
		return -EINVAL;
	if (address >= arch_user_end())
		return -EFAULT;
	if (command == FUTEX_WAIT_BITSET || command == FUTEX_WAKE_BITSET)
		bitset = regs_arg(regs, 5);
	switch (command) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		error = wait_deadline(regs_arg(regs, 3), op, &deadline);
		return error ? error : futex_wait(address, op, value, bitset, deadline);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
		return wake_some(key_of(address, op), value, bitset);
	case FUTEX_REQUEUE:
		return requeue(address, regs_arg(regs, 4), op, value, regs_arg(regs, 3));
	case FUTEX_CMP_REQUEUE:
		return cmp_requeue(regs);
	default:
		return -ENOSYS;
	}
}

/* --- robust futexes: locks whose owner dies --- */

/* Mark the lock word as orphaned if this thread owns it, and let one waiter in. */
static bool robust_release(unsigned long address, u32 tid)
{
	u32 value, old;

	if (!IS_ALIGNED(address, 4) || arch_user_load_u32(address, &value))
		return false;
	for (; (value & FUTEX_TID_MASK) == tid; value = old) {
		u32 died = (value & FUTEX_WAITERS) | FUTEX_OWNER_DIED;

		if (arch_user_cas_u32(address, value, died, &old))
			return false;
		if (old != value)
			continue;
		if (value & FUTEX_WAITERS)
			futex_wake(address, 1, FUTEX_BITSET_MATCH_ANY);
		break;
	}
	return true;
}

/*
 * Walks the list that the thread kept in its own memory; it may be damaged, a circle, or
 * gone, so the walk is limited and ends at the first address that does not answer. Bit 0
 * of an entry marks a kind of lock that we do not have.
 */
void futex_robust_exit(unsigned long address)
{
	struct robust_list_head head;
	unsigned long entry, next;
	u32 tid = current_thread()->tid;

	if (user_get(&head, address, sizeof(head)))
		return;
	entry = (unsigned long)head.list.next;
	for (int i = 0; entry != address && i < ROBUST_LIST_LIMIT; i++, entry = next) {
		if (user_get(&next, entry & ~1UL, sizeof(next)))
			return;
		if (!robust_release((entry & ~1UL) + head.futex_offset, tid))
			return;
	}
	entry = (unsigned long)head.list_op_pending & ~1UL;
	if (entry)
		(void)robust_release(entry + head.futex_offset, tid);
}
