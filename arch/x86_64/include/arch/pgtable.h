/*
 * arch/x86_64/include/arch/pgtable.h - one page-table entry (Intel SDM vol. 3, 4.5).
 *
 * Only LEVEL_PGD can be folded: hardware has 5 levels if the CPU has LA57 (and neither
 * `la57=off` nor the build refuses it), else 4. `fold=boot` follows the hardware. Under
 * `fold=permm`, with LA57 on, every entry of a p4d table, empty ones too, says so in a
 * bit that the hardware ignores, and an mm below 2^47 is walked from the p4d table that
 * hangs in slot 0 of the table that is loaded.
 *
 * A leaf that nobody may use (PROT_NONE) has PRESENT clear, so hardware faults, and
 * SW_LEAF set, so that software still finds the frame.
 */
#pragma once

#define PXD_PRESENT  0x001UL
#define PXD_WRITE    0x002UL
#define PXD_USER     0x004UL
#define PXD_NO_CACHE 0x018UL /* PWT | PCD: device memory */
#define PXD_ACCESSED 0x020UL
#define PXD_DIRTY    0x040UL
#define PXD_LARGE    0x080UL     /* PS: this pmd or pud entry is a leaf */
#define PXD_SW_LEAF  0x200UL     /* ignored by hardware: a leaf without PRESENT */
#define PXD_SW_REF   0x400UL     /* ignored by hardware: a leaf that counts its frame */
#define PXD_SW_P4D   (1UL << 52) /* ignored by hardware: permm's type of p4d entries */
#define PXD_NX       (1UL << 63)
#define PXD_PHYS     0x000ffffffffff000UL
#define PXD_TABLE    (PXD_PRESENT | PXD_WRITE | PXD_USER | PXD_ACCESSED)

#define ARCH_TLB_BROADCASTS 0

#define ARCH_LEVEL_SHIFT(level) (12 + 9 * (level))
#define ARCH_LEVEL_BITS(level)  9
#define ARCH_TABLE_ORDER(level) 0

extern bool arch_la57; /* (c) five levels in hardware */

/*
 * How a pgd entry is told: (e & type) == pgd. (c) from the end of option parsing.
 *
 *   boot, 5 levels   type 0, pgd 0     every entry met as one is one
 *   boot, 4 levels   type 0, pgd 1     none is
 *   permm            type PXD_SW_P4D   those without the mark of p4d entries
 */
struct x86_fold {
	u64 type, pgd;
};
#if FOLD_LEVELS
static const struct x86_fold x86_fold = {0, 1};
#else
extern struct x86_fold x86_fold;
#endif

static __always_inline u64 x86_type(int level)
{
	return level == LEVEL_P4D ? x86_fold.type : 0;
}

/* MOV. A volatile load would do as well, but the compiler would put its address into a
 * register first, at every level of every walk. */
static __always_inline pxd_t arch_pxd_read(const pxd_t *ptr)
{
	pxd_t e;

	asm volatile("mov %1, %0" : "=r"(e.v) : "m"(*ptr));
	return e;
}

static __always_inline pxd_t arch_pxd_empty(int level)
{
	return (pxd_t){x86_type(level)};
}

static __always_inline bool arch_pxd_exists(int level, pxd_t e)
{
	return level != LEVEL_PGD || likely((e.v & x86_fold.type) == x86_fold.pgd);
}

static __always_inline bool arch_pxd_none(int level, pxd_t e)
{
	return e.v == x86_type(level);
}

static __always_inline bool arch_pxd_present(int level, pxd_t e)
{
	return e.v & (PXD_PRESENT | PXD_SW_LEAF);
}

static __always_inline bool arch_pxd_leaf(int level, pxd_t e)
{
	return arch_pxd_present(level, e) &&
	       (level == LEVEL_PTE || (level <= LEVEL_PUD && e.v & PXD_LARGE));
}

/* One subtraction, one test: without PRESENT, the subtraction leaves the bit set. */
static __always_inline bool arch_pxd_is_table(int level, pxd_t e)
{
	return !((e.v - PXD_PRESENT) &
		 (PXD_PRESENT | (level <= LEVEL_PUD ? PXD_LARGE : 0)));
}

static __always_inline bool arch_pxd_bad(int level, pxd_t e)
{
	return !arch_pxd_none(level, e) && !arch_pxd_leaf(level, e) &&
	       (e.v & ~PXD_PHYS) != (PXD_TABLE | x86_type(level));
}

/* Subtracted, not masked: a well-formed table entry has exactly these flags, and one
 * constant then takes them off and finds the table in the direct map. In p4d entries a
 * variable would have to be subtracted as well; and lab builds mask, so that who follows
 * an empty entry (step=rederef) is seen to go astray, and does not just crash. */
static __always_inline phys_t arch_pxd_below(int level, pxd_t e)
{
	return phys(IS_LAB || level == LEVEL_P4D ? e.v & PXD_PHYS : e.v - PXD_TABLE);
}

static __always_inline phys_t arch_pxd_phys(int level, pxd_t e)
{
	/* A large leaf's low address bits hold flags (PAT) or must be zero. */
	if (arch_pxd_leaf(level, e))
		return phys(e.v & PXD_PHYS & ~0UL << ARCH_LEVEL_SHIFT(level));
	return phys(e.v & PXD_PHYS);
}

static __always_inline pxd_t arch_pxd_table(int level, phys_t table)
{
	return (pxd_t){table.v | PXD_TABLE | x86_type(level)};
}

/* Accessed and dirty are preset: nobody reads them yet, and hardware need not write. */
static __always_inline pxd_t arch_pxd_leaf_make(
	int level, phys_t frame, unsigned int prot)
{
	u64 v = frame.v | PXD_USER | PXD_ACCESSED | PXD_NX | PXD_SW_REF;

	v |= prot ? PXD_PRESENT : PXD_SW_LEAF;
	if (prot & PROT_WRITE)
		v |= PXD_WRITE | PXD_DIRTY;
	if (prot & PROT_EXEC)
		v &= ~PXD_NX;
	if (level != LEVEL_PTE)
		v |= PXD_LARGE;
	return (pxd_t){v};
}

/* The hardware has no leaf without read access except one without any. */
static __always_inline unsigned int arch_pxd_prot(int level, pxd_t e)
{
	if (!(e.v & PXD_PRESENT))
		return PROT_NONE;
	return PROT_READ | (e.v & PXD_WRITE ? PROT_WRITE : 0) |
	       (e.v & PXD_NX ? 0 : PROT_EXEC);
}

#define PROT_COUNTED PXD_SW_REF

static __always_inline bool arch_pxd_counted(int level, pxd_t e)
{
	return e.v & PXD_SW_REF;
}

static __always_inline pxd_t arch_pxd_uncounted(int level, pxd_t e)
{
	return (pxd_t){e.v & ~PXD_SW_REF};
}

_Static_assert(PXD_PRESENT == PROT_READ && PXD_WRITE == PROT_WRITE, "arch_pxd_allows");

static __always_inline bool arch_pxd_allows(int level, pxd_t e, unsigned int prot)
{
	return !(prot & ~e.v);
}

static __always_inline int arch_root_level(pxd_t first)
{
	return arch_pxd_exists(LEVEL_PGD, first) ? LEVEL_PGD : LEVEL_P4D;
}

/* A release store: pairs with the dependent load of a lockless walker, which must not
 * reach a table or frame before the stores that cleared it. */
static __always_inline void arch_pxd_set(int level, pxd_t *ptr, pxd_t e)
{
	__atomic_store_n(&ptr->v, e.v, __ATOMIC_RELEASE);
}

/* XCHG: the CPU sets accessed and dirty with its own locked cycles; a separate load and
 * store would lose a bit set in between. */
static __always_inline pxd_t arch_pxd_unhook(
	int level, pxd_t *ptr, unsigned long address, pxd_t replacement, bool broadcast)
{
	return (pxd_t){__atomic_exchange_n(&ptr->v, replacement.v, __ATOMIC_SEQ_CST)};
}
