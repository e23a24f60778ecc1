/*
 * tests/unit/mm_draw.c - the text of `pt`, at every depth that the machine has.
 */
#include "tests/unit/table_mm.h"
#include "tests/unit/unit.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "mm/table/table.h"

#define TEXT_MAX 2048
#define ALL      (~0UL)

struct text {
	size_t length;
	char text[TEXT_MAX];
};

static struct text drawn, wanted;

static void add_line(const char *line, void *arg)
{
	struct text *to = arg;

	to->length +=
		format_text(to->text + to->length, TEXT_MAX - to->length, "%s\n", line);
}

static void __printf(3, 4) want(int root, int level, const char *format, ...)
{
	char line[128] = "        ";
	int indent = level > root ? 0 : 2 * (root - level);
	va_list args;

	indent +=
		format_text(line + indent, sizeof(line) - indent, "%s ", pxd_name(level));
	va_start(args, format);
	format_text_v(line + indent, sizeof(line) - indent, format, args);
	va_end(args);
	add_line(line, &wanted);
}

static void want_header(struct mm *mm, int root)
{
	char line[128];

	drawn.length = wanted.length = 0;
	format_text(line, sizeof(line), "%d levels below %lx, root: %s table %lx",
		root + 1, mm->limit, pxd_name(root),
		(unsigned long)virt_to_phys(mm->root).v);
	add_line(line, &wanted);
	if (mm->hardware_root != mm->root) {
		format_text(line, sizeof(line),
			"the CPUs load %s table %lx, whose [0] leads there",
			pxd_name(root + 1),
			(unsigned long)virt_to_phys(mm->hardware_root).v);
		add_line(line, &wanted);
	}
	for (int level = LEVEL_PGD; level > root; level--)
		want(root, level, "folded");
}

/* The way from the root to the page table, all at index 0. */
static void want_tables(struct mm *mm, int root)
{
	pxd_t *table = mm->root;

	for (int level = root; level >= LEVEL_PMD; level--) {
		phys_t below = arch_pxd_phys(level, pxd_read(table));

		want(root, level, "[0] 000000000000 -> %s table %lx", pxd_name(level - 1),
			(unsigned long)below.v);
		table = phys_to_virt(below);
	}
}

static void expect_drawn(struct mm *mm, unsigned long address)
{
	mm_draw_table(mm, address, add_line, &drawn);
	EXPECT_EQ(strcmp(drawn.text, wanted.text), 0);
	if (strcmp(drawn.text, wanted.text))
		print("# drawn:\n%s# wanted:\n%s", drawn.text, wanted.text);
}

static unsigned long frame_of(const struct page *page)
{
	return (unsigned long)page_phys(page).v;
}

/* What the tests draw lies in one page table. */
static bool has_large_tables(void)
{
	if (pxd_entries(LEVEL_PTE) < 16)
		unit_skip("page tables are too small here");
	return pxd_entries(LEVEL_PTE) >= 16;
}

UNIT_TEST(mm_draw_empty)
{
	struct mm mm;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		want_header(&mm, root);
		expect_drawn(&mm, ALL);
		table_mm_free(&mm);
	}
}

/* Alike neighbours share a line; another protection or a hole starts a new one. */
UNIT_TEST(mm_draw_whole)
{
	struct page *page;
	struct mm mm;

	if (!has_large_tables())
		return;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		for (unsigned long i = 3; i <= 5; i++)
			table_mm_map(&mm, i * PAGE_SIZE, PROT_READ | PROT_WRITE);
		page = table_mm_map(&mm, 0x6000, PROT_READ | PROT_EXEC);
		table_mm_map(&mm, 0x8000, PROT_NONE);
		table_mm_map(&mm, 0x9000, PROT_NONE);
		want_header(&mm, root);
		want_tables(&mm, root);
		want(root, LEVEL_PTE, "[3..5] 000000003000 3 x 4 KiB rw-");
		want(root, LEVEL_PTE, "[6] 000000006000 4 KiB r-x frame %lx",
			frame_of(page));
		want(root, LEVEL_PTE, "[8..9] 000000008000 2 x 4 KiB ---");
		expect_drawn(&mm, ALL);
		table_mm_free(&mm);
	}
}

UNIT_TEST(mm_draw_large_leaf)
{
	unsigned long large = 2 * pxd_size(LEVEL_PMD);
	struct page *page, *page_large;
	struct mm mm;

	if (!has_large_tables())
		return;
	if (!table_mm_has_block(LEVEL_PMD))
		return;
	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		page = table_mm_map(&mm, 0x3000, PROT_READ);
		page_large = table_mm_map_leaf(&mm, LEVEL_PMD, large, PROT_READ);
		want_header(&mm, root);
		want_tables(&mm, root);
		want(root, LEVEL_PTE, "[3] 000000003000 4 KiB r-- frame %lx",
			frame_of(page));
		want(root, LEVEL_PMD, "[2] %012lx %lu MiB r-- frame %lx", large,
			pxd_size(LEVEL_PMD) >> 20, frame_of(page_large));
		expect_drawn(&mm, ALL);
		table_mm_free(&mm);
	}
}

/* The way to one address shows each level, and where it ends. */
UNIT_TEST(mm_draw_one_address)
{
	struct page *page;
	struct mm mm;

	if (!has_large_tables())
		return;

	for_each_root_level(root)
	{
		if (!table_mm_make(&mm, root))
			continue;
		page = table_mm_map(&mm, 0x3000, PROT_READ);
		want_header(&mm, root);
		want_tables(&mm, root);
		want(root, LEVEL_PTE, "[3] 000000003000 4 KiB r-- frame %lx",
			frame_of(page));
		expect_drawn(&mm, 0x3123);
		want_header(&mm, root);
		want_tables(&mm, root);
		want(root, LEVEL_PTE, "[4] 000000004000 none");
		expect_drawn(&mm, 0x4000);
		table_mm_free(&mm);
	}
}
