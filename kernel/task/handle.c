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
#include "arch/contract/uaccess.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"

#define SMALL_TRANSFER 256        /* up to this the buffer is on the stack */
#define TRANSFER_MAX   0x7ffff000 /* as Linux: the result fits an int */
#define COPIES_DEEP    8          /* a copy of a copy of ... */

struct handle {
	struct open *open; /* (l:handles) NULL: free */
	bool close_on_exec;
};

struct handles {
	struct spinlock lock; /* RANK_FILES */
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
	open->refs = open->shells = 1;
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
	while (open && !atomic_sub(&open->shells, 1)) {
		struct open *parent = open->parent;

		kfree(open);
		open = parent;
	}
}

/* --- copies --- */

int open_copy(struct open *open, unsigned int rights, struct open **copy)
{
	unsigned int flags = READ_ONCE(open->flags);
	int depth = 0;

	for (const struct open *at = open->parent; at; at = at->parent)
		depth++;
	if (open->ops->close && !open->ops->copied)
		return -EOPNOTSUPP;
	if (depth == COPIES_DEEP)
		return -EMLINK;
	*copy = open_create(
		open->ops, open->kind, flags & (rights | ~OPEN_RIGHTS), open->object);
	if (!*copy)
		return -ENOMEM;
	(*copy)->device = open->device;
	(*copy)->size = open->size;
	(*copy)->parent = open;
	(*copy)->born = atomic_load(&open->revocations);
	atomic_add(&open->shells, 1);
	if (open->ops->copied)
		open->ops->copied(*copy);
	return 0;
}

void open_revoke(struct open *open)
{
	atomic_add(&open->revocations, 1);
	if (open->ops->revoked)
		open->ops->revoked(open);
}

bool open_was_revoked(const struct open *open)
{
	for (; open->parent; open = open->parent)
		if (atomic_load(&open->parent->revocations) != open->born)
			return true;
	return false;
}

/* --- transfers --- */

/* At *at, or (`own`) at the object's own offset, which moves: then that is *at. */
static ssize_t move_once(
	struct open *open, void *buffer, size_t size, bool own, u64 *at, bool write)
{
	ssize_t moved;

	if (own) {
		mutex_lock(&open->lock);
		*at = open->offset;
	}
	moved = write ? open->ops->write(open, buffer, size, *at)
		      : open->ops->read(open, buffer, size, *at);
	if (own) {
		open->offset = *at + max(moved, 0L);
		mutex_unlock(&open->lock);
	}
	return moved;
}

/* One buffer-full; `position` NULL: at the object's own offset. */
static ssize_t move(struct open *open, void *buffer, size_t size, const u64 *position,
	size_t done, bool write)
{
	/* Not of devices: what they do with user memory may wait for its pages. */
	bool own = !position && !open_is_stream(open) &&
		   (open->kind != OPEN_DEVICE || open->ops->seeks);
	u64 at = position ? *position + done : 0;
	ssize_t moved;

	do {
		moved = move_once(open, buffer, size, own, &at, write);
		if (moved != -EAGAIN || !open->ops->bring)
			return moved;
		moved = open->ops->bring(open, at, write);
	} while (!moved);
	return moved;
}

/* Once for each direction, like its caller: hence inlined. */
static __always_inline ssize_t transfer(struct open *open, unsigned long user,
	size_t size, const u64 *position, bool write, void *buffer, size_t piece)
{
	size_t done = 0;

	while (done < size) {
		size_t want = min(size - done, piece), left = 0;
		ssize_t moved = -EFAULT;

		if (write)
			left = arch_copy_from_user(buffer, user + done, want);
		if (left < want)
			moved = move(open, buffer, want - left, position, done, write);
		if (moved <= 0)
			return done ? (ssize_t)done : moved;
		if (!write)
			left = arch_copy_to_user(user + done, buffer, moved);
		if (!write && left == (size_t)moved && !done)
			return -EFAULT;
		done += write ? (size_t)moved : moved - left;
		if (left || done == size || wait_interrupted() ||
			(open_is_stream(open) && (!write || (size_t)moved < want)))
			break; /* asking a stream for more might wait */
	}
	return done;
}

static __always_inline ssize_t user_transfer(struct open *open, unsigned long user,
	size_t size, const u64 *position, bool write)
{
	char small[SMALL_TRANSFER];
	struct page *page;
	ssize_t result;

	size = min(size, (size_t)TRANSFER_MAX);
	if (size <= sizeof(small))
		return transfer(open, user, size, position, write, small, size);
	page = frame_alloc(0, PAGE_KERNEL, 0);
	if (!page)
		return -ENOMEM;
	result = transfer(
		open, user, size, position, write, page_address(page), OPEN_CHUNK);
	page_put(page);
	return result;
}

ssize_t open_read_user(
	struct open *open, unsigned long to, size_t size, const u64 *position)
{
	if (!(open->flags & OPEN_READ))
		return -EBADF;
	if (!open->ops->read)
		return open->kind == OPEN_DIRECTORY ? -EISDIR : -EINVAL;
	return user_transfer(open, to, size, position, false);
}

ssize_t open_write_user(
	struct open *open, unsigned long from, size_t size, const u64 *position)
{
	if (!(open->flags & OPEN_WRITE))
		return -EBADF;
	return open->ops->write ? user_transfer(open, from, size, position, true)
				: -EINVAL;
}

/* --- tables --- */

struct handles *handles_create(void)
{
	struct handles *handles = kmalloc(sizeof(*handles));

	if (handles)
		spin_init(&handles->lock, "handles", RANK_FILES);
	return handles;
}

struct handles *handles_copy(struct handles *from)
{
	struct handles *to = handles_create();

	if (!to)
		return NULL;
	spin_lock(&from->lock);
	for (int i = 0; i < HANDLES_MAX; i++) {
		to->table[i] = from->table[i];
		if (to->table[i].open)
			open_get(to->table[i].open);
	}
	spin_unlock(&from->lock);
	return to;
}

void handles_free(struct handles *handles)
{
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
	spin_lock(&handles->lock);
	while (valid(number) && handles->table[number].open)
		number++;
	if (valid(number))
		handles->table[number] = (struct handle){open, close_on_exec};
	spin_unlock(&handles->lock);
	if (valid(number))
		return number;
	open_put(open);
	return -EMFILE;
}

/* The old object is released outside the lock, because its close may sleep. */
static struct open *exchange(struct handles *handles, int number, struct handle new)
{
	struct open *old;

	spin_lock(&handles->lock);
	old = handles->table[number].open;
	handles->table[number] = new;
	spin_unlock(&handles->lock);
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
	struct open *old =
		valid(number) ? exchange(handles, number, (struct handle){0}) : NULL;

	if (!old)
		return -EBADF;
	open_put(old);
	return 0;
}

int handles_close_on_exec(struct handles *handles, int number, const bool *value)
{
	int result = -EBADF;

	if (!valid(number))
		return -EBADF;
	spin_lock(&handles->lock);
	if (handles->table[number].open) {
		result = handles->table[number].close_on_exec;
		if (value)
			handles->table[number].close_on_exec = *value;
	}
	spin_unlock(&handles->lock);
	return result;
}

void handles_exec(struct handles *handles)
{
	for (int i = 0; i < HANDLES_MAX; i++)
		if (handles_close_on_exec(handles, i, NULL) > 0)
			handles_close(handles, i);
}

struct open *handles_lookup(struct handles *handles, int number)
{
	struct open *open;

	if (!valid(number))
		return NULL;
	spin_lock(&handles->lock);
	open = handles->table[number].open;
	if (open && open_is_revoked(open))
		open = NULL;
	if (open)
		open_get(open);
	spin_unlock(&handles->lock);
	return open;
}
