/* mm/oracle/audited.h - the machine's flushes and loads, entered in the ledger. */
#pragma once

#include "arch/contract/tlb.h"
#include "mm/oracle/ledger.h"
#include "mm/space/mm.h"

static inline void audited_flush(unsigned long start, unsigned long end)
{
	u64 begun = ledger_begin();

	arch_tlb_flush_local(start, end);
	ledger_flushed(begun, start, end);
}

static inline void audited_flush_all(void)
{
	u64 begun = ledger_begin();

	arch_tlb_flush_local_all();
	ledger_flushed(begun, 0, ~0UL);
}

static inline void audited_flush_everywhere(struct mm *mm)
{
	u64 begun = ledger_begin();

	arch_tlb_flush_everywhere(mm->hardware_root);
	ledger_flushed_everywhere(begun, mm);
}

static inline void audited_load(pxd_t *root, const struct mm *mm)
{
	u64 begun = ledger_loading(mm);

	arch_root_load(root);
	ledger_loaded(begun, mm);
}
