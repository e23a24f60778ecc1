/*
 * kernel/linux/memory.c - mmap and its kin over the native mapping calls of mm.
 *
 * Anonymous memory, private or shared (then it is a memory object that nobody else
 * knows); memory files, which are objects with a handle; and the ramdisk's files. Locks:
 * those of mm, taken inside its calls.
 */
#include "kernel/linux/path.h"
#include "kernel/base/atomic.h"
#include "kernel/task/ramdisk.h"
#include "mm/space/object.h"
#include <asm/mman.h>
#include <linux/mman.h>

#define PROT_ALL (PROT_READ | PROT_WRITE | PROT_EXEC)

long sys_brk(struct regs *regs)
{
	unsigned long before = READ_ONCE(current()->mm->brk);
	unsigned long now = mm_brk(current()->mm, regs_arg(regs, 0));

	memory_lock_new(before, now);
	return now;
}

static unsigned int map_flags(unsigned long flags)
{
	unsigned int result = 0;

	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		result |= MM_FIXED;
	if (flags & MAP_FIXED_NOREPLACE)
		result |= MM_NOREPLACE;
	if (flags & MAP_GROWSDOWN)
		result |= MM_STACK;
	if (flags & (MAP_POPULATE | MAP_LOCKED) ||
		atomic_load(&linux_task()->lock_future))
		result |= MM_POPULATE;
	if (flags & MAP_NORESERVE)
		result |= MM_NORESERVE;
	if ((flags & MAP_TYPE) != MAP_PRIVATE)
		result |= MM_SHARED;
	return result;
}

struct mapping {
	unsigned long address;
	size_t length;
	unsigned int prot;
	unsigned int flags; /* MM_* */
	u64 offset;
};

static long map_object(struct mapping *want, struct object *object)
{
	int error = mm_map_object(current()->mm, &want->address, want->length, want->prot,
		want->flags, object, want->offset);

	return error ? error : (long)want->address;
}

static long map_anonymous(struct mapping *want)
{
	struct object *object;
	long result;

	if (want->flags & MM_SHARED) {
		want->offset = 0;
		object = object_create(want->length);
		result = object ? map_object(want, object) : -ENOMEM;
		if (object)
			object_put(object); /* the mapping has its own */
		return result;
	}
	result = mm_map(
		current()->mm, &want->address, want->length, want->prot, want->flags);
	return result ? result : (long)want->address;
}

static long map_file(struct mapping *want, const struct ramdisk_file *file)
{
	struct object *object = ramdisk_object(file);
	long result = object ? map_object(want, object) : -ENOMEM;

	if (object)
		object_put(object);
	return result;
}

/* Shared mappings that may be written need a handle that may be. */
static int check_rights(const struct mapping *want, unsigned int flags)
{
	bool writes = want->flags & MM_SHARED && want->prot & PROT_WRITE;

	return flags & OPEN_READ && (!writes || flags & OPEN_WRITE) ? 0 : -EACCES;
}

static long map_open(struct mapping *want, struct open *open)
{
	unsigned int flags = READ_ONCE(open->flags);
	int error = check_rights(want, flags);
	struct file_info info;

	if (error)
		return error;
	if (!(flags & OPEN_WRITE))
		want->flags |= MM_READONLY;
	if (open->kind == OPEN_MEMORY || open->kind == OPEN_APERTURE)
		return map_object(want, open->object);
	if (open->kind == OPEN_ZERO)
		return map_anonymous(want); /* its pages are zero, and then one's own */
	tree_describe(open, &info);
	return info.file && S_ISREG(info.mode) ? map_file(want, info.file) : -ENODEV;
}

static long map_fd(struct mapping *want, int fd)
{
	struct open *open = file_get(fd);
	long result;

	if (!open)
		return -EBADF;
	result = map_open(want, open);
	open_put(open); /* the ramdisk's files stay without it */
	return result;
}

long sys_mmap(struct regs *regs)
{
	unsigned long args[6];
	struct mapping want;
	unsigned long type;

	if (arch_linux_mmap_args(regs, args))
		return -EFAULT;
	type = args[3] & MAP_TYPE;
	if (!args[1] || !IS_ALIGNED(args[5], PAGE_SIZE))
		return -EINVAL;
	if (type != MAP_PRIVATE && type != MAP_SHARED && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	want = (struct mapping){.address = args[0],
		.length = args[1],
		.prot = args[2] & PROT_ALL,
		.flags = map_flags(args[3]),
		.offset = args[5]};
	return args[3] & MAP_ANONYMOUS ? map_anonymous(&want) : map_fd(&want, args[4]);
}

long sys_munmap(struct regs *regs)
{
	return mm_unmap(current()->mm, regs_arg(regs, 0), regs_arg(regs, 1));
}

long sys_mprotect(struct regs *regs)
{
	unsigned long address = regs_arg(regs, 0), length = regs_arg(regs, 1);
	unsigned long prot = regs_arg(regs, 2);

	if (!IS_ALIGNED(address, PAGE_SIZE))
		return -EINVAL;
	/* PROT_GROWSDOWN is refused like unknown rights; libc then tries without. */
	return mm_protect(
		current()->mm, address, length, prot > PROT_ALL ? PROT_ALL + 1 : prot);
}

/* Touch all now. A hole is ENOMEM, what may not be touched so EINVAL. */
static long madvise_populate(unsigned long address, size_t length, unsigned int access)
{
	struct mm *mm = current()->mm;
	int err = mm_advise(mm, address, length);

	if (err == -ENOMEM)
		err = 0; /* up to the hole */
	for (size_t done = 0; !err && done < length; done += PAGE_SIZE) {
		err = mm_fault(mm, address + done, access);
		if (err == -EFAULT)
			err = mm_advise(mm, address + done, PAGE_SIZE) ?: -EINVAL;
		if (err == -EIO)
			err = -EFAULT; /* a touch would be SIGBUS */
	}
	return err;
}

/* Most advice is about what we do not do anyway. */
long sys_madvise(struct regs *regs)
{
	unsigned long address = regs_arg(regs, 0), length = regs_arg(regs, 1);

	switch (regs_arg(regs, 2)) {
	case MADV_DONTNEED:
		return mm_discard(current()->mm, address, length);
	case MADV_FREE:
		return mm_free_lazily(current()->mm, address, length);
	case MADV_PAGEOUT:
		return mm_page_out(current()->mm, address, length);
	case MADV_HUGEPAGE:
	case MADV_NOHUGEPAGE:
		return mm_advise_huge(current()->mm, address, length,
			regs_arg(regs, 2) == MADV_HUGEPAGE);
	case MADV_COLLAPSE:
		return mm_collapse(current()->mm, address, length);
	case MADV_REMOVE:
		return mm_remove(current()->mm, address, length);
	case MADV_POPULATE_READ:
		return madvise_populate(address, length, ACCESS_READ | ACCESS_STRICT);
	case MADV_POPULATE_WRITE:
		return madvise_populate(address, length, ACCESS_WRITE);
	case MADV_NORMAL:
	case MADV_RANDOM:
	case MADV_SEQUENTIAL:
	case MADV_WILLNEED:
	case MADV_COLD:
	case MADV_DONTDUMP:
	case MADV_DODUMP:
	case MADV_DOFORK:
	case MADV_KEEPONFORK:
		return mm_advise(current()->mm, address, length);
	default:
		return -EINVAL;
	}
}

/* In pieces, because no lock is held while the answer is copied out. */
long sys_mincore(struct regs *regs)
{
	unsigned long address = regs_arg(regs, 0), answer = regs_arg(regs, 2);
	size_t pages = ALIGN_UP(regs_arg(regs, 1), PAGE_SIZE) >> PAGE_SHIFT, some;
	u8 present[64];
	int err = IS_ALIGNED(address, PAGE_SIZE) ? 0 : -EINVAL;

	for (; !err && pages; pages -= some) {
		some = min(pages, sizeof(present));
		err = mm_resident(current()->mm, address, some, present);
		if (!err && arch_copy_to_user(answer, present, some))
			err = -EFAULT;
		address += some << PAGE_SHIFT;
		answer += some;
	}
	return err;
}

/* Who has asked for memory to come to be there gets it with what has grown, too. */
long sys_mremap(struct regs *regs)
{
	unsigned long old_size = regs_arg(regs, 1), size = regs_arg(regs, 2);
	unsigned long flags = regs_arg(regs, 3), to = regs_arg(regs, 4);
	int error;

	if (flags > MM_REMAP_ALL) /* which are Linux's numbers */
		return -EINVAL;
	error = mm_remap(current()->mm, regs_arg(regs, 0), old_size, size, flags, &to);
	if (error)
		return error;
	if (size > old_size)
		memory_lock_new(to + old_size, to + size);
	return to;
}
