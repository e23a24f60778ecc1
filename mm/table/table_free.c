/*
 * mm/table/table_free.c - one function for each policy of freeing tables; see
 * table_free.h for what each of them is worth.
 *
 * Data: only the tables themselves, which belong to us: they wait as a list whose items
 * are their descriptors' `link`. Nothing can fail: the one policy that wants memory has a
 * way without.
 */
#include "mm/table/table_free.h"
#include "kernel/base/counters.h"
#include "kernel/base/ipi.h"
#include "kernel/base/panic.h"
#include "kernel/base/trace.h"
#include "mm/space/frame.h"
#include "mm/space/mm.h"
#include "mm/table/policy.h"
#include "mm/table/table.h"

static void free_now(struct list *tables, enum counter how)
{
	struct list *item;
	int count = 0;

	for (; (item = list_pop(tables)); count++)
		table_free_unused(list_entry(item, struct ptdesc, link));
	counter_add_exact(how, count);
}

static void chain_over(struct rcu_head *head)
{
	struct ptdesc *first = container_of(head, struct ptdesc, rcu);
	struct list all;

	list_insert(&all, &first->link);
	free_now(&all, COUNT_TABLES_FREED_RCU);
}

/* One callback for all of them, and no memory: the first table carries it, and the others
 * hang on its link. */
static void free_after_grace_period(struct list *tables)
{
	struct ptdesc *first = list_first(tables, struct ptdesc, link);

	list_remove(tables);
	/* SAFE(table_grace_period): a walker that read the entry before it was unhooked
	 * is still in the table, and no flush waits for it on a machine that broadcasts:
	 * freed now, it would read the next owner's data as entries. Pairs with the read
	 * section (interrupts off, or rcu_read_lock()) of every lockless walk. */
	call_rcu(&first->rcu, chain_over);
}

static void nothing(void *unused)
{
}

/* Every CPU of the set has had its interrupts on, so it is out of the walk that it was in
 * if interrupts are what it held. */
static void wait_by_ipi(cpuset_t cpus)
{
	if (cpus)
		ipi_call(cpus, nothing, NULL);
}

static void free_after_ipi(cpuset_t cpus, struct list *tables)
{
	/* SAFE(tables_ipi): the flush may have been a broadcast, or have spared this CPU
	 * or that. Pairs with the walkers' interrupts-off. */
	wait_by_ipi(cpus);
	free_now(tables, COUNT_TABLES_FREED_IPI);
}

/* Some tables that wait for one grace period together, in a frame of its own: what was
 * done before a descriptor could be queued by itself. */
struct batch {
	struct rcu_head rcu;
	struct list tables;
};

static void batch_over(struct rcu_head *head)
{
	struct batch *batch = container_of(head, struct batch, rcu);

	free_now(&batch->tables, COUNT_TABLES_FREED_RCU);
	frame_free(page_of_virt(batch));
}

static void free_by_batch(struct list *tables)
{
	struct page *page = frame_alloc(0, PAGE_KERNEL, 0);
	struct batch *batch;

	if (!page) {
		free_after_ipi(atomic_load(&cpus_online), tables);
		return;
	}
	batch = page_address(page);
	list_insert(&batch->tables, tables);
	list_remove(tables);
	call_rcu(&batch->rcu, batch_over);
}

void tables_free(struct mm *mm, struct list *tables)
{
	if (list_empty(tables))
		return;
	switch (policies.tables) {
	case TABLES_RCU:
		free_after_grace_period(tables);
		break;
	case TABLES_RCU_IPI_FALLBACK:
		free_by_batch(tables);
		break;
	case TABLES_IPI:
		free_after_ipi(atomic_load(&mm->cpus), tables);
		break;
	case TABLES_IMMEDIATE:
		free_now(tables, COUNT_TABLES_FREED_AT_ONCE);
		break;
	}
}

void table_free(struct ptdesc *table)
{
	struct list tables = LIST_INIT(tables);

	list_append(&tables, &table->link);
	tables_free(table->mm, &tables);
}

void tables_sync_one(struct mm *mm)
{
	/* SAFE(sync_one): a walker that found the table before it was taken out reads it
	 * after it was given to somebody else, and both of its looks at an entry agree.
	 * Pairs with the section of every lockless walk, whatever it holds. */
	if (policy_reader() == READER_RCU)
		synchronize_rcu();
	else
		wait_by_ipi(atomic_load(&mm->cpus));
}
