/*
 * mm/oracle/ledger.c - the books; see ledger.h.
 *
 * Time is a count of unhookings: a flush that begins at or after the stamp of one covers
 * it. What a CPU has forgotten is entered after the fact. The last few ranges of each CPU
 * are remembered; where older ones might matter, the ledger holds its tongue.
 *
 * Data: one account per frame, and per CPU what it may have cached (a).
 */
#include "mm/oracle/ledger.h"

#include "kernel/base/percpu.h"
#include "mm/space/mm.h"
#include "mm/table/pgtable.h"
#include "mm/table/ptdesc.h"

#define UNHOOKINGS 4 /* of a frame, whose translations may live on */

struct unhooking {
	const struct mm *mm;
	unsigned long address, size;
	u64 when; /* 0: none */
};

struct account {
	const pxd_t *slot; /* the last one that was made to map the frame */
	u32 maps;          /* slots that map it */
	bool writable;     /* one that may write */
	u8 next;           /* of: */
	struct unhooking unhooked[UNHOOKINGS];
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

static struct spinlock lock = SPINLOCK_INIT("ledger", RANK_LEDGER);
static struct account *accounts; /* (l:lock) by frame, as page_array */
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
	bool writable = arch_pxd_prot(level, entry) & PROT_WRITE;
	unsigned long irq;

	if (!account)
		return;
	if (page_head(&page_array[account - accounts])->type == PAGE_OBJECT ||
		!arch_pxd_counted(level, entry))
		writable = false; /* by anybody: that is what objects are for */
	irq = spin_lock_irqsave(&lock);
	ASSERT(!account->maps || !(writable || account->writable),
		"frame %lx is mapped at two places, %p and %p, and may be written",
		arch_pxd_phys(level, entry).v, account->slot, ptr);
	account->slot = ptr;
	account->writable = writable;
	account->maps++;
	spin_unlock_irqrestore(&lock, irq);
}

/* The slot no longer maps the frame. */
static void leave(int level, const pxd_t *ptr, pxd_t entry)
{
	struct account *account =
		pxd_leaf(level, entry) ? account_of(level, entry) : NULL;
	unsigned long irq;

	if (!account)
		return;
	irq = spin_lock_irqsave(&lock);
	ASSERT(account->maps && (!account->writable || account->slot == ptr),
		"frame %lx is unmapped at %p, but belongs to %p",
		arch_pxd_phys(level, entry).v, ptr, account->slot);
	account->writable = false;
	account->maps--;
	spin_unlock_irqrestore(&lock, irq);
}

void ledger_set(int level, const pxd_t *ptr, pxd_t entry)
{
	pxd_t old = pxd_read(ptr);

	if (pxd_leaf(level, old) && !pxd_leaf(level, entry))
		return; /* ledger_split() */
	ASSERT(!pxd_leaf(level, old) ||
			arch_pxd_phys(level, old).v == arch_pxd_phys(level, entry).v,
		"%lx is stored over a mapping: %lx", entry.v, old.v);
	leave(level, ptr, old);
	enter(level, ptr, entry);
}

void ledger_split(int level, const pxd_t *ptr)
{
	leave(level, ptr, pxd_read(ptr));
}

void ledger_unhook(int level, const pxd_t *ptr)
{
	WRITE_ONCE(ptdesc_of(level, ptr)->mm->unhooks,
		ptdesc_of(level, ptr)->mm->unhooks + 1);
}

/* Translations to the frame, or walks through the table, live on until a flush. */
static void remember(struct account *account, const struct unhooking *unhooking)
{
	unsigned long irq = spin_lock_irqsave(&lock);

	account->unhooked[account->next++ % UNHOOKINGS] = *unhooking;
	spin_unlock_irqrestore(&lock, irq);
}

/* Whoever gets another right to the same frame unmaps it later, if at all. */
static bool stays(int level, pxd_t old, pxd_t replacement)
{
	return pxd_leaf(level, old) && pxd_leaf(level, replacement) &&
	       arch_pxd_phys(level, old).v == arch_pxd_phys(level, replacement).v;
}

void ledger_unhooked(
	int level, const pxd_t *ptr, unsigned long address, pxd_t old, pxd_t replacement)
{
	struct mm *mm = ptdesc_of(level, ptr)->mm;
	struct account *account;

	atomic_store(&mm->unhooks, mm->unhooks + 1);
	account = pxd_none(level, old) ? NULL : account_of(level, old);
	leave(level, ptr, old);
	if (account && !stays(level, old, replacement))
		remember(account,
			&(struct unhooking){mm, ALIGN_DOWN(address, pxd_size(level)),
				pxd_size(level), atomic_add(&now, 1)});
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

static bool has_forgotten(const struct cached *cpu, const struct unhooking *unhooking)
{
	unsigned long end = unhooking->address + unhooking->size;

	for (int i = 0; i < (int)ARRAY_SIZE(cpu->ranges); i++)
		if (atomic_load(&cpu->ranges[i].begun) >= unhooking->when &&
			READ_ONCE(cpu->ranges[i].start) <= unhooking->address &&
			READ_ONCE(cpu->ranges[i].end) >= end)
			return true;
	return max(atomic_load(&cpu->all), atomic_load(&cpu->lost)) >= unhooking->when;
}

static void audit(const struct page *page, const struct unhooking *unhooking)
{
	bool table = page->type == PAGE_TABLE;

	for (unsigned int cpu = 0; cpu < cpu_count; cpu++) {
		const struct cached *it = &per_cpu(cached, cpu);

		if (atomic_load(&it->mm) != unhooking->mm ||
			(!table && !atomic_load(&it->runs)))
			continue;
		ASSERT(has_forgotten(it, unhooking),
			"%s %lx is freed while cpu %u may still use it for address %lx",
			table ? "table" : "frame", page_phys(page).v, cpu,
			unhooking->address);
	}
}

/* The books of a frame that is freed are nobody else's any more. */
void ledger_freed(const struct page *page)
{
	for (unsigned long i = 0; i < 1UL << page->order; i++) {
		struct account *account = &accounts[page - page_array + i];

		ASSERT(!account->maps, "frame %lx is freed while %p maps it",
			page_phys(page + i).v, account->slot);
		for (int n = 0; n < UNHOOKINGS; n++) {
			if (account->unhooked[n].when)
				audit(page, &account->unhooked[n]);
			account->unhooked[n].when = 0;
		}
	}
}

static bool is_anon(const struct page *page)
{
	return page->type == PAGE_ANON || page->type == PAGE_ANON_SHARED ||
	       page->type == PAGE_LAZY;
}

/* A block has one count, of its first frame; each slot that maps part of it is one. */
long ledger_outstanding(void)
{
	long sum = -1; /* the zero page has one that is no entry's */

	for (u64 i = 0; i < page_frame_count; i++) {
		const struct page *page = &page_array[i];

		if (is_anon(page))
			sum += atomic_load(&page->refs);
		if (is_anon(page_head(&page_array[i])))
			sum -= accounts[i].maps;
	}
	return sum;
}
