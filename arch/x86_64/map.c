/*
 * arch/x86_64/map.c - the final kernel mapping: everything is writable or executable,
 * never both, and no writable alias of text or read-only data exists.
 *
 * Built once, with the largest pages that fit, all top-level slots filled; every root
 * copies these (root.c), so no kernel mapping is ever missing in one process. Later only
 * stack and device pages are added below, to entries that were empty, which no CPU caches
 * (Intel SDM vol. 3, 4.10.2.3), so nothing needs a flush. CPU 0 alone until SMP; then
 * arch_stack_map_page()'s caller serialises.
 */
#include "arch/x86_64/x86.h"
#include "boot/info.h"

#define KERNEL_R  (PXD_PRESENT | PXD_ACCESSED | PXD_NX)
#define KERNEL_RX (PXD_PRESENT | PXD_ACCESSED)
#define KERNEL_RW (PXD_PRESENT | PXD_ACCESSED | PXD_NX | PXD_WRITE | PXD_DIRTY)
#define DEVICE    (KERNEL_RW | PXD_NO_CACHE)
#define UPPER     (PXD_PRESENT | PXD_ACCESSED | PXD_WRITE) /* the leaves decide */

extern char __boot_start[], __text_start[], __text_end[], __rodata_start[];
extern char __rodata_end[], __kernel_end[], boot_stack_guard[];

pxd_t *kernel_root __ro_after_init;

static bool kernel_leaf(int level, pxd_t e)
{
	return e.v && (level == LEVEL_PTE || e.v & PXD_LARGE);
}

static pxd_t *entry_in(pxd_t *table, int level, unsigned long address)
{
	return table + (address >> ARCH_LEVEL_SHIFT(level) & 511);
}

static pxd_t *table_at(pxd_t e)
{
	return phys_to_virt(phys(e.v & PXD_PHYS));
}

/*
 * The entry where a leaf for `address` is, or can be, put: of level *level, or below it
 * where a table is in the way already, or above it where a larger leaf is; changes
 * *level.
 */
static pxd_t *leaf_entry(unsigned long address, int *level)
{
	pxd_t *table = kernel_root;

	for (int at = kernel_root_level();; at--) {
		pxd_t *e = entry_in(table, at, address);

		if (kernel_leaf(at, *e) || (!e->v && at <= *level)) {
			*level = at;
			return e;
		}
		if (!e->v)
			e->v = frame_boot_alloc(PAGE_SIZE).v | UPPER;
		table = table_at(*e);
	}
}

/* Whole pages. What is mapped already stays as it is: the first mapping wins. */
static void map_range(u64 virtual, u64 physical, u64 size, u64 rights)
{
	u64 large = 1UL << ARCH_LEVEL_SHIFT(LEVEL_PMD), span;

	size = ALIGN_UP(size + virtual % PAGE_SIZE, PAGE_SIZE);
	virtual &= PAGE_MASK;
	physical &= PAGE_MASK;
	for (u64 done = 0; done < size; done += span) {
		bool fits = IS_ALIGNED((virtual + done) | (physical + done), large) &&
			    size - done >= large;
		int level = fits ? LEVEL_PMD : LEVEL_PTE;
		pxd_t *e = leaf_entry(virtual + done, &level);

		if (!e->v)
			e->v = (physical + done) | rights | (level ? PXD_LARGE : 0);
		span = 1UL << ARCH_LEVEL_SHIFT(level);
		span -= (virtual + done) & (span - 1);
	}
}

static void map_image(const char *start, const char *end, u64 rights)
{
	map_range((u64)start, (u64)start - KERNEL_BASE, end - start, rights);
}

/* The page below the boot stack stays unmapped, as below every kernel stack. */
static void map_kernel_image(void)
{
	map_image(__text_start, __text_end, KERNEL_RX);
	map_image(__rodata_start, __rodata_end, KERNEL_R);
	map_image(__rodata_end, boot_stack_guard, KERNEL_RW);
	map_image(boot_stack_guard + PAGE_SIZE, __kernel_end, KERNEL_RW);
}

/*
 * SAFE(w_xor_x): the kernel's own text is RAM too; mapped writable here, a stray store
 * through the direct map would change code. Mapped first, so it stays read-only.
 * Pairs with map_kernel_image().
 */
static void map_all_memory(void)
{
	u64 start = (u64)__boot_start, end = (u64)__rodata_end - KERNEL_BASE;

	map_range(DIRECT_MAP_BASE + start, start, end - start, KERNEL_R);
	for (unsigned int i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *r = &boot_info.regions[i];

		if (r->type == BOOT_USABLE && r->base + r->size <= DIRECT_MAP_SIZE)
			map_range(DIRECT_MAP_BASE + r->base, r->base, r->size, KERNEL_RW);
	}
}

/* All of them now: mapping a page there later needs no memory. */
static void make_tables(unsigned long start, unsigned long end)
{
	int level = LEVEL_PTE;

	for (; start < end; start += 1UL << ARCH_LEVEL_SHIFT(LEVEL_PMD))
		leaf_entry(start, &level);
}

void arch_kernel_map_init(void)
{
	smp_place_trampoline();
	kernel_root = phys_to_virt(frame_boot_alloc(PAGE_SIZE));
	map_kernel_image();
	map_all_memory();
	make_tables(STACK_WINDOW, STACK_WINDOW_END);
	make_tables(DEVICE_BASE, DEVICE_BASE + PAGE_SIZE);
	arch_root_load(NULL);
}

unsigned long arch_stack_window_start(void)
{
	return STACK_WINDOW;
}

unsigned long arch_stack_window_end(void)
{
	return STACK_WINDOW_END;
}

static void map_page(unsigned long address, phys_t frame, u64 rights)
{
	int level = LEVEL_PTE;

	arch_pxd_set(LEVEL_PTE, leaf_entry(address, &level), (pxd_t){frame.v | rights});
}

int arch_stack_map_page(unsigned long address, phys_t frame)
{
	map_page(address, frame, KERNEL_RW);
	return 0;
}

void *map_device(u64 address)
{
	static unsigned long next = DEVICE_BASE;

	next += PAGE_SIZE;
	map_page(next - PAGE_SIZE, phys(address), DEVICE);
	return (void *)(next - PAGE_SIZE);
}

unsigned int arch_kernel_access(unsigned long address)
{
	unsigned int access = ACCESS_READ | ACCESS_WRITE | ACCESS_EXEC;
	pxd_t *table = kernel_root;

	if (!table) /* the early tables allow everything */
		return access;
	for (int at = kernel_root_level();; at--) {
		pxd_t e = *entry_in(table, at, address);

		if (!(e.v & PXD_PRESENT))
			return 0;
		access &= ~(e.v & PXD_WRITE ? 0 : ACCESS_WRITE);
		access &= ~(e.v & PXD_NX ? ACCESS_EXEC : 0);
		if (kernel_leaf(at, e))
			return access;
		table = table_at(e);
	}
}
