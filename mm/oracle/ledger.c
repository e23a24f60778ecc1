/*
 * mm/oracle/ledger.c - the books; see ledger.h.
 *
 * Time is a count of unhookings: a flush that begins at or after the stamp of one covers
 * it. What a CPU has forgotten is entered after the fact. The last few ranges of each CPU
 * are remembered; where older ones might matter, the ledger holds its tongue.
 *
 * Data: one account per frame (l:table_lock while mapped, then the freer's), and per CPU
 * what it may have cached (a).
 */
#include "mm/oracle/ledger.h"

#include "kernel/base/percpu.h"
#include "mm/space/mm.h"
#include "mm/table/pgtable.h"
#include "mm/table/ptdesc.h"

struct account {
	const pxd_t *slot; /* maps the frame; NULL: none */
	const struct mm *mm;
	unsigned long address, size;
	u64 unhooked; /* 0: never */
};

struct cached {
	const struct mm *mm;      /* (a) loaded */
	const struct mm *loading; /* (a) the same, but for while it changes */
	bool runs;                /* (a) or is lazy */
	u64 all;                  /* (a) when everything was forgotten last */
	u64 lost;                 /* (a) ranges up to this are not remembered */
	unsigned int next;        /* (p) */
	struct {
		unsigned long start, end;
		u64 begun;
	} ranges[8]; /* (a) */
};

static struct account *accounts; /* (c) by frame, as page_array */
static u64 now = 1;              /* (a) */
static DEFINE_PERCPU(struct cached, cached);

void ledger_init(void)
{
	accounts = phys_to_virt(frame_boot_alloc(page_frame_count * sizeof(*accounts)));
}

/* Of the first frame of what the entry leads to; NULL: that is no RAM. */
static struct account *account_of(int level, pxd_t entry)
{
	u64 frame = (arch_pxd_phys(level, entry).v >> PAGE_SHIFT) - page_first_frame;

	return frame < page_frame_count ? &accounts[frame] : NULL;
}

static void enter(int level, const pxd_t *ptr, pxd_t entry)
{
	struct account *account =
		pxd_leaf(level, entry) ? account_of(level, entry) : NULL;

	if (!account)
		return;
	ASSERT(!account->slot || account->slot == ptr,
		"frame %lx is mapped at two places: %p and %p",
		arch_pxd_phys(level, entry).v, account->slot, ptr);
	account->slot = ptr;
	account->unhooked = 0;
}

void ledger_set(int level, const pxd_t *ptr, pxd_t entry)
{
	pxd_t old = pxd_read(ptr);

	ASSERT(!pxd_leaf(level, old) ||
			arch_pxd_phys(level, old).v == arch_pxd_phys(level, entry).v,
		"%lx is stored over a mapping: %lx", entry.v, old.v);
	enter(level, ptr, entry);
}

void ledger_unhook(int level, const pxd_t *ptr)
{
	WRITE_ONCE(ptdesc_of(level, ptr)->mm->unhooks,
		ptdesc_of(level, ptr)->mm->unhooks + 1);
}

void ledger_unhooked(
	int level, const pxd_t *ptr, unsigned long address, pxd_t old, pxd_t replacement)
{
	struct mm *mm = ptdesc_of(level, ptr)->mm;
	struct account *account;

	atomic_store(&mm->unhooks, mm->unhooks + 1);
	account = pxd_none(level, old) ? NULL : account_of(level, old);
	if (account) {
		ASSERT(!pxd_leaf(level, old) || account->slot == ptr,
			"frame %lx is unmapped at %p, but belongs to %p",
			arch_pxd_phys(level, old).v, ptr, account->slot);
		account->slot = NULL;
		account->mm = mm;
		account->address = ALIGN_DOWN(address, pxd_size(level));
		account->size = pxd_size(level);
		account->unhooked = atomic_add(&now, 1);
	}
	enter(level, ptr, replacement);
}

u64 ledger_begin(void)
{
	return atomic_load(&now);
}

static void forget_all(struct cached *cpu, u64 begun)
{
	u64 all = atomic_load(&cpu->all);

	while (all < begun && !atomic_cas(&cpu->all, all, begun))
		all = atomic_load(&cpu->all);
}

void ledger_flushed(u64 begun, unsigned long start, unsigned long end)
{
	struct cached *cpu = &this_cpu(cached);
	unsigned int next = cpu->next++ % ARRAY_SIZE(cpu->ranges);

	atomic_store(&cpu->lost, cpu->ranges[next].begun);
	WRITE_ONCE(cpu->ranges[next].start, start);
	WRITE_ONCE(cpu->ranges[next].end, end);
	atomic_store(&cpu->ranges[next].begun, begun);
}

/* Announced first, timed then: a flush everywhere that does not find the announcement
 * had begun before the time that the load will be entered with. Entered only after the
 * load, a flush in between would be in nobody's books, and the audit accuse this CPU. */
u64 ledger_loading(const struct mm *mm)
{
	atomic_store(&this_cpu(cached).loading, mm);
	return ledger_begin();
}

void ledger_loaded(u64 begun, const struct mm *mm)
{
	struct cached *cpu = &this_cpu(cached);

	forget_all(cpu, begun);
	atomic_store(&cpu->mm, mm);
}

void ledger_flushed_everywhere(u64 begun, const struct mm *mm)
{
	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		struct cached *it = &per_cpu(cached, cpu);

		if (atomic_load(&it->loading) == mm || atomic_load(&it->mm) == mm)
			forget_all(it, begun);
	}
}

void ledger_runs(bool runs)
{
	atomic_store(&this_cpu(cached).runs, runs);
}

static bool has_forgotten(const struct cached *cpu, const struct account *account)
{
	unsigned long end = account->address + account->size;

	for (int i = 0; i < (int)ARRAY_SIZE(cpu->ranges); i++)
		if (atomic_load(&cpu->ranges[i].begun) >= account->unhooked &&
			READ_ONCE(cpu->ranges[i].start) <= account->address &&
			READ_ONCE(cpu->ranges[i].end) >= end)
			return true;
	return max(atomic_load(&cpu->all), atomic_load(&cpu->lost)) >= account->unhooked;
}

static void audit(const struct page *page, const struct account *account)
{
	bool table = page->type == PAGE_TABLE;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		const struct cached *it = &per_cpu(cached, cpu);

		if (atomic_load(&it->mm) != account->mm ||
			(!table && !atomic_load(&it->runs)))
			continue;
		ASSERT(has_forgotten(it, account),
			"%s %lx is freed while cpu %u may still use it for address %lx",
			table ? "table" : "frame", page_phys(page).v, cpu,
			account->address);
	}
}

void ledger_freed(const struct page *page)
{
	for (unsigned long i = 0; i < 1UL << page->order; i++) {
		struct account *account = &accounts[page - page_array + i];

		ASSERT(!account->slot, "frame %lx is freed while %p maps it",
			page_phys(page + i).v, account->slot);
		if (account->unhooked)
			audit(page, account);
		account->unhooked = 0;
	}
}

/* A block has one count, of its first frame; each slot that maps part of it is one. */
long ledger_outstanding(void)
{
	long sum = 0;

	for (u64 i = 0; i < page_frame_count; i++) {
		const struct page *page = &page_array[i];

		if (page->type == PAGE_ANON)
			sum += atomic_load(&page->refs);
		if (page->type == PAGE_ANON || page->type == PAGE_TAIL)
			sum -= accounts[i].slot != NULL;
	}
	return sum;
}
