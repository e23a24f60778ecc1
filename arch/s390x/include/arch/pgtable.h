/*
 * <arch/pgtable.h> - encoding of DAT tables (arch/contract/pgtable.h).
 *
 *   level  table           entry spans  entries  type bits
 *   PGD    region first    8 PiB        2048     1100
 *   P4D    region second   4 TiB        2048     1000
 *   PUD    region third    2 GiB        2048     0100
 *   PMD    segment         1 MiB        2048     0000
 *   PTE    page            4 KiB         256     none
 *
 * Region and segment entries carry their table's type, unused entries too: that is how a
 * walk recognises a folded level under `fold=permm` (a static build knows it). All are 16
 * KiB tables; a page table is 2 KiB and gets a frame of its own (the upper half stays
 * unused), so that a table is a whole number of frames. There is no dirty or accessed
 * bit: hardware never writes to a table. Bits: PoP, chapter 3, "Dynamic Address
 * Translation".
 *
 * A leaf keeps its PROT_*, and whether it counts its frame, in bits that the hardware
 * ignores: the PTE's low byte, and the access-control bits of a large leaf (ignored while
 * its AV bit is 0). The hardware bits are derived from them; a leaf without any prot is
 * invalid for the hardware only.
 */
#pragma once

#define ARCH_TLB_BROADCASTS 1

#define ARCH_LEVEL_SHIFT(level)                                                          \
	((level) == LEVEL_PTE ? 12 : 20 + 11 * ((level)-LEVEL_PMD))
#define ARCH_LEVEL_BITS(level)  ((level) == LEVEL_PTE ? 8 : 11)
#define ARCH_TABLE_ORDER(level) ((level) == LEVEL_PTE ? 0 : 2)

#define CRST_TYPE    0x00cUL /* TT: region first, second, third, segment */
#define CRST_LENGTH  0x003UL /* TL of a region entry: all four quarters */
#define CRST_INVALID 0x020UL
#define CRST_LEAF    0x400UL  /* FC */
#define CRST_PROT    13       /* shift of the software copy of PROT_* */
#define CRST_COUNTED 0x1000UL /* software: a leaf that counts its block */
#define PTE_INVALID  0x400UL
#define PTE_USED     0x001UL /* software: not an unused entry */
#define PTE_PROT     4       /* shift of the software copy of PROT_*, and of: */
#define PROT_COUNTED 8UL     /* a pte that counts its frame */
#define DAT_READONLY 0x200UL /* P, both kinds */
#define DAT_NOEXEC   0x100UL /* IEP, leaves of both kinds; needs CR0_IEP */

/* PoP chapter 10, IPTE: sets the invalid bit and drops the translation on every CPU. */
static inline void arch_ipte(unsigned long *entry, unsigned long address)
{
	unsigned long table = (unsigned long)entry & ~0x7ffUL;

	/*
	 * SAFE(broadcast_ends_block): QEMU's CPUs finish a broadcast flush only when the
	 * issuer leaves its translation block: without the taken branch it, and the other
	 * CPUs, may go on using the old translation; pairs with the free that follows.
	 */
	asm volatile("	ipte	%0,%1\n"
		     "	j	1f\n"
		     "	nopr	%%r7\n"
		     "1:\n"
		     :
		     : "a"(table), "a"(address & PAGE_MASK)
		     : "memory");
}

/* The same for this CPU only (M4 = 1, facility 51): others keep the old translation. */
static inline void arch_ipte_here(unsigned long *entry, unsigned long address)
{
	unsigned long table = (unsigned long)entry & ~0x7ffUL;

	asm volatile(".insn rrf,0xb2210000,%0,%1,0,1"
		     :
		     : "a"(table), "a"(address & PAGE_MASK)
		     : "memory");
}

static inline unsigned long crst_type(int level)
{
	return (unsigned long)(level - LEVEL_PMD) << 2;
}

/* PoP chapter 10, IDTE without R3: the same for an entry of a segment or region table.
 * Its type tells which bits of the address are the index. All that was cached below the
 * entry goes; QEMU forgets everything. */
static inline void arch_idte(int level, unsigned long *entry, unsigned long address)
{
	unsigned long table = (unsigned long)entry & ~0x3fffUL;

	/* The taken branch as in arch_ipte(). */
	asm volatile("	idte	%0,%%r0,%1\n"
		     "	j	1f\n"
		     "	nopr	%%r7\n"
		     "1:\n"
		     :
		     : "a"(table | crst_type(level)),
		     "a"(address & ~0UL << ARCH_LEVEL_SHIFT(LEVEL_PMD))
		     : "memory");
}

static inline void arch_idte_here(int level, unsigned long *entry, unsigned long address)
{
	unsigned long table = (unsigned long)entry & ~0x3fffUL;

	asm volatile(".insn rrf,0xb98e0000,%0,%1,0,1"
		     :
		     : "a"(table | crst_type(level)),
		     "a"(address & ~0UL << ARCH_LEVEL_SHIFT(LEVEL_PMD))
		     : "memory");
}

static inline pxd_t arch_pxd_read(const pxd_t *ptr)
{
	return (pxd_t){READ_ONCE(ptr->v)};
}

static inline pxd_t arch_pxd_empty(int level)
{
	if (level == LEVEL_PTE)
		return (pxd_t){PTE_INVALID};
	return (pxd_t){CRST_INVALID | crst_type(level)};
}

static inline bool arch_pxd_exists(int level, pxd_t e)
{
	if (FOLD_LEVELS)
		return level < FOLD_LEVELS;
	return level <= LEVEL_PMD || (e.v & CRST_TYPE) == crst_type(level);
}

static inline bool arch_pxd_none(int level, pxd_t e)
{
	return e.v == arch_pxd_empty(level).v;
}

static inline bool arch_pxd_leaf(int level, pxd_t e)
{
	return e.v & (level == LEVEL_PTE ? PTE_USED : CRST_LEAF);
}

static inline bool arch_pxd_is_table(int level, pxd_t e)
{
	return !(e.v & (CRST_INVALID | CRST_LEAF));
}

static inline bool arch_pxd_present(int level, pxd_t e)
{
	return arch_pxd_leaf(level, e) || (level != LEVEL_PTE && !(e.v & CRST_INVALID));
}

static inline pxd_t arch_pxd_table(int level, phys_t table)
{
	if (level == LEVEL_PMD)
		return (pxd_t){table.v};
	return (pxd_t){table.v | crst_type(level) | CRST_LENGTH};
}

static inline phys_t arch_pxd_below(int level, pxd_t e)
{
	return phys(e.v & (level == LEVEL_PMD ? ~0x7ffUL : PAGE_MASK));
}

static inline phys_t arch_pxd_phys(int level, pxd_t e)
{
	if (arch_pxd_leaf(level, e))
		return phys(e.v & ~0UL << ARCH_LEVEL_SHIFT(level));
	return arch_pxd_below(level, e);
}

static inline bool arch_pxd_bad(int level, pxd_t e)
{
	if (arch_pxd_none(level, e) || arch_pxd_leaf(level, e))
		return false;
	return level == LEVEL_PTE ||
	       e.v != arch_pxd_table(level, arch_pxd_phys(level, e)).v;
}

/* There is no write-only and no execute-only: any right includes reading. */
static inline pxd_t arch_pxd_leaf_make(int level, phys_t frame, unsigned int prot)
{
	/* Without branches, so that a loop with one `prot` computes them once. */
	unsigned long none = !prot, rights = prot | (none ^ PROT_READ);
	unsigned long bits = (prot & PROT_WRITE ? 0 : DAT_READONLY) |
			     (prot & PROT_EXEC ? 0 : DAT_NOEXEC);

	if (level == LEVEL_PTE)
		bits |= none * PTE_INVALID | PTE_USED |
			(rights | PROT_COUNTED) << PTE_PROT;
	else
		bits |= none * CRST_INVALID | CRST_LEAF | crst_type(level) |
			CRST_COUNTED | rights << CRST_PROT;
	return (pxd_t){frame.v | bits};
}

static inline unsigned int arch_pxd_prot(int level, pxd_t e)
{
	return e.v >> (level == LEVEL_PTE ? PTE_PROT : CRST_PROT) & 7;
}

static inline bool arch_pxd_allows(int level, pxd_t e, unsigned int prot)
{
	unsigned long bits = (unsigned long)prot << PTE_PROT;

	if (level != LEVEL_PTE)
		bits = (prot & 7UL) << CRST_PROT |
		       (prot & PROT_COUNTED ? CRST_COUNTED : 0);
	return (e.v & bits) == bits;
}

static inline unsigned long arch_counted_bit(int level)
{
	return level == LEVEL_PTE ? PROT_COUNTED << PTE_PROT : CRST_COUNTED;
}

static inline bool arch_pxd_counted(int level, pxd_t e)
{
	return e.v & arch_counted_bit(level);
}

static inline pxd_t arch_pxd_uncounted(int level, pxd_t e)
{
	return (pxd_t){e.v & ~arch_counted_bit(level)};
}

static inline int arch_root_level(pxd_t first)
{
	if (FOLD_LEVELS)
		return FOLD_LEVELS - 1;
	return LEVEL_PMD + ((first.v & CRST_TYPE) >> 2);
}

static inline void arch_pxd_set(int level, pxd_t *ptr, pxd_t e)
{
	__atomic_store_n(&ptr->v, e.v, __ATOMIC_RELEASE);
}

static inline bool arch_leaf_is_valid(int level, pxd_t e)
{
	return level == LEVEL_PTE ? !(e.v & PTE_INVALID)
				  : (e.v & (CRST_LEAF | CRST_INVALID)) == CRST_LEAF;
}

static inline void arch_leaf_invalidate(
	int level, pxd_t *ptr, unsigned long address, bool broadcast)
{
	if (level == LEVEL_PTE && broadcast)
		arch_ipte(&ptr->v, address);
	else if (level == LEVEL_PTE)
		arch_ipte_here(&ptr->v, address);
	else if (broadcast)
		arch_idte(level, &ptr->v, address);
	else
		arch_idte_here(level, &ptr->v, address);
}

/*
 * A valid leaf may only be replaced through IPTE or IDTE: the architecture lets a CPU use
 * half of an entry that is changed under it (PoP chapter 3, "Modification of Translation
 * Tables"). The caller's table lock keeps others from storing between that and our store.
 * Entries that point to tables: the old value stays usable until
 * arch_tlb_flush_everywhere().
 */
static inline pxd_t arch_pxd_unhook(
	int level, pxd_t *ptr, unsigned long address, pxd_t replacement, bool broadcast)
{
	pxd_t old = {__atomic_load_n(&ptr->v, __ATOMIC_RELAXED)};

	if (arch_leaf_is_valid(level, old))
		arch_leaf_invalidate(level, ptr, address, broadcast);
	if (level == LEVEL_PTE)
		arch_pxd_set(level, ptr, replacement);
	else
		(void)__atomic_exchange_n(&ptr->v, replacement.v, __ATOMIC_SEQ_CST);
	return old;
}
