/*
 * kernel/task/dma.c - the fake DMA device; see dma.h.
 *
 *   IDLE --run--> WANTED --the thread takes it--> RUNNING --> IDLE
 *
 * Who changes a transfer's state holds `lock`; an idle transfer may be freed by any
 * program, so nobody keeps a pointer to one without the lock, but the device's thread to
 * that which it runs. What fails: pinning, memory, a wrong tag.
 */
#include "kernel/task/dma.h"
#include "kernel/task/console.h"
#include "kernel/task/handle.h"
#include "mm/space/cache.h"
#include "mm/space/gup.h"

enum transfer_state {
	IDLE,
	WANTED,
	RUNNING
};

struct transfer {
	struct list link;          /* (l:lock) */
	enum transfer_state state; /* (l:lock) */
	unsigned int tag;          /* (c) */
	unsigned long value;       /* (c) */
	long count;                /* (c) */
	struct page *pages[];      /* (c) pinned */
};

static struct spinlock lock = SPINLOCK_INIT("dma", RANK_DMA);
static struct list transfers = LIST_INIT(transfers); /* (l:lock) */
static struct wait_queue wanted = WAIT_QUEUE_INIT(wanted);
static struct wait_queue done = WAIT_QUEUE_INIT(done);
static u32 thread_started; /* (a) */

/* lock held. Of this tag, or NULL. */
static struct transfer *find(unsigned int tag)
{
	struct transfer *transfer;

	list_for_each (transfer, &transfers, link)
		if (transfer->tag == tag)
			return transfer;
	return NULL;
}

/* Change the state of the first transfer that is in `from` (of this tag, unless it is
 * any). NULL: there is none. */
static struct transfer *advance(
	bool any, unsigned int tag, enum transfer_state from, enum transfer_state to)
{
	struct transfer *transfer, *found = NULL;

	spin_lock(&lock);
	list_for_each (transfer, &transfers, link)
		if (!found && transfer->state == from && (any || transfer->tag == tag))
			found = transfer;
	if (found)
		found->state = to;
	spin_unlock(&lock);
	return found;
}

/* All words of page i. False: one was not `value` + i, and it was only asked. */
static bool touch(const struct transfer *transfer, bool write)
{
	for (long i = 0; i < transfer->count; i++) {
		unsigned long *word = page_address(transfer->pages[i]);

		for (unsigned long n = 0; n < PAGE_SIZE / sizeof(*word); n++) {
			if (write)
				WRITE_ONCE(word[n], transfer->value + i);
			else if (READ_ONCE(word[n]) != transfer->value + i)
				return false;
		}
	}
	return true;
}

static void device_thread(void *unused)
{
	struct transfer *transfer;

	for (;;) {
		wait_event(&wanted, (transfer = advance(true, 0, WANTED, RUNNING)));
		(void)touch(transfer, true);
		(void)advance(false, transfer->tag, RUNNING, IDLE);
		wake_up(&done);
	}
}

static int start_device(void)
{
	struct thread *thread;

	if (!atomic_cas(&thread_started, 0, 1))
		return 0;
	thread = thread_create("dma", device_thread, NULL);
	if (!thread) {
		atomic_store(&thread_started, 0);
		return -ENOMEM;
	}
	thread_start(thread);
	return 0;
}

static int add(struct transfer *transfer)
{
	bool known;

	spin_lock(&lock);
	known = find(transfer->tag);
	if (!known)
		list_append(&transfers, &transfer->link);
	spin_unlock(&lock);
	return known ? -EEXIST : 0;
}

static long start(const struct dma_command *command)
{
	unsigned int flags = FOLL_PIN | FOLL_WRITE | FOLL_LONGTERM;
	unsigned long count = command->pages;
	struct transfer *transfer;
	long error;

	if (!count || count > DMA_PAGES_MAX)
		return -EINVAL;
	transfer = kmalloc(sizeof(*transfer) + count * sizeof(struct page *));
	if (!transfer)
		return -ENOMEM;
	transfer->tag = command->tag;
	transfer->value = command->value;
	transfer->count = gup(command->address, count, flags, transfer->pages);
	error = transfer->count == (long)count ? add(transfer) : -EFAULT;
	if (error) {
		gup_unpin(transfer->pages, max(transfer->count, 0L));
		kfree(transfer);
	}
	return error;
}

/* Why advance() found nothing to advance. */
static long refusal(unsigned int tag)
{
	bool known;

	spin_lock(&lock);
	known = find(tag);
	spin_unlock(&lock);
	return known ? -EBUSY : -ENOENT;
}

static bool is_over(unsigned int tag)
{
	struct transfer *transfer;
	bool over;

	spin_lock(&lock);
	transfer = find(tag);
	over = !transfer || transfer->state == IDLE;
	spin_unlock(&lock);
	return over;
}

static long run(unsigned int tag)
{
	if (!advance(false, tag, IDLE, WANTED))
		return refusal(tag);
	wake_up(&wanted);
	return wait_event_killable(&done, is_over(tag));
}

/* While we look, nobody else may take it: it counts as running. */
static long check(unsigned int tag)
{
	struct transfer *transfer = advance(false, tag, IDLE, RUNNING);
	bool right;

	if (!transfer)
		return refusal(tag);
	right = touch(transfer, false);
	(void)advance(false, tag, RUNNING, IDLE);
	wake_up(&done);
	return right ? 0 : -EIO;
}

static long finish(unsigned int tag)
{
	struct transfer *transfer = advance(false, tag, IDLE, RUNNING);

	if (!transfer)
		return refusal(tag);
	spin_lock(&lock);
	list_remove(&transfer->link);
	spin_unlock(&lock);
	gup_unpin(transfer->pages, transfer->count);
	kfree(transfer);
	return 0;
}

static ssize_t dma_write(struct open *open, const void *from, size_t size, u64 offset)
{
	const struct dma_command *command = from;
	long error;

	if (size != sizeof(*command))
		return -EINVAL;
	switch (command->operation) {
	case DMA_START:
		error = start(command);
		break;
	case DMA_RUN:
		error = start_device() ? -ENOMEM : run(command->tag);
		break;
	case DMA_CHECK:
		error = check(command->tag);
		break;
	case DMA_FINISH:
		error = finish(command->tag);
		break;
	default:
		error = -EINVAL;
	}
	return error ? error : (ssize_t)size;
}

struct open *dma_open(void)
{
	static const struct open_ops ops = {.write = dma_write};

	return open_create(&ops, OPEN_DEVICE, 0, NULL);
}
