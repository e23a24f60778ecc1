/*
 * mm/space/move.c - whole pages on their way from one address space to another.
 *
 *     mapped here --mm_take_pages()--> in transit --mm_give_pages()--> mapped there
 *
 * A page in transit is mapped nowhere: it belongs to who holds the array, who gives it to
 * an mm, or drops it. Each of the two calls touches one mm only, the running thread's: so
 * no two locks of mms are ever held for this, and nobody waits for a page-in in somebody
 * else's address space.
 *
 * What can be taken as it is: a page of private memory that is exclusive and that nobody
 * else holds. Of all others a copy is taken, and the page stays. mm->lock (read) keeps
 * VMAs and tables, mm->table_lock orders those who change entries.
 */
#include "arch/contract/uaccess.h"
#include "kernel/base/counters.h"
#include "kernel/base/errno.h"
#include "mm/space/fault.h"
#include "mm/space/internal.h"
#include "mm/space/rmap.h"
#include "mm/space/vma.h"
#include "mm/table/tlb.h"

/* Memory that is the mm's own, and that it may write: the VMA there, or NULL. */
static struct vma *own_vma(struct mm *mm, unsigned long address)
{
	struct vma *vma = vma_find(mm, address);

	if (!vma || address < vma->start || vma->object || !(vma->prot & PROT_WRITE))
		return NULL;
	return vma;
}

/* mm->lock and table_lock held. The exclusive page that is mapped there, or NULL. */
static struct page *exclusive_page(pxd_t entry)
{
	struct page *page;

	if (!pxd_leaf(LEVEL_PTE, entry))
		return NULL;
	page = page_of_phys(arch_pxd_phys(LEVEL_PTE, entry));
	return page_is_exclusive(page) && !page->order ? page : NULL;
}

/* The page leaves the table, if it can. */
static struct page *unhook_page(struct mm *mm, pxd_t *ptr, unsigned long address)
{
	struct page *page = exclusive_page(pxd_read(ptr));
	pxd_t entry;

	if (!page)
		return NULL;
	entry = pxd_unhook(LEVEL_PTE, ptr, address, arch_pxd_empty(LEVEL_PTE));
	/* SAFE(take_flush): with an old translation another thread of this mm goes on
	 * writing to a page that is somebody else's by then. Pairs with pxd_set() in
	 * give_page(). */
	tlb_flush_range(mm, address, address + PAGE_SIZE);
	/* SAFE(take_held_last): looked at after the entry is gone (a full barrier): a
	 * walker that pins the page without a lock has either its reference there, or
	 * finds the entry changed and lets go. Looked at before, a device could go on
	 * writing to a page that has changed hands. Pairs with SAFE(gup_pte_recheck). */
	if (atomic_load(&page->refs) != 1) {
		pxd_set(LEVEL_PTE, ptr, entry);
		return NULL;
	}
	page_unmap(page);
	return page;
}

static struct page *take_page(struct mm *mm, unsigned long address)
{
	struct page *page = NULL;
	struct descent at;

	mm_read_lock(mm);
	if (own_vma(mm, address)) {
		descend_find(mm, address, &at);
		spin_lock(&mm->table_lock);
		if (at.level == LEVEL_PTE)
			page = unhook_page(mm, at.ptr, address);
		spin_unlock(&mm->table_lock);
	}
	mm_read_unlock(mm);
	return page;
}

/* What stays gets a fault if it is not there, or if it is a file's. */
static int copy_page_out(unsigned long address, struct page **page)
{
	*page = frame_alloc(0, PAGE_ANON, FRAME_USER);
	if (!*page)
		return -ENOMEM;
	if (!arch_copy_from_user(page_address(*page), address, PAGE_SIZE))
		return 0;
	page_put(*page);
	return -EFAULT;
}

static int take_or_copy(struct mm *mm, unsigned long address, struct page **page)
{
	*page = take_page(mm, address);
	return *page ? 0 : copy_page_out(address, page);
}

int mm_take_pages(
	struct mm *mm, unsigned long address, unsigned long count, struct page **pages)
{
	unsigned long taken = 0;
	int err = IS_ALIGNED(address, PAGE_SIZE) ? 0 : -EINVAL;

	while (!err && taken < count) {
		err = take_or_copy(mm, address + taken * PAGE_SIZE, &pages[taken]);
		if (!err)
			taken++;
	}
	if (err)
		(void)mm_give_pages(mm, address, taken, pages);
	return err;
}

/* False: it does not become part of this mm. */
static bool give_page(struct mm *mm, unsigned long address, struct page *page)
{
	struct vma *vma;
	struct fault fault;
	bool given = false;

	mm_read_lock(mm);
	vma = own_vma(mm, address);
	fault_begin(&fault, mm, address, 0);
	fault.vma = vma;
	if (vma && !rmap_prepare(mm, vma) &&
		!descend_alloc(mm, address, LEVEL_PTE, &fault.at) &&
		fault.at.level == LEVEL_PTE && pxd_none(LEVEL_PTE, fault.at.entry)) {
		rmap_home(page, vma, address);
		given = anon_install(&fault, page);
	}
	mm_read_unlock(mm);
	return given;
}

/* What is there goes first: as a whole page is to be written over it. */
int mm_give_pages(
	struct mm *mm, unsigned long address, unsigned long count, struct page **pages)
{
	int err = mm_discard(mm, address, count * PAGE_SIZE);

	for (unsigned long i = 0; i < count; i++, address += PAGE_SIZE) {
		if (!err && give_page(mm, address, pages[i]))
			continue;
		if (!err && arch_copy_to_user(address, page_address(pages[i]), PAGE_SIZE))
			err = -EFAULT;
		page_put(pages[i]);
	}
	return err == -ENOMEM ? -EFAULT : err;
}
