/*
 * arch/s390x/root.c - user address spaces: primary space, CR1, and forgetting them.
 *
 * An ASCE ("address-space control element") is the root's origin with its type and
 * length; the type follows from the root's first entry, which knows its level. Secondary
 * space (CR7) is always the same as primary: uaccess.c needs it.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/tlb.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/print.h"

#define IDTE_CLEAR_BY_ASCE 0x800UL

/* No user space: an eighth of a region-third table, without entries. */
static const pxd_t nobody[512] __aligned(PAGE_SIZE) = {
	[0 ... 511] = {CRST_INVALID | (LEVEL_PUD - LEVEL_PMD) << 2}};

struct fold_policy fold_policy = {
	.kind = FOLD_LEVELS ? FOLD_STATIC : FOLD_PERMM,
	.first = FOLD_LEVELS ? FOLD_LEVELS - 1 : LEVEL_PUD,
	.deepest = FOLD_LEVELS ? FOLD_LEVELS - 1 : LEVEL_PGD,
};

bool arch_fold_choose(enum fold_kind kind, int levels)
{
	if (FOLD_LEVELS || kind != FOLD_PERMM) {
		print(FOLD_LEVELS ? "fold: the build has fixed the number of levels\n"
				  : "fold: tables grow per mm here, not per boot\n");
		return false;
	}
	fold_policy.first = levels ? levels - 1 : LEVEL_PUD;
	return true;
}

/* By the bits that the hardware compares, which a static build does not look at. */
unsigned long asce_of(const pxd_t *root)
{
	return (unsigned long)root | (root[0].v & CRST_TYPE) | CRST_LENGTH;
}

/* Of the full 64 bits the last 8 PiB are given up: their end would be 0, and a limit is
 * where a table ends. */
unsigned long arch_root_limit(int level)
{
	return level == LEVEL_PGD ? -BIT(ARCH_LEVEL_SHIFT(level))
				  : BIT(ARCH_LEVEL_SHIFT(level + 1));
}

int arch_root_level_loaded(int level)
{
	return level;
}

unsigned long arch_user_end(void)
{
	return arch_root_limit(fold_policy.deepest);
}

/* The kernel is elsewhere: a user's root holds nothing but the user's. */
void arch_root_init(pxd_t *root)
{
}

/*
 * Both registers hold the user's table whenever an interrupt can come in, so this may be
 * called from one while the mm grows: only a section with interrupts off has something
 * else in CR1 (user_atomic() in uaccess.c). LCTLG also drops what this CPU cached of the
 * spaces that are replaced.
 */
void arch_root_load(pxd_t *root)
{
	unsigned long asce =
		root ? asce_of(root) : (unsigned long)nobody | crst_type(LEVEL_PUD);

	control_load(1, asce);
	control_load(7, asce);
}

void arch_tlb_flush_local_all(void)
{
	asm volatile("ptlb" : : : "memory");
}

/* There is no cheaper instruction for a range of this CPU only. */
void arch_tlb_flush_local(unsigned long start, unsigned long end)
{
	arch_tlb_flush_local_all();
}

/* PoP chapter 10, IDTE; the taken branch as in arch_ipte(). */
void arch_tlb_flush_everywhere(pxd_t *root)
{
	asm volatile("	idte	%%r0,%0,%1\n"
		     "	j	1f\n"
		     "	nopr	%%r7\n"
		     "1:\n"
		     :
		     : "a"(asce_of(root)), "a"(IDTE_CLEAR_BY_ASCE)
		     : "memory");
}
