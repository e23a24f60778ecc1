/*
 * mm/huge/contig.c - faults of memory in one piece, a level at a time; see contig.h.
 *
 * What can fail: memory for tables. Who is refused a level has split what stood there;
 * another thread's fault may bring it back before the way down goes on. Then it is split
 * once more: each time that other thread has got what it wanted.
 */
#include "mm/huge/contig.h"
#include "kernel/base/atomic.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "mm/huge/leaf.h"
#include "mm/space/cache.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"

struct object *object_create_contig(phys_t first, u64 size)
{
	struct contig *contig = kmalloc(sizeof(*contig));
	struct object *object = contig ? object_create(size) : NULL;

	if (object)
		contig->written = kmalloc(ALIGN_UP(size / PAGE_SIZE, 64) / 8 + 8);
	if (!object || !contig->written) {
		if (object)
			object_put(object);
		kfree(contig);
		return NULL;
	}
	contig->first.v = first.v;
	contig->tracked = false;
	object->pfn = true;
	object->contig = contig;
	return object;
}

/* --- tracking ----------------------------------------------------------------------- */

void object_track(struct object *object, bool tracked)
{
	/* SAFE(track_first): before the right to write is taken away. A fault that does
	 * not know of it yet makes an entry that may be written, and is found; set
	 * afterwards, there would be one that nobody looks for. Pairs with prot_for(),
	 * which looks under the table lock. */
	atomic_store(&object->contig->tracked, tracked);
	TRACE_POINT(contig_track);
	if (tracked)
		mapping_write_protect(object, 0, object_size(object) / PAGE_SIZE);
}

bool object_was_written(const struct object *object, u64 index)
{
	return atomic_load(&object->contig->written[index / 32]) & BIT(index % 32);
}

void object_record(struct object *object, u64 first, u64 nr, u32 *written)
{
	u32 *words = object->contig->written + first / 32;

	/* SAFE(record_first): before the right to write is taken away. A fault in between
	 * notes its page once more, and is found; noted as clean afterwards, a page would
	 * be written without a fault from then on. Pairs with prot_for(). */
	for (u64 i = 0; i < nr; i += 32)
		written[i / 32] = atomic_exchange(&words[i / 32], 0);
	TRACE_POINT(contig_record);
	mapping_write_protect(object, first, nr);
}

void object_record_again(struct object *object, u64 first, u64 nr, const u32 *written)
{
	for (u64 i = 0; i < nr; i += 32)
		atomic_or(&object->contig->written[(first + i) / 32], written[i / 32]);
}

static void note_written(const struct object *object, u64 index)
{
	atomic_or(&object->contig->written[index / 32], (u32)BIT(index % 32));
}

/* table_lock held. The rights of an entry of this level that is made for this access. */
static unsigned int prot_for(
	const struct vma *vma, int level, unsigned long address, unsigned int access)
{
	u64 index = vma_offset(vma, address) / PAGE_SIZE;

	if (!(vma->prot & PROT_WRITE) || !atomic_load(&vma->object->contig->tracked))
		return vma->prot;
	if (level != LEVEL_PTE)
		return cow_prot_shared(vma->prot);
	if (access & ACCESS_WRITE)
		note_written(vma->object, index);
	return object_was_written(vma->object, index) ? vma->prot
						      : cow_prot_shared(vma->prot);
}

/* --- faults ------------------------------------------------------------------------- */

/* Can a leaf of this level be made around the address? */
static bool fits(const struct vma *vma, int level, unsigned long address)
{
	unsigned long size = pxd_size(level), start = ALIGN_DOWN(address, size);
	u64 offset = vma_offset(vma, start);

	if (level == LEVEL_PTE)
		return true;
	return arch_leaf_possible(level) && start >= vma->start &&
	       vma->end - start >= size &&
	       IS_ALIGNED(vma->object->contig->first.v + offset, size) &&
	       offset + size <= object_size(vma->object);
}

static pxd_t leaf_for(
	const struct vma *vma, int level, unsigned long start, unsigned int prot)
{
	phys_t frame = phys(vma->object->contig->first.v + vma_offset(vma, start));

	return arch_pxd_uncounted(level, arch_pxd_leaf_make(level, frame, prot));
}

/* table_lock held. A leaf becomes one with more rights, or nothing becomes a leaf. Old
 * translations, which allow less, end in a fault that finds this. */
static void store(struct mm *mm, int level, pxd_t *ptr, pxd_t entry, unsigned long start,
	pxd_t leaf)
{
	if (pxd_leaf(level, entry)) {
		pxd_unhook(level, ptr, start, leaf);
		return;
	}
	pxd_set(level, ptr, leaf);
}

/* table_lock held. True: what stands at this entry now allows the access. False: it has
 * to be made possible one level down. */
static bool settle(struct mm *mm, const struct vma *vma, const struct descent *at,
	unsigned long address, unsigned int access)
{
	const int level = at->level;
	unsigned long start = ALIGN_DOWN(address, pxd_size(level));
	/* SAFE(contig_recheck): since the way down came here, a write that was refused
	 * may have put a table here: a leaf stored over that would lose it, and what it
	 * has below. Pairs with link_if_none(). */
	pxd_t entry = pxd_read(at->ptr);
	unsigned int prot = prot_for(vma, level, address, access);
	bool leaf = pxd_leaf(level, entry);

	if (!leaf && !pxd_none(level, entry))
		return false;
	if (access & ACCESS_WRITE && !(prot & PROT_WRITE)) {
		if (leaf)
			leaf_split(mm, level, at->ptr, start);
		return false;
	}
	if (!leaf || access & ACCESS_WRITE)
		store(mm, level, at->ptr, entry, start,
			leaf_for(vma, level, start, prot));
	return true;
}

int contig_fault(
	struct mm *mm, const struct vma *vma, unsigned long address, unsigned int access)
{
	struct descent at;
	bool settled;

	if (vma_offset(vma, address) >= object_size(vma->object))
		return -EIO;
	for (int level = LEVEL_PUD;; level = at.level - 1) {
		while (!fits(vma, level, address))
			level--;
		/* It may end above, at a leaf. */
		if (descend_alloc(mm, address, level, &at))
			return -ENOMEM;
		TRACE_POINT(contig_install);
		spin_lock(&mm->table_lock);
		settled = settle(mm, vma, &at, address, access);
		spin_unlock(&mm->table_lock);
		if (settled)
			return 0;
		TRACE_POINT(contig_refused);
	}
}
