/*
 * arch/s390x/map.c - the kernel's own address space: home space, CR13.
 *
 *   0 .. 0x7fff        nothing: a null pointer faults
 *   LOWCORE            two pages, real 0: the running CPU's prefix area
 *   0x10000 .. RAM     itself: text RX, read-only data R, the rest RW, not executable
 *   STACK_WINDOW       kernel stacks, with unmapped guard pages between
 *
 * Three levels, made once, from boot memory; user space has tables of its own (root.c).
 * Later only unused entries of the stack window are filled in, so nothing here is ever
 * flushed. The window's tables exist from the start: a stack needs no memory for them.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/page.h"
#include "boot/info.h"

#define PAGE_TABLE_BYTES 2048
#define STACK_WINDOW_MAX (64UL << 20)

extern char __text_start[], __text_end[], __rodata_end[], boot_stack_guard[];

static pxd_t home[2048] __aligned(PAGE_SIZE); /* a region-third table */
static unsigned long window_bytes;            /* (c) */

static pxd_t *fill_empty(void *memory, int level)
{
	pxd_t *table = memory;

	for (unsigned long i = 0; i < BIT(ARCH_LEVEL_BITS(level)); i++)
		table[i] = arch_pxd_empty(level);
	return table;
}

/* Unlike a user's page tables, two of ours share a frame. */
static pxd_t *new_table(int level)
{
	static char *half;
	char *memory = half;

	half = NULL;
	if (level == LEVEL_PTE && memory)
		return fill_empty(memory, level);
	memory = phys_to_virt(frame_boot_alloc(PAGE_SIZE << ARCH_TABLE_ORDER(level)));
	if (level == LEVEL_PTE)
		half = memory + PAGE_TABLE_BYTES;
	return fill_empty(memory, level);
}

/* The PTE of an address; NULL if its tables are missing and not to be made. */
static pxd_t *find_pte(unsigned long address, bool make)
{
	pxd_t *table = home;

	if (address >= arch_root_limit(LEVEL_PUD))
		return NULL;
	for (int level = LEVEL_PUD;; level--) {
		pxd_t *slot = table + ((address >> ARCH_LEVEL_SHIFT(level)) &
					      (BIT(ARCH_LEVEL_BITS(level)) - 1));

		if (level == LEVEL_PTE)
			return slot;
		if (arch_pxd_none(level, *slot) && !make)
			return NULL;
		if (arch_pxd_none(level, *slot))
			*slot = arch_pxd_table(level, virt_to_phys(new_table(level - 1)));
		table = phys_to_virt(arch_pxd_phys(level, *slot));
	}
}

static void map_page(unsigned long address, phys_t frame, unsigned int prot)
{
	arch_pxd_set(LEVEL_PTE, find_pte(address, true),
		arch_pxd_leaf_make(LEVEL_PTE, frame, prot));
}

/* SAFE(kernel_wx): no page is both writable and executable, so that a stray store can
 * not become an instruction; pairs with CR0_IEP, which makes the bit count. */
static unsigned int rights_at(unsigned long address)
{
	const char *at = (const char *)address;

	if (at < __text_start)
		return PROT_READ;
	if (at < __text_end)
		return PROT_READ | PROT_EXEC;
	return at < __rodata_end ? PROT_READ : PROT_READ | PROT_WRITE;
}

static void map_ram(unsigned long start, unsigned long end)
{
	for (unsigned long at = start; at < end; at += PAGE_SIZE)
		if (at != (unsigned long)boot_stack_guard)
			map_page(at, phys(at), rights_at(at));
}

void arch_kernel_map_init(void)
{
	struct psw psw = {.mask = PSW_KERNEL};
	unsigned long ram = 0;

	lowcore_alloc();
	fill_empty(home, LEVEL_PUD);
	for (unsigned int i = 0; i < boot_info.region_count; i++) {
		const struct boot_region *region = &boot_info.regions[i];

		ram = region->base + region->size;
		if (region->type == BOOT_USABLE)
			map_ram(region->base, ram);
	}
	for (unsigned long at = 0; at < LOWCORE_SIZE; at += PAGE_SIZE)
		map_page(LOWCORE + at, phys(at), PROT_READ | PROT_WRITE);
	window_bytes = min(ALIGN_UP(ram, BIT(20)), STACK_WINDOW_MAX);
	for (unsigned long at = 0; at < window_bytes; at += BIT(20))
		find_pte(STACK_WINDOW + at, true);
	control_init(home);
	lowcore_move();
	enter_home_space(&psw);
}

unsigned long arch_stack_window_start(void)
{
	return STACK_WINDOW;
}

unsigned long arch_stack_window_end(void)
{
	return STACK_WINDOW + window_bytes;
}

int arch_stack_map_page(unsigned long address, phys_t frame)
{
	map_page(address, frame, PROT_READ | PROT_WRITE);
	return 0;
}

/* PROT_* and ACCESS_* are the same three bits. */
unsigned int arch_kernel_access(unsigned long address)
{
	pxd_t *pte = find_pte(address, false);

	return pte ? arch_pxd_prot(LEVEL_PTE, *pte) : 0;
}
