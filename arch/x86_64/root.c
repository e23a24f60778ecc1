/*
 * arch/x86_64/root.c - user address spaces as the hardware sees them: CR3, and the TLB.
 *
 * There are no address-space tags (PCID) here: loading CR3 forgets everything. The kernel
 * half of every root is the same, see map.c. A flush reaches this CPU only; reaching the
 * others is mm/table/tlb.c's work, by IPI, or played by NMIs (smp.c).
 */
#include "arch/contract/tlb.h"
#include "arch/x86_64/x86.h"
#include "kernel/base/string.h"

#define ROOT_HALF       256 /* entries of each half */
#define FLUSH_PAGES_MAX 32  /* beyond that, dropping everything is cheaper */

int arch_root_level_initial(void)
{
	return arch_la57 ? LEVEL_PGD : LEVEL_P4D;
}

/* All of the lower half, its last page too: running off its end makes RIP non-canonical,
 * but no system call returns there, see leave_to_user() in trap.c. */
unsigned long arch_root_limit(int level)
{
	return 1UL << (ARCH_LEVEL_SHIFT(level) + 8);
}

bool arch_root_can_grow(void)
{
	return false;
}

void arch_root_init(pxd_t *root)
{
	memcpy(root + ROOT_HALF, kernel_root + ROOT_HALF, ROOT_HALF * sizeof(pxd_t));
}

void arch_root_load(pxd_t *root)
{
	write_cr(3, virt_to_phys(root ? root : kernel_root).v);
}

/* INVLPG also drops this CPU's paging-structure caches (Intel SDM vol. 3, 4.10.4.1), so a
 * table that was unlinked is not walked again, whatever its address range was. */
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
