/*
 * mm/oracle/ledger.h - lab builds: books about mapped frames, kept beside the page tables
 * and sharing no code with what they check.
 *
 *   owners      a frame that may be written is mapped by one slot, but for objects'; none
 * is freed while a slot maps it TLBs        what was unhooked is freed only after every
 * CPU that may have cached it has forgotten it: flushed the range, or everything, or
 * loaded another mm; lazy CPUs too, if it is a table references  of user frames: those
 * that no slot accounts for are held by somebody Whoever breaks a rule stops the machine.
 * Not in arch/sim, whose TLBs tell by themselves.
 */
#pragma once

#include "arch/contract/pgtable.h"
#include "kernel/base/cpu.h"

struct mm;
struct page;

#if defined(ORIGAMI_LAB) && !defined(ORIGAMI_SIM)

void ledger_init(void); /* with the array of struct page; before the first table */

/* Around stores into tables, table_lock held. */
void ledger_set(int level, const pxd_t *ptr, pxd_t entry);
void ledger_unhook(int level, const pxd_t *ptr);
/* The leaf at *ptr is gone from the books: what is stored there next is no leaf, and who
 * does it sees to flushes himself. */
void ledger_split(int level, const pxd_t *ptr);
void ledger_unhooked(
	int level, const pxd_t *ptr, unsigned long address, pxd_t old, pxd_t replacement);

void ledger_freed(const struct page *page); /* before a block becomes free */

/* When a flush begins, or a load of mm's tables (or NULL); and when it is done: this CPU
 * has forgotten a range; it has loaded mm's tables and forgotten all others; every CPU
 * has forgotten all of mm. This CPU runs threads of what it has loaded, or is lazy. */
u64 ledger_begin(void);
u64 ledger_loading(const struct mm *mm);
void ledger_flushed(u64 begun, unsigned long start, unsigned long end);
void ledger_loaded(u64 begun, const struct mm *mm);
void ledger_flushed_everywhere(u64 begun, const struct mm *mm);
void ledger_runs(bool runs);

/* References and pins of user frames beyond their mappings; exact when nothing runs. */
long ledger_outstanding(void);

#else

#define ledger_init()                            ((void)0)
#define ledger_set(level, ptr, entry)            ((void)0)
#define ledger_unhook(level, ptr)                ((void)0)
#define ledger_split(level, ptr)                 ((void)0)
#define ledger_unhooked(level, ptr, a, old, new) ((void)0)
#define ledger_freed(page)                       ((void)0)
#define ledger_begin()                           0
#define ledger_loading(mm)                       0
#define ledger_flushed(begun, start, end)        ((void)(begun))
#define ledger_loaded(begun, mm)                 ((void)(begun))
#define ledger_flushed_everywhere(begun, mm)     ((void)(begun))
#define ledger_runs(runs)                        ((void)0)
#define ledger_outstanding()                     0L

#endif
