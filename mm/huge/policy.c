/*
 * mm/huge/policy.c - where faults try blocks: the policy `thp=`, and what programs say.
 *
 * The word is read without a lock: whoever changes it changes what later faults try, and
 * nothing that is mapped. What a program says of a range is a flag of its VMAs: mm->lock
 * for writing.
 */
#include "kernel/base/errno.h"
#include "kernel/base/options.h"
#include "mm/huge/khugepaged.h"
#include "mm/huge/leaf.h"
#include "mm/space/internal.h"
#include "mm/space/vma.h"

enum thp_policy thp_policy __section("policy_words") = THP_MADVISE;

const char *const thp_names[THP_POLICIES] = {"never", "madvise", "always"};

bool thp_choose(const char *name)
{
	unsigned int policy;

	if (!option_choice(name, thp_names, THP_POLICIES, &policy))
		return false;
	WRITE_ONCE(thp_policy, policy);
	khugepaged_changed();
	return true;
}

static const char *thp_value(void)
{
	return thp_names[READ_ONCE(thp_policy)];
}
POLICY(thp, "thp", "never, madvise or always: where faults try huge pages", thp_choose,
	thp_value);

bool huge_wanted(const struct vma *vma)
{
	enum thp_policy policy = READ_ONCE(thp_policy);

	if (vma->object || vma->flags & (VMA_NOHUGE | VMA_STACK))
		return false;
	return policy == THP_ALWAYS || (policy == THP_MADVISE && vma->flags & VMA_HUGE);
}

bool huge_eligible(const struct vma *vma)
{
	unsigned long first = ALIGN_UP(vma->start, HUGE_SIZE);

	return huge_wanted(vma) && first < vma->end && vma->end - first >= HUGE_SIZE;
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
