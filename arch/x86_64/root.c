/*
 * arch/x86_64/root.c - user address spaces as the hardware sees them: CR3, and the TLB.
 *
 * There are no address-space tags (PCID) here: loading CR3 forgets everything. The kernel
 * half of every root is the same, see map.c. A flush reaches this CPU only; reaching the
 * others is mm/table/tlb.c's work, by IPI, or played by NMIs (smp.c).
 */
#include "arch/contract/tlb.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

#define ROOT_HALF       256 /* entries of each half */
#define FLUSH_PAGES_MAX 32  /* beyond that, dropping everything is cheaper */

bool arch_la57 __ro_after_init;
unsigned long x86_user_end __ro_after_init = 1UL << 47;
struct fold_policy fold_policy __ro_after_init;
#if !FOLD_LEVELS
struct x86_fold x86_fold __ro_after_init;
#endif

static void choose(enum fold_kind kind, int first, int deepest, u64 type, u64 pgd)
{
	fold_policy = (struct fold_policy){kind, first, deepest};
#if !FOLD_LEVELS
	x86_fold = (struct x86_fold){type, pgd};
#endif
}

static void choose_boot(void)
{
	choose(FOLD_LEVELS ? FOLD_STATIC : FOLD_BOOT, kernel_root_level(),
		kernel_root_level(), 0, !arch_la57);
}

bool root_use_la57(bool wanted)
{
	arch_la57 = wanted && !FOLD_LEVELS; /* a static build has four */
	if (arch_la57)
		x86_user_end = 1UL << 56;
	choose_boot();
	return arch_la57;
}

/* permm: 4 or 5 levels to begin with. */
bool arch_fold_choose(enum fold_kind kind, int levels)
{
	bool permm = kind == FOLD_PERMM;

	if (FOLD_LEVELS || (permm && !arch_la57) || (levels && levels < 4)) {
		print(FOLD_LEVELS   ? "fold: the build has fixed the number of levels\n"
			: arch_la57 ? "fold: 4 or 5 levels here\n"
				    : "fold: permm needs a CPU with LA57 in use\n");
		return false;
	}
	if (permm)
		choose(FOLD_PERMM, levels ? levels - 1 : LEVEL_P4D, LEVEL_PGD, PXD_SW_P4D,
			0);
	else
		choose_boot();
	return true;
}

int arch_root_level_loaded(int level)
{
	return kernel_root_level();
}

/* All of the lower half, its last page too: running off its end makes RIP non-canonical,
 * but no system call returns there, see leave_to_user() in trap.c. */
unsigned long arch_root_limit(int level)
{
	return 1UL << (ARCH_LEVEL_SHIFT(level) + 8);
}

void arch_root_init(pxd_t *root)
{
	memcpy(root + ROOT_HALF, kernel_root + ROOT_HALF, ROOT_HALF * sizeof(pxd_t));
}

void arch_root_load(pxd_t *root)
{
	write_cr(3, virt_to_phys(root ? root : kernel_root).v);
}

/* INVLPG drops the translation that the address is in, of whatever size: two megabytes
 * would be flushed by one, but who removes a leaf passes all of its range, and that is
 * beyond FLUSH_PAGES_MAX. It also drops this CPU's paging-structure caches (Intel SDM
 * vol. 3, 4.10.4.1), so a table that was unlinked is not walked again, whatever its
 * address range was. */
void arch_tlb_flush_local(unsigned long start, unsigned long end)
{
	if (end - start > FLUSH_PAGES_MAX * PAGE_SIZE) {
		arch_tlb_flush_local_all();
		return;
	}
	for (unsigned long at = start; at < end; at += PAGE_SIZE)
		asm volatile("invlpg (%0)" ::"r"(at) : "memory");
}

void arch_tlb_flush_local_all(void)
{
	write_cr(3, read_cr(3));
}
