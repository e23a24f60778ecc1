/*
 * kernel/task/handle.c - open objects, and the tables that number them; see handle.h.
 *
 * An open object lives as long as a table or a running operation holds a reference. A
 * table is shared by all threads of a task and freed when the last of them leaves.
 *
 * Bytes between an object and user memory travel through a kernel buffer, and no lock is
 * held while they are copied: touching user memory may fault, and wait for anything.
 */
#include "kernel/task/handle.h"
#include "kernel/base/atomic.h"
#include "kernel/base/errno.h"
#include "arch/contract/uaccess.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"

#define SMALL_TRANSFER 256        /* up to this the buffer is on the stack */
#define TRANSFER_MAX   0x7ffff000 /* as Linux: the result fits an int */

struct handle {
	struct open *open; /* (l:handles) NULL: free */
	bool close_on_exec;
};

struct handles {
	struct mutex lock; /* RANK_FILES */
	s32 refs;          /* (a) */
	struct handle table[HANDLES_MAX];
};

struct open *open_create(
	const struct open_ops *ops, enum open_kind kind, unsigned int flags, void *object)
{
	struct open *open = kmalloc(sizeof(*open));

	if (!open)
		return NULL;
	open->ops = ops;
	open->kind = kind;
	open->flags = flags;
	open->object = object;
	open->refs = 1;
	mutex_init(&open->lock, "open object", RANK_OPEN);
	return open;
}

void open_get(struct open *open)
{
	atomic_add(&open->refs, 1);
}

void open_put(struct open *open)
{
	if (atomic_sub(&open->refs, 1) > 0)
		return;
	if (open->ops->close)
		open->ops->close(open);
	kfree(open);
}

/* --- transfers --- */

struct transfer {
	struct open *open;
	const u64 *position; /* NULL: the object's own offset */
	void *buffer;
	size_t piece; /* bytes in buffer */
	struct page *page;
	char small[SMALL_TRANSFER];
};

static bool transfer_begin(
	struct transfer *transfer, struct open *open, size_t size, const u64 *position)
{
	transfer->open = open;
	transfer->position = position;
	transfer->buffer = transfer->small;
	transfer->piece = sizeof(transfer->small);
	transfer->page = NULL;
	if (size <= sizeof(transfer->small))
		return true;
	transfer->page = frame_alloc(0, PAGE_KERNEL, 0);
	if (!transfer->page)
		return false;
	transfer->buffer = page_address(transfer->page);
	transfer->piece = OPEN_CHUNK;
	return true;
}

static void transfer_end(struct transfer *transfer)
{
	if (transfer->page)
		page_put(transfer->page);
}

/* One buffer-full from or to the object, `done` bytes after the start. */
static ssize_t transfer_piece(
	struct transfer *transfer, size_t size, size_t done, bool write)
{
	struct open *open = transfer->open;
	bool own = !transfer->position && !open_is_stream(open);
	u64 offset = transfer->position ? *transfer->position + done : 0;
	ssize_t moved;

	if (own) {
		mutex_lock(&open->lock);
		offset = open->offset;
	}
	moved = write ? open->ops->write(open, transfer->buffer, size, offset)
		      : open->ops->read(open, transfer->buffer, size, offset);
	if (own) {
		open->offset += moved > 0 ? moved : 0;
		mutex_unlock(&open->lock);
	}
	return moved;
}

/* The user's buffer ended early: what was not delivered has not been read. */
static void transfer_give_back(struct transfer *transfer, size_t bytes)
{
	struct open *open = transfer->open;

	if (transfer->position || open_is_stream(open))
		return;
	mutex_lock(&open->lock);
	open->offset -= bytes;
	mutex_unlock(&open->lock);
}

static ssize_t read_pieces(struct transfer *transfer, unsigned long to, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t want = min(size - done, transfer->piece);
		ssize_t got = transfer_piece(transfer, want, done, false);
		size_t left;

		if (got <= 0)
			return done ? (ssize_t)done : got;
		left = arch_copy_to_user(to + done, transfer->buffer, got);
		done += got - left;
		if (left) {
			transfer_give_back(transfer, left);
			return done ? (ssize_t)done : -EFAULT;
		}
		if ((size_t)got < want || open_is_stream(transfer->open))
			break; /* asking a stream again might wait */
	}
	return done;
}

static ssize_t write_pieces(struct transfer *transfer, unsigned long from, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t want = min(size - done, transfer->piece);
		size_t have =
			want - arch_copy_from_user(transfer->buffer, from + done, want);
		ssize_t put = have ? transfer_piece(transfer, have, done, true) : -EFAULT;

		if (put <= 0)
			return done ? (ssize_t)done : put;
		done += put;
		if ((size_t)put < want)
			break;
	}
	return done;
}

ssize_t open_read_user(
	struct open *open, unsigned long to, size_t size, const u64 *position)
{
	struct transfer transfer;
	ssize_t result;

	size = min(size, (size_t)TRANSFER_MAX);
	if (!(open->flags & OPEN_READ))
		return -EBADF;
	if (!open->ops->read)
		return open->kind == OPEN_DIRECTORY ? -EISDIR : -EINVAL;
	if (!transfer_begin(&transfer, open, size, position))
		return -ENOMEM;
	result = read_pieces(&transfer, to, size);
	transfer_end(&transfer);
	return result;
}

ssize_t open_write_user(
	struct open *open, unsigned long from, size_t size, const u64 *position)
{
	struct transfer transfer;
	ssize_t result;

	size = min(size, (size_t)TRANSFER_MAX);
	if (!(open->flags & OPEN_WRITE))
		return -EBADF;
	if (!open->ops->write)
		return -EINVAL;
	if (!transfer_begin(&transfer, open, size, position))
		return -ENOMEM;
	result = write_pieces(&transfer, from, size);
	transfer_end(&transfer);
	return result;
}

/* --- tables --- */

struct handles *handles_create(void)
{
	struct handles *handles = kmalloc(sizeof(*handles));

	if (handles) {
		handles->refs = 1;
		mutex_init(&handles->lock, "handles", RANK_FILES);
	}
	return handles;
}

struct handles *handles_copy(struct handles *from)
{
	struct handles *to = handles_create();

	if (!to)
		return NULL;
	mutex_lock(&from->lock);
	for (int i = 0; i < HANDLES_MAX; i++) {
		to->table[i] = from->table[i];
		if (to->table[i].open)
			open_get(to->table[i].open);
	}
	mutex_unlock(&from->lock);
	return to;
}

void handles_get(struct handles *handles)
{
	atomic_add(&handles->refs, 1);
}

void handles_put(struct handles *handles)
{
	if (atomic_sub(&handles->refs, 1) > 0)
		return;
	for (int i = 0; i < HANDLES_MAX; i++)
		if (handles->table[i].open)
			open_put(handles->table[i].open);
	kfree(handles);
}

static bool valid(int number)
{
	/* SAFE(handle_bounds): without it a number from user space reaches whatever
	 * lies beside the table, as an object pointer. */
	return number >= 0 && number < HANDLES_MAX;
}

int handles_add(struct handles *handles, struct open *open, int from, bool close_on_exec)
{
	int number = from;

	if (!valid(from)) {
		open_put(open);
		return -EINVAL;
	}
	mutex_lock(&handles->lock);
	while (valid(number) && handles->table[number].open)
		number++;
	if (valid(number))
		handles->table[number] = (struct handle){open, close_on_exec};
	mutex_unlock(&handles->lock);
	if (valid(number))
		return number;
	open_put(open);
	return -EMFILE;
}

/* Exchange what is at `number`; the old object is released outside the lock, because its
 * close may sleep. */
static struct open *exchange(struct handles *handles, int number, struct handle new)
{
	struct open *old;

	mutex_lock(&handles->lock);
	old = handles->table[number].open;
	handles->table[number] = new;
	mutex_unlock(&handles->lock);
	return old;
}

int handles_replace(
	struct handles *handles, int number, struct open *open, bool close_on_exec)
{
	struct open *old = open;

	if (valid(number))
		old = exchange(handles, number, (struct handle){open, close_on_exec});
	if (old)
		open_put(old);
	return valid(number) ? number : -EBADF;
}

int handles_close(struct handles *handles, int number)
{
	struct open *old = NULL;

	if (valid(number))
		old = exchange(handles, number, (struct handle){NULL, false});
	if (!old)
		return -EBADF;
	open_put(old);
	return 0;
}

void handles_close_on_exec(struct handles *handles)
{
	bool value;

	for (int i = 0; i < HANDLES_MAX; i++)
		if (handles_get_cloexec(handles, i, &value) && value)
			handles_close(handles, i);
}

bool handles_get_cloexec(struct handles *handles, int number, bool *value)
{
	bool used;

	if (!valid(number))
		return false;
	mutex_lock(&handles->lock);
	used = handles->table[number].open != NULL;
	*value = used && handles->table[number].close_on_exec;
	mutex_unlock(&handles->lock);
	return used;
}

int handles_set_cloexec(struct handles *handles, int number, bool value)
{
	bool used;

	if (!valid(number))
		return -EBADF;
	mutex_lock(&handles->lock);
	used = handles->table[number].open != NULL;
	if (used)
		handles->table[number].close_on_exec = value;
	mutex_unlock(&handles->lock);
	return used ? 0 : -EBADF;
}

struct open *handles_lookup(struct handles *handles, int number)
{
	struct open *open;

	if (!valid(number))
		return NULL;
	mutex_lock(&handles->lock);
	open = handles->table[number].open;
	if (open)
		open_get(open);
	mutex_unlock(&handles->lock);
	return open;
}
