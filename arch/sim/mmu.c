/*
 * arch/sim/mmu.c - what the simulated CPUs translate with, and how they are made to
 * forget: arch/contract/tlb.h and the loading half of arch/contract/pgtable.h.
 *
 * A TLB entry remembers the frame and every table on the way to it (a walk cache), and
 * lives until a flush, or until TLB_ENTRIES others have come. So "some CPU might still
 * use this" becomes "this CPU does", every time.
 *
 * An entry made from a large leaf is one entry, for all that the leaf maps, and goes with
 * a flush of any address in it. Two entries of different sizes for one address are a
 * mistake (on some x86 CPUs a machine check): who changes the size unhooks and flushes
 * before it publishes the other one.
 */
#include "arch/sim/sim.h"
#include "arch/sim/me.h"
#include "arch/contract/page.h"
#include "arch/contract/pgtable.h"
#include "arch/contract/tlb.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/cpu.h"
#include "kernel/base/panic.h"
#include "mm/space/mm.h"
#include "mm/table/ptdesc.h"
#include "mm/table/tlb.h"

#include <sched.h>

#define TLB_ENTRIES 64

struct tlb_entry {
	bool used;
	bool freed;            /* the frame; only a lazy CPU may have such an entry */
	unsigned long address; /* of the page, or of all that a leaf maps, */
	unsigned long size;    /* and how much that is */
	unsigned int prot;
	phys_t frame;
	phys_t tables[LEVELS];
};

struct mmu {
	pxd_t *root; /* NULL: none loaded */
	unsigned int next;
	struct tlb_entry tlb[TLB_ENTRIES];
};

static struct mmu mmus[SIM_CPUS];

struct fold_policy fold_policy __section("policy_words");
unsigned int arch_leaf_levels __section("policy_words") = SIM_LEAVES;

bool arch_fold_choose(enum fold_kind kind, int levels)
{
	int first = (levels ? levels : FOLD_LEVELS ? FOLD_LEVELS : 4) - 1;

	if ((kind == FOLD_STATIC) != (FOLD_LEVELS != 0) || first < SIM_LEVELS_MIN - 1 ||
		(FOLD_LEVELS && first != FOLD_LEVELS - 1))
		return false;
	fold_policy =
		(struct fold_policy){kind, first, kind == FOLD_PERMM ? LEVEL_PGD : first};
	return true;
}

int arch_root_level_loaded(int level)
{
	return level + (fold_policy.kind == FOLD_PERMM && SIM_LOADED_ABOVE(level));
}

unsigned long arch_root_limit(int level)
{
	return SIM_ROOT_LIMIT(level);
}

void arch_root_init(pxd_t *root)
{
}

unsigned long arch_user_end(void)
{
	return arch_root_limit(fold_policy.deepest);
}

/* The hardware is one: only for `threads`, and not seen by its sanitizer, so that it
 * orders nothing there. */
static bool mmu_busy;

__weak void sim_mmu_lock(void)
{
	while (__atomic_exchange_n(&mmu_busy, true, __ATOMIC_ACQUIRE))
		sched_yield();
}

__weak void sim_mmu_unlock(void)
{
	__atomic_store_n(&mmu_busy, false, __ATOMIC_RELEASE);
}

static void mmu_lock(enum sim_hardware what)
{
	sim_hardware(what, 0, 0);
	sim_mmu_lock();
	sim_me.in_hardware = true;
}

static void mmu_unlock(void)
{
	sim_me.in_hardware = false;
	sim_mmu_unlock();
}

/* While a root is loaded, from before to after, its mm must know: a CPU that is not in
 * the set is left out of every flush. */
static void check_in_set(const pxd_t *root)
{
	const struct ptdesc *table;

	if (!root)
		return;
	table = ptdesc_of(arch_root_level(root[0]), root);
	ASSERT(table->mm->cpus & 1U << sim_me.cpu, "cpu %u has a root loaded in secret",
		sim_me.cpu);
}

static bool overlaps(
	const struct tlb_entry *entry, unsigned long start, unsigned long end)
{
	return entry->used && entry->address < end &&
	       entry->address + (entry->size - 1) >= start;
}

static void forget(struct mmu *mmu, unsigned long start, unsigned long end)
{
	for (int i = 0; i < TLB_ENTRIES; i++)
		if (overlaps(&mmu->tlb[i], start, end))
			mmu->tlb[i].used = false;
}

void arch_root_load(pxd_t *root)
{
	struct mmu *mmu = &mmus[sim_me.cpu];

	mmu_lock(HARDWARE_LOAD_ROOT);
	check_in_set(mmu->root);
	check_in_set(root);
	mmu->root = root;
	forget(mmu, 0, ~0UL);
	mmu_unlock();
}

void arch_tlb_flush_local(unsigned long start, unsigned long end)
{
	mmu_lock(HARDWARE_FLUSH);
	forget(&mmus[sim_me.cpu], start, end);
	mmu_unlock();
}

void arch_tlb_flush_local_all(void)
{
	arch_tlb_flush_local(0, ~0UL);
}

void arch_tlb_flush_everywhere(pxd_t *root)
{
	mmu_lock(HARDWARE_FLUSH_ALL);
	for (int cpu = 0; cpu < SIM_CPUS; cpu++)
		if (mmus[cpu].root == root)
			forget(&mmus[cpu], 0, ~0UL);
	mmu_unlock();
}

/* The hardware's own walk, which shares no code with mm/table on purpose. */
static bool walk(pxd_t *root, unsigned long address, struct tlb_entry *entry)
{
	pxd_t *table = root;

	for (int level = arch_root_level(root[0]); level >= LEVEL_PTE; level--) {
		unsigned long index = address >> ARCH_LEVEL_SHIFT(level) &
				      (BIT(ARCH_LEVEL_BITS(level)) - 1);
		unsigned long size = BIT(ARCH_LEVEL_SHIFT(level));
		pxd_t e;

		entry->tables[level] = virt_to_phys(table);
		sim_hardware(HARDWARE_WALK, (unsigned long)&table[index], sizeof(e));
		e.v = READ_ONCE(table[index].v);
		if (!arch_pxd_present(level, e))
			return false;
		if (arch_pxd_leaf(level, e)) {
			ASSERT(level == LEVEL_PTE || arch_leaf_possible(level),
				"cpu %u takes a leaf at %lx for a table", sim_me.cpu,
				address);
			entry->frame = arch_pxd_phys(level, e);
			entry->address = address & ~(size - 1);
			entry->size = size;
			entry->prot = arch_pxd_prot(level, e);
			return entry->prot != PROT_NONE;
		}
		table = phys_to_virt(arch_pxd_phys(level, e));
	}
	return false;
}

bool sim_tlb_evicts;

/* A lazy CPU may have kept anything. */
static struct tlb_entry *keep(struct mmu *mmu, const struct tlb_entry *found)
{
	unsigned long end = found->address + found->size;

	for (int i = 0; i < TLB_ENTRIES && !tlb_is_lazy(sim_me.cpu); i++)
		ASSERT(!overlaps(&mmu->tlb[i], found->address, end),
			"cpu %u has translations of %lu and of %lu bytes at %lx",
			sim_me.cpu, mmu->tlb[i].size, found->size, found->address);
	mmu->next = (mmu->next + 1) % TLB_ENTRIES;
	mmu->tlb[mmu->next] = *found;
	return &mmu->tlb[mmu->next];
}

static struct tlb_entry *translate(unsigned long address)
{
	struct mmu *mmu = &mmus[sim_me.cpu];
	struct tlb_entry found = {.used = true};

	if (sim_tlb_evicts && sim_choose(2))
		forget(mmu, address, address + 1);
	for (int i = 0; i < TLB_ENTRIES; i++)
		if (overlaps(&mmu->tlb[i], address, address + 1)) {
			ASSERT(!mmu->tlb[i].freed, "cpu %u uses a freed frame at %lx",
				sim_me.cpu, address);
			return &mmu->tlb[i];
		}
	if (!mmu->root || address >= arch_root_limit(arch_root_level(mmu->root[0])) ||
		!walk(mmu->root, address, &found))
		return NULL;
	return keep(mmu, &found);
}

static u64 *word_at(const struct tlb_entry *entry, unsigned long address)
{
	return (u64 *)((char *)phys_to_virt(entry->frame) + (address - entry->address));
}

/* The last thing that an instruction does: it accesses the word, or faults. */
static u64 *access(const struct tlb_entry *entry, unsigned long address, bool store)
{
	u64 *word = entry ? word_at(entry, address) : NULL;

	if (word)
		sim_hardware(store ? HARDWARE_USER_STORE : HARDWARE_USER_LOAD,
			(unsigned long)word, sizeof(*word));
	else
		sim_hardware(HARDWARE_USER_END, 0, 0);
	return word;
}

bool sim_user_load(unsigned long address, u64 *value)
{
	struct tlb_entry *entry;
	u64 *word;

	mmu_lock(HARDWARE_USER_BEGIN);
	entry = translate(address);
	word = access(entry, address, false);
	if (word)
		*value = *word;
	mmu_unlock();
	return word != NULL;
}

bool sim_user_store(unsigned long address, u64 value)
{
	struct tlb_entry *entry;
	u64 *word;

	mmu_lock(HARDWARE_USER_BEGIN);
	entry = translate(address);
	if (entry && !(entry->prot & PROT_WRITE)) {
		/* A refused access is looked up anew before it is reported. */
		entry->used = false;
		entry = translate(address);
	}
	if (entry && !(entry->prot & PROT_WRITE))
		entry = NULL;
	word = access(entry, address, true);
	if (word)
		*word = value;
	mmu_unlock();
	return word != NULL;
}

/* The CPU fills its TLB of its own accord, from whatever root is loaded. */
void sim_speculate(unsigned long address)
{
	mmu_lock(HARDWARE_USER_BEGIN);
	(void)translate(address);
	(void)access(NULL, address, false);
	mmu_unlock();
}

unsigned int sim_tlb_entries(void)
{
	unsigned int count = 0;

	for (int i = 0; i < TLB_ENTRIES; i++)
		count += mmus[sim_me.cpu].tlb[i].used;
	return count;
}

static bool inside(phys_t address, phys_t frame, unsigned long bytes)
{
	return address.v - frame.v < bytes;
}

/* A lazy CPU may keep what it does not use, until it looks at the generation. */
static void forbid(int cpu, struct tlb_entry *entry, phys_t frame, unsigned long bytes)
{
	bool maps = inside(entry->frame, frame, bytes) ||
		    inside(frame, entry->frame, entry->size);

	if (maps && tlb_is_lazy(cpu))
		entry->freed = true;
	ASSERT(entry->freed || !maps,
		"frame %lx freed while cpu %d still reaches it at %lx",
		(unsigned long)frame.v, cpu, entry->address);
	for (int level = 0; level < LEVELS; level++)
		ASSERT(!inside(entry->tables[level], frame, bytes),
			"table %lx freed while cpu %d still walks it to %lx",
			(unsigned long)frame.v, cpu, entry->address);
}

void sim_tlb_forbid(phys_t frame, unsigned long bytes)
{
	sim_mmu_lock();
	sim_me.in_hardware = true;
	for (int cpu = 0; cpu < SIM_CPUS; cpu++) {
		struct mmu *mmu = &mmus[cpu];

		ASSERT(!mmu->root || !inside(virt_to_phys(mmu->root), frame, bytes),
			"root %lx freed while cpu %d has it loaded",
			(unsigned long)frame.v, cpu);
		for (int i = 0; i < TLB_ENTRIES; i++)
			if (mmu->tlb[i].used)
				forbid(cpu, &mmu->tlb[i], frame, bytes);
	}
	mmu_unlock();
}

/* Kernel stacks are the host's, which lie above what it maps. */
unsigned long arch_stack_window_start(void)
{
	return (unsigned long)sim_ram + SIM_RAM_SIZE;
}

unsigned long arch_stack_window_end(void)
{
	return ~0UL;
}
