/*
 * mm/huge/policy.c - where faults try blocks: the policies `thp=`, and `thp_shmem=` for
 * memory objects, and what programs say. What blocks an object has, faults map anyhow.
 *
 * The word is read without a lock: whoever changes it changes what later faults try, and
 * nothing that is mapped. What a program says of a range is a flag of its VMAs: mm->lock
 * for writing.
 */
#include "kernel/base/errno.h"
#include "kernel/base/options.h"
#include "mm/huge/khugepaged.h"
#include "mm/huge/leaf.h"
#include "mm/space/frame.h"
#include "mm/space/internal.h"
#include "mm/space/object.h"
#include "mm/space/vma.h"

enum thp_policy thp_policy __section("policy_words") = THP_MADVISE;
enum thp_policy thp_shmem __section("policy_words") = THP_NEVER;

/* Where a fault may take pages back to get a block: two words for each policy. Who DEFERS
 * would leave that to a thread of the kernel's; there is none, and he gets what is free.
 * Linux begins with `madvise`, we with `never`. */
static const char *const defrag_names[2 * THP_POLICIES - 1] = {
	"never", "defer", "madvise", "defer+madvise", "always"};
static unsigned int thp_defrag __section("policy_words");

static const char *const thp_names[THP_POLICIES] = {"never", "madvise", "always"};
static const char *const thp_shmem_names[THP_POLICIES] = {"never", "advise", "always"};

static bool choose(
	enum thp_policy *word, const char *const names[THP_POLICIES], const char *name)
{
	unsigned int policy;

	if (!option_choice(name, names, THP_POLICIES, &policy))
		return false;
	WRITE_ONCE(*word, policy);
	khugepaged_changed();
	return true;
}

bool thp_choose(const char *name)
{
	return choose(&thp_policy, thp_names, name);
}

bool thp_shmem_choose(const char *name)
{
	return choose(&thp_shmem, thp_shmem_names, name);
}

const char *thp_value(void)
{
	return thp_names[READ_ONCE(thp_policy)];
}

const char *thp_shmem_value(void)
{
	return thp_shmem_names[READ_ONCE(thp_shmem)];
}

bool thp_defrag_choose(const char *name)
{
	unsigned int choice;

	if (!option_choice(name, defrag_names, ARRAY_SIZE(defrag_names), &choice))
		return false;
	WRITE_ONCE(thp_defrag, choice);
	return true;
}

const char *thp_defrag_value(void)
{
	return defrag_names[READ_ONCE(thp_defrag)];
}

POLICY(thp, "thp", "never, madvise or always: where faults try huge pages", thp_choose,
	thp_value);
POLICY(thp_shmem, "thp_shmem",
	"never, advise or always: the same for memory that is shared", thp_shmem_choose,
	thp_shmem_value);

static bool holds(enum thp_policy policy, const struct vma *vma)
{
	return policy == THP_ALWAYS || (policy == THP_MADVISE && vma->flags & VMA_HUGE);
}

bool huge_makes(const struct vma *vma)
{
	return !(vma->flags & (VMA_NOHUGE | VMA_STACK)) &&
	       holds(READ_ONCE(*(vma->object ? &thp_shmem : &thp_policy)), vma);
}

unsigned int huge_frame_flags(const struct vma *vma)
{
	return holds(READ_ONCE(thp_defrag) / 2, vma) ? 0 : FRAME_NO_RECLAIM;
}

bool huge_aligned(const struct vma *vma)
{
	return !vma->object->source && !vma->object->pfn &&
	       IS_ALIGNED(vma->shift, HUGE_SIZE);
}

bool huge_wanted(const struct vma *vma, unsigned int access)
{
	if (!vma->object)
		return huge_makes(vma);
	/* A private mapping's own page is none of the object's. */
	return (vma->flags & VMA_SHARED || !(access & ACCESS_OWN)) && huge_aligned(vma) &&
	       (READ_ONCE(vma->object->blocks) || huge_makes(vma));
}

bool huge_eligible(const struct vma *vma)
{
	unsigned long first = ALIGN_UP(vma->start, HUGE_SIZE);

	return huge_makes(vma) && (!vma->object || huge_aligned(vma)) &&
	       first < vma->end && vma->end - first >= HUGE_SIZE;
}

/* What lies in one VMA. In a write section. */
static int advise_part(struct mm *mm, unsigned long start, unsigned long end, bool wanted)
{
	struct vma_change change;
	struct vma_range range;
	int err;

	if (vma_find(mm, start)->flags & VMA_PFN)
		return -EINVAL;
	vma_range_find(mm->vmas, start, end, &range);
	vma_change_flags(
		&change, wanted ? VMA_NOHUGE : VMA_HUGE, wanted ? VMA_HUGE : VMA_NOHUGE);
	err = vma_change(mm, &range, &change);
	if (wanted)
		khugepaged_enter(mm);
	/* A leaf lies within one VMA: who changes that looks no further. */
	leaf_split_at(mm, start);
	leaf_split_at(mm, end);
	return err;
}

static int advise_locked(
	struct mm *mm, unsigned long start, unsigned long end, bool wanted)
{
	int err = 0, hole = 0;

	while (!err && start < end) {
		const struct vma *vma = vma_find(mm, start);
		unsigned long stop;

		if (!vma || vma->start > start)
			hole = -ENOMEM;
		if (!vma || vma->start >= end)
			break;
		stop = min(end, vma->end);
		err = advise_part(mm, max(start, vma->start), stop, wanted);
		start = stop;
	}
	return err ? err : hole;
}

int mm_advise_huge(struct mm *mm, unsigned long address, size_t length, bool wanted)
{
	unsigned long end = ALIGN_UP(address + length, PAGE_SIZE);
	int err;

	if (!IS_ALIGNED(address, PAGE_SIZE) || end < address ||
		(length && end == address))
		return -EINVAL;
	mm_write_lock(mm);
	err = advise_locked(mm, address, end, wanted);
	mm_write_unlock(mm);
	return err;
}
