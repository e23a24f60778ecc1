/*
 * mm/space/draw.c - the text of `pt`: a page table, level by level, for human eyes.
 *
 * All of it, with runs of alike neighbours in one line, or the way to one address. Only
 * mm->lock is held: entries may change between two lines, but each line is true of one
 * moment, and no table goes away meanwhile.
 */
#include "kernel/base/print.h"
#include "mm/table/descend.h"
#include "mm/table/fold.h"
#include "mm/table/walk.h"

#define LINE_MAX 96

struct drawing {
	void (*emit)(const char *line, void *arg);
	void *arg;
	int root_level;
	/* the run of alike leaves that is not drawn yet */
	unsigned long count; /* 0: none */
	int level;
	unsigned int prot;
	unsigned long address; /* of the first */
	phys_t frame;          /* of the first */
};

/* A line about one entry, indented by how far its level is below the root. */
static void __printf(3, 4)
	draw(struct drawing *drawing, int level, const char *format, ...)
{
	static const char blanks[] = "        ";
	int depth = max(drawing->root_level - level, 0);
	char line[LINE_MAX];
	int length = format_text(line, sizeof(line), "%s%s ",
		blanks + sizeof(blanks) - 1 - 2 * depth, pxd_name(level));
	va_list args;

	va_start(args, format);
	format_text_v(line + length, sizeof(line) - length, format, args);
	va_end(args);
	drawing->emit(line, drawing->arg);
}

static void draw_header(struct drawing *drawing, struct mm *mm)
{
	char line[LINE_MAX];

	drawing->root_level = fold_root_level(mm);
	format_text(line, sizeof(line), "%d levels below %lx, root: %s table %lx",
		drawing->root_level + 1, mm->limit, pxd_name(drawing->root_level),
		(unsigned long)virt_to_phys(mm->root).v);
	drawing->emit(line, drawing->arg);
	if (mm->hardware_root == mm->root)
		return;
	format_text(line, sizeof(line),
		"the CPUs load %s table %lx, whose [0] leads there",
		pxd_name(drawing->root_level + 1),
		(unsigned long)virt_to_phys(mm->hardware_root).v);
	drawing->emit(line, drawing->arg);
}

/* "4 KiB", "2 MiB", "1 GiB" */
static void draw_size(char *to, size_t room, unsigned long bytes)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB"};
	unsigned int unit = 0;

	for (bytes >>= 10; bytes >= 1024; bytes >>= 10)
		unit++;
	format_text(to, room, "%lu %s", bytes, units[min(unit, 3U)]);
}

static void draw_rights(char *to, unsigned int prot)
{
	to[0] = prot & PROT_READ ? 'r' : '-';
	to[1] = prot & PROT_WRITE ? 'w' : '-';
	to[2] = prot & PROT_EXEC ? 'x' : '-';
	to[3] = '\0';
}

/* One leaf is drawn with its frame, several as a range of indices. */
static void draw_run(struct drawing *drawing)
{
	unsigned long first = pxd_index(drawing->level, drawing->address);
	unsigned long last = first + drawing->count - 1;
	char size[16], rights[4];

	if (!drawing->count)
		return;
	draw_size(size, sizeof(size), pxd_size(drawing->level));
	draw_rights(rights, drawing->prot);
	if (first == last)
		draw(drawing, drawing->level, "[%lu] %012lx %s %s frame %lx", first,
			drawing->address, size, rights, (unsigned long)drawing->frame.v);
	else
		draw(drawing, drawing->level, "[%lu..%lu] %012lx %lu x %s %s", first,
			last, drawing->address, drawing->count, size, rights);
	drawing->count = 0;
}

static void add_leaf(
	struct drawing *drawing, int level, pxd_t entry, unsigned long address)
{
	unsigned int prot = arch_pxd_prot(level, entry);
	unsigned long end = drawing->address + drawing->count * pxd_size(level);

	if (!drawing->count || drawing->level != level || drawing->prot != prot ||
		end != address) {
		draw_run(drawing);
		drawing->level = level;
		drawing->prot = prot;
		drawing->address = address;
		drawing->frame = arch_pxd_phys(level, entry);
	}
	drawing->count++;
}

static void draw_table(
	struct drawing *drawing, int level, pxd_t entry, unsigned long address)
{
	draw_run(drawing);
	draw(drawing, level, "[%lu] %012lx -> %s table %lx", pxd_index(level, address),
		address, pxd_name(level - 1),
		(unsigned long)arch_pxd_phys(level, entry).v);
}

static bool visit_leaf(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	add_leaf(walk->arg, level, entry, address);
	return false;
}

static bool visit_table(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	draw_table(walk->arg, level, entry, address);
	return false;
}

/* A run ends with its table. */
static void leave_table(
	struct walk *walk, int level, pxd_t *ptr, pxd_t entry, unsigned long address)
{
	draw_run(walk->arg);
}

static void draw_all(struct drawing *drawing, struct mm *mm)
{
	static const struct walk_ops ops = {
		.leaf = visit_leaf, .enter = visit_table, .leave = leave_table};
	struct walk walk = {.mm = mm, .ops = &ops, .arg = drawing};

	for (int level = LEVEL_PGD; level > drawing->root_level; level--)
		draw(drawing, level, "folded");
	(void)walk_range(&walk, 0, mm->limit);
	draw_run(drawing);
}

/* One line for one level of the way; false: the way ends here. */
static __always_inline bool draw_step(const int level, struct drawing *drawing,
	struct descent *at, unsigned long address)
{
	unsigned long first = ALIGN_DOWN(address, pxd_size(level));

	if (pxd_folded(level, at->entry)) {
		draw(drawing, level, "folded");
	} else if (pxd_none(level, at->entry)) {
		draw(drawing, level, "[%lu] %012lx none", pxd_index(level, address),
			first);
		return false;
	} else if (level == LEVEL_PTE || pxd_leaf(level, at->entry)) {
		add_leaf(drawing, level, at->entry, first);
		draw_run(drawing);
		return false;
	} else {
		draw_table(drawing, level, at->entry, first);
	}
	return descend_step(level, at, address);
}

static void draw_way(struct drawing *drawing, struct mm *mm, unsigned long address)
{
	struct descent at;

	descend_start(mm, &at, address);
	(void)(draw_step(LEVEL_PGD, drawing, &at, address) &&
		draw_step(LEVEL_P4D, drawing, &at, address) &&
		draw_step(LEVEL_PUD, drawing, &at, address) &&
		draw_step(LEVEL_PMD, drawing, &at, address) &&
		draw_step(LEVEL_PTE, drawing, &at, address));
}

void mm_draw_table(struct mm *mm, unsigned long address,
	void (*emit)(const char *line, void *arg), void *arg)
{
	struct drawing drawing;

	drawing.emit = emit;
	drawing.arg = arg;
	drawing.count = 0;
	drawing.level = LEVEL_PTE;
	drawing.address = 0;
	mm_read_lock(mm);
	draw_header(&drawing, mm);
	if (address == ~0UL)
		draw_all(&drawing, mm);
	else if (address < mm->limit)
		draw_way(&drawing, mm, address);
	else
		emit("the address is above the limit", arg);
	mm_read_unlock(mm);
}
