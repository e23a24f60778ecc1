/*
 * mm/table/tlb.c - the CPUs of an mm, and flushes; see tlb.h.
 *
 * Data: mm->cpus, the CPUs on which the mm is loaded, and per CPU (p) what is loaded.
 * A CPU that runs a kernel thread keeps the last mm loaded: it is lazy. Going back to the
 * same mm is then free; and the first cross-call that reaches a lazy CPU makes it let go.
 *
 * The race that matters: a CPU loads the root while another removes an entry. Either the
 * flusher sees the CPU's bit, or the CPU's first walk sees the entry gone:
 *
 *     switch:  set bit   | full barrier | load root, walk
 *     flush:   unhook    | full barrier | read bits
 */
#include "mm/table/tlb.h"
#include "mm/table/policy.h"
#include "kernel/base/counters.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/percpu.h"
#include "kernel/base/thread_info.h"
#include "kernel/base/trace.h"
#include "arch/contract/tlb.h"

/* From here on, forgetting everything is cheaper than one page after the other. */
#define TLB_RANGE_MAX (32 * PAGE_SIZE)

struct tlb_cpu {
	struct mm *loaded; /* (p) NULL: none */
	bool lazy;         /* (p) no thread of `loaded` runs here */
};

static DEFINE_PERCPU(struct tlb_cpu, tlb_cpu);

struct tlb_request {
	struct mm *mm;
	unsigned long start, end;
};

static void load(struct tlb_cpu *cpu, struct mm *mm)
{
	struct mm *old = cpu->loaded;
	cpuset_t me = 1U << arch_cpu_id();

	if (mm) {
		/* SAFE(cpu_bit_before_load): the bit first (a full barrier), else this
		 * CPU could cache an entry that a flusher removes and be left out of its
		 * flush: it would go on using a freed frame. Pairs with
		 * SAFE(unhook_before_cpus). */
		atomic_or(&mm->cpus, me);
	}
	arch_root_load(mm ? READ_ONCE(mm->hardware_root) : NULL);
	/* SAFE(cpu_bit_until_unloaded): only now can this CPU no longer walk the old
	 * tables, not even speculatively. Pairs with tlb_leave(). */
	if (old)
		atomic_and(&old->cpus, ~me);
	cpu->loaded = mm;
}

void tlb_switch(struct mm *previous, struct mm *next)
{
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	cpu->lazy = !next;
	if (next && cpu->loaded != next)
		load(cpu, next);
}

/* On each CPU that has the mm loaded, interrupts off. */
static void flush_here(void *arg)
{
	const struct tlb_request *request = arg;
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	if (cpu->loaded != request->mm)
		return; /* switched since; that flushed */
	if (cpu->lazy)
		load(cpu, NULL);
	else if (request->end - request->start > TLB_RANGE_MAX)
		arch_tlb_flush_local_all();
	else
		arch_tlb_flush_local(request->start, request->end);
}

static void count_flush(void)
{
	preempt_disable();
	counter_add(COUNT_TLB_FLUSHES, 1);
	preempt_enable();
}

void tlb_flush_range(struct mm *mm, unsigned long start, unsigned long end)
{
	struct tlb_request request = {.mm = mm, .start = start, .end = end};
	cpuset_t cpus;

	/* SAFE(unhook_before_cpus): the unhooked entries are visible to every CPU before
	 * the set is read, else a CPU that joins in between caches the old entry and is
	 * not asked to forget it. Pairs with SAFE(cpu_bit_before_load). */
	smp_mb();
	cpus = atomic_load_relaxed(&mm->cpus);
	TRACE(tlb_flush, start, cpus);
	if (!cpus)
		return; /* nobody has it loaded: nobody has cached anything of it */
	count_flush();
	if (policies.flush == FLUSH_BROADCAST)
		arch_tlb_flush_everywhere(mm->hardware_root);
	else
		ipi_call(cpus, flush_here, &request);
}

void tlb_flush_mm(struct mm *mm)
{
	tlb_flush_range(mm, 0, mm->limit);
}

/* On each CPU that has the mm loaded: with the old root, perhaps. */
static void reload_here(void *arg)
{
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);
	struct mm *mm = arg;

	if (cpu->loaded != mm)
		return; /* switched since; it will find the new root */
	if (cpu->lazy)
		load(cpu, NULL);
	else
		arch_root_load(READ_ONCE(mm->hardware_root));
}

void tlb_reload(struct mm *mm)
{
	/* The new root before the set is read: as in tlb_flush_range(). */
	smp_mb();
	ipi_call(atomic_load_relaxed(&mm->cpus), reload_here, mm);
}

static void leave_here(void *mm)
{
	struct tlb_cpu *cpu = &this_cpu(tlb_cpu);

	if (cpu->loaded != mm)
		return;
	ASSERT(cpu->lazy, "an mm is freed under the thread that runs on it");
	load(cpu, NULL);
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
