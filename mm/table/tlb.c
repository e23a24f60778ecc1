/*
 * mm/table/tlb.c - the CPUs of an mm, and flushes; see tlb.h.
 *
 * Data: mm->cpus, the CPUs on which the mm is loaded; mm->tlb_gen, the number of flushes
 * begun; and per CPU what is loaded, whether it is lazy, and up to which flush it has
 * forgotten. A CPU that runs a kernel thread keeps the last mm loaded, lazily: going back
 * to the same mm is then free, unless it was flushed meanwhile.
 *
 * Three races matter, and in each both sides store first and look then, with a full
 * barrier in between. So one of them sees the other: the CPU is asked, or it has never
 * seen the entry.
 *
 *     a CPU joins:       set bit        | read generation, load root, walk
 *     it stops lazing:   clear `lazy`   | read generation, flush if it has moved
 *     flush:             unhook, count generation | read bits, read `lazy`
 *
 * Under flush=broadcast the hardware reaches everybody: generations stand still, and
 * laziness means nothing.
 */
#include "mm/table/tlb.h"
#include "kernel/base/counters.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/thread_info.h"
#include "kernel/base/trace.h"
#include "arch/contract/irq.h"
#include "arch/contract/tlb.h"
#include "mm/oracle/audited.h"
#include "mm/table/policy.h"

/* From here on, forgetting everything is cheaper than one page after the other. */
#define TLB_RANGE_MAX (32 * PAGE_SIZE)

struct tlb_cpu {
	struct mm *loaded; /* (p) NULL: none */
	u64 seen;  /* (p) of loaded->tlb_gen: everything up to this is forgotten */
	bool lazy; /* (a) no thread of `loaded` runs here; flushers read it */
};

static DEFINE_PERCPU(struct tlb_cpu, tlb_cpu);

struct tlb_request {
	struct mm *mm;
	unsigned long start, end;
	u64 generation;
};

/* --- this CPU ----------------------------------------------------------------------- */

/* SAFE(generation_then_flush): read before this CPU forgets, by a load or a flush of
 * everything. Read after it, it would cover flushes of entries that were cached in
 * between, and their requests would be taken for done. Pairs with begin(). */
static u64 generation(struct mm *mm)
{
	return atomic_load(&mm->tlb_gen);
}

static __noinline void load(struct tlb_cpu *cpu, struct mm *mm)
{
	struct mm *old = cpu->loaded;
	cpuset_t me = 1U << arch_cpu_id();

	if (mm) {
		/* SAFE(cpu_bit_before_load): the bit first (a full barrier), else this
		 * CPU could cache an entry that a flusher removes and be left out of its
		 * flush: it would go on using a freed frame. Pairs with
		 * SAFE(unhook_before_cpus). */
		atomic_or(&mm->cpus, me);
		cpu->seen = generation(mm);
	}
	audited_load(mm ? READ_ONCE(mm->hardware_root) : NULL, mm);
	if (IS_LAB)
		TRACE(tlb_load, mm, cpu->seen);
	/* SAFE(cpu_bit_until_unloaded): only now can this CPU no longer walk the old
	 * tables, not even speculatively. Pairs with tlb_leave(). */
	if (old)
		atomic_and(&old->cpus, ~me);
	cpu->loaded = mm;
}

/* In a cross-call: a thread of mm runs here. If not, the CPU has switched, and forgotten,
 * since it was called, or it is lazy, and lets go now. */
static bool runs(struct tlb_cpu *cpu, const struct mm *mm)
{
	if (cpu->loaded != mm)
		return false;
	if (!cpu->lazy)
		return true;
	load(cpu, NULL);
	return false;
}

static void flush_all(struct tlb_cpu *cpu)
{
	cpu->seen = generation(cpu->loaded);
	audited_flush_all();
}

void tlb_switch(struct mm *previous, struct mm *next)
{
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	if (!next) {
		ledger_runs(false);
		atomic_store_release(&cpu->lazy, true);
		return;
	}
	/* SAFE(lazy_ends_first): from here on flushers have to ask this CPU. Lazy until
	 * later, it would be spared by one that begins after it has read the generation,
	 * or in the middle of loading, and keep what that one removes. Pairs with
	 * lazy_among(). */
	atomic_store(&cpu->lazy, false);
	if (IS_LAB)
		TRACE(tlb_switch, previous, next);
	if (cpu->loaded != next)
		load(cpu, next);
	else if (cpu->seen != generation(next))
		flush_all(cpu);
	ledger_runs(true);
}

/* --- flushes ------------------------------------------------------------------------ */

static bool is_full(const struct tlb_request *request)
{
	return request->end - request->start > TLB_RANGE_MAX;
}

static void obey(struct tlb_cpu *cpu, const struct tlb_request *request)
{
	/* SAFE(missed_generation): flushes may come in another order than they were
	 * counted. Whoever counts up to this one by doing this one only, would take the
	 * one before it for done. Pairs with begin(). */
	bool missed = request->generation > cpu->seen + 1;

	if (missed)
		counter_add(COUNT_TLB_GEN_MISSED, 1);
	if (missed || is_full(request)) {
		flush_all(cpu);
		return;
	}
	cpu->seen = request->generation;
	audited_flush(request->start, request->end);
}

/* On each CPU that has the mm loaded, interrupts off. */
static void flush_here(void *arg)
{
	const struct tlb_request *request = arg;
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	if (runs(cpu, request->mm) && request->generation > cpu->seen)
		obey(cpu, request);
}

static cpuset_t lazy_among(cpuset_t cpus)
{
	cpuset_t lazy = 0;

	for (; cpus; cpus &= cpus - 1)
		if (tlb_is_lazy(__builtin_ctz(cpus)))
			lazy |= cpus & -cpus;
	return lazy;
}

bool tlb_is_lazy(unsigned int cpu)
{
	return atomic_load_relaxed(&per_cpu(tlb_cpu, cpu).lazy);
}

/* Counts a flush; the CPUs that may have cached what was unhooked before. */
static cpuset_t begin(struct tlb_request *request)
{
	/* SAFE(unhook_before_cpus): the unhooked entries are visible to every CPU before
	 * the set is read (a full barrier), else a CPU that joins in between caches the
	 * old entry and is not asked to forget it. Pairs with SAFE(cpu_bit_before_load).
	 */
	request->generation =
		atomic_add(&request->mm->tlb_gen, policies.flush == FLUSH_IPI);
	return atomic_load_relaxed(&request->mm->cpus);
}

static void ask(cpuset_t cpus, struct tlb_request *request, bool tables)
{
	cpuset_t lazy = 0;

	/* SAFE(lazy_walks_tables): a lazy CPU reads no user memory, but its walker may go
	 * through the tables whenever it likes: freed, they would lead it anywhere. So if
	 * tables go, lazy CPUs have to let go. Pairs with runs(). */
	if (!tables)
		lazy = lazy_among(cpus);
	counter_add(COUNT_TLB_LAZY_SKIPPED, cpuset_count(lazy));
	cpus &= ~lazy;
	counter_add(COUNT_TLB_IPIS, cpuset_count(cpus & ~(1U << arch_cpu_id())));
	if (cpus)
		ipi_call(cpus, flush_here, request);
}

static void flush(struct mm *mm, unsigned long start, unsigned long end, bool tables)
{
	struct tlb_request request = {.mm = mm, .start = start, .end = end};
	cpuset_t cpus;

	preempt_disable();
	cpus = begin(&request);
	TRACE(tlb_flush, start, cpus);
	if (cpus) { /* else nobody has cached anything of it */
		counter_add(is_full(&request) ? COUNT_TLB_FLUSHES_FULL
					      : COUNT_TLB_FLUSHES_RANGE,
			1);
		if (policies.flush == FLUSH_BROADCAST)
			audited_flush_everywhere(mm);
		else
			ask(cpus, &request, tables);
	}
	preempt_enable();
}

void tlb_flush_range(struct mm *mm, unsigned long start, unsigned long end)
{
	flush(mm, start, end, false);
}

void tlb_flush_tables(struct mm *mm, unsigned long start, unsigned long end)
{
	flush(mm, start, end, true);
}

void tlb_flush_mm(struct mm *mm)
{
	flush(mm, 0, mm->limit, false);
}

void tlb_flush_pending(struct mm *mm)
{
	/* SAFE(pending_seen): the caller's table_lock orders: who unhooked the entry had
	 * counted itself before. Not asking means to promise that nobody uses what
	 * another thread is still about to flush. Pairs with gather_begin(). */
	if (atomic_load(&mm->flush_pending))
		tlb_flush_mm(mm);
}

/* On each CPU that has the mm loaded: with the old root, perhaps. */
static void reload_here(void *mm)
{
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	if (runs(cpu, mm))
		arch_root_load(READ_ONCE(cpu->loaded->hardware_root));
}

void tlb_reload(struct mm *mm)
{
	/* The new root before the set is read: as in tlb_flush_range(). */
	smp_mb();
	ipi_call(atomic_load_relaxed(&mm->cpus), reload_here, mm);
}

static void leave_here(void *mm)
{
	ASSERT(!runs(&this_cpu(tlb_cpu), mm),
		"an mm is freed under the thread that runs on it");
}

void tlb_leave(struct mm *mm)
{
	cpuset_t cpus = atomic_load(&mm->cpus);

	/* SAFE(leave_before_free): a lazy CPU's walker may still go through the root, at
	 * any time and without asking. Pairs with the lazy case of tlb_switch(). */
	if (cpus)
		ipi_call(cpus, leave_here, mm);
	ASSERT(!atomic_load(&mm->cpus), "cpus %x", mm->cpus);
}
