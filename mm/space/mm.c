/*
 * mm/space/mm.c - the life of an address space.
 *
 * mm_create() makes an empty root and no VMA; threads and borrowers count as users; the
 * last mm_put() takes the mm off all CPUs, then unmaps and frees everything. Nobody else
 * can see it by then, but the gather asks for the lock and gets it.
 */
#include "mm/space/mm.h"
#include "arch/contract/irq.h"
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "kernel/sched/thread.h"
#include "mm/huge/khugepaged.h"
#include "mm/space/cache.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/fold.h"
#include "mm/table/gather.h"
#include "mm/table/tlb.h"

static struct cache *mm_cache;

void mm_init(void)
{
	vma_init();
	anon_init();
	mm_cache = cache_create("mm", sizeof(struct mm), 0);
	sched_switch_mm = tlb_switch;
}

struct mm *mm_create(void)
{
	struct mm *mm = cache_alloc(mm_cache);

	if (!mm)
		return NULL;
	mm->users = 1;
	rwsem_init(&mm->lock, "mm", RANK_MM);
	vma_set_init(mm);
	spin_init(&mm->table_lock, "page table", RANK_PAGE_TABLE);
	if (fold_create(mm, fold_policy.first)) {
		cache_free(mm_cache, mm);
		return NULL;
	}
	/* The last page stays empty: a CPU could not step past an instruction there. */
	mm->stack_top = min(mm->limit, MM_DEFAULT_LIMIT) - PAGE_SIZE;
	mm->mmap_base = mm->stack_top - MM_STACK_SIZE - MM_STACK_GAP;
	return mm;
}

void mm_get(struct mm *mm)
{
	s32 users = atomic_add(&mm->users, 1);

	LAB_ASSERT(users > 1, "mm_get() of an mm that is gone");
}

bool mm_try_get(struct mm *mm)
{
	/* SAFE(mm_from_zero): who has dropped the last reference is about to free the mm,
	 * whatever others do. Pairs with mm_put(). */
	return atomic_inc_not_zero(&mm->users);
}

static void free_mappings(struct mm *mm)
{
	struct gather gather;

	gather_begin(&gather, mm);
	gather_unmap(&gather, 0, mm->limit);
	gather_free_tables(&gather, 0, mm->limit, 0, 0);
	gather_end(&gather);
}

/* What was taken must have come back: a table that is still counted is lost. */
static void check_ledger(const struct mm *mm)
{
	for (int level = 0; level < LEVELS; level++)
		LAB_ASSERT(mm->tables[level] == 0,
			"%u tables of level %d left in a dead mm", mm->tables[level],
			level);
}

void mm_put(struct mm *mm)
{
	if (atomic_sub(&mm->users, 1) != 0)
		return;
	rank_assert_may_sleep("mm_put");
	TRACE_POINT(mm_last);
	khugepaged_leave(mm);
	tlb_leave(mm);
	mm_write_lock(mm);
	free_mappings(mm);
	mm_write_unlock(mm);
	vma_set_free(mm);
	fold_destroy(mm);
	check_ledger(mm);
	cache_free(mm_cache, mm);
}

void mm_use(struct mm *mm)
{
	unsigned long flags = arch_irq_save();
	struct mm *previous = current()->mm;

	current()->mm = mm;
	if (mm != previous)
		tlb_switch(previous, mm);
	arch_irq_restore(flags);
}

void mm_for_each_vma(
	struct mm *mm, void (*visit)(const struct vma *vma, void *arg), void *arg)
{
	mm_read_lock(mm);
	for (unsigned int i = 0; i < mm->vmas->count; i++)
		visit(mm->vmas->vma[i], arg);
	mm_read_unlock(mm);
}

const struct object *mm_object_at(struct mm *mm, unsigned long address, u64 *offset)
{
	const struct object *object = NULL;
	const struct vma *vma;

	mm_read_lock(mm);
	vma = vma_find(mm, address);
	if (vma && vma->start <= address && vma->flags & VMA_SHARED) {
		object = vma->object;
		*offset = vma_offset(vma, address);
	}
	mm_read_unlock(mm);
	return object;
}

unsigned int mm_vma_count(struct mm *mm)
{
	unsigned int count;

	mm_read_lock(mm);
	count = mm->vmas->count;
	mm_read_unlock(mm);
	return count;
}
