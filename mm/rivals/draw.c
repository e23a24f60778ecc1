/*
 * mm/rivals/draw.c - the picture that the shell's `step` shows: a lockless walk, one line
 * for each turn of each level's loop.
 *
 * It is the walk itself that is drawn, not a copy of it: gup_look() shows every turn to
 * draw_turn(). The columns are what the argument of 2020 was about: where the pointer
 * points (a table, or the kernel's stack), the value that was read, where the turn ends,
 * and whether ptr + 1, which the next turn will read, is where the step from above leads.
 *
 * mm->lock is held for reading instead of a lockless section, so that lines can be
 * printed meanwhile and the mm may be somebody else's. Lab builds only.
 */
#include "mm/rivals/rivals.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "mm/table/descend.h"
#include "mm/table/fold.h"

#define LINE_MAX  128
#define PAGES_MAX 64

struct drawing {
	struct gup_walk walk;
	void (*emit)(const char *line, void *arg);
	void *arg;
};

static void __printf(2, 3) line(struct drawing *drawing, const char *format, ...)
{
	char text[LINE_MAX];
	va_list args;

	va_start(args, format);
	format_text_v(text, sizeof(text), format, args);
	va_end(args);
	drawing->emit(text, drawing->arg);
}

static void draw_pointer(char *to, const pxd_t *ptr)
{
	unsigned long at = (unsigned long)ptr;
	unsigned long index = at % PAGE_SIZE / sizeof(*ptr);

	if (at >= arch_stack_window_start() && at < arch_stack_window_end())
		format_text(to, LINE_MAX, "STACK %lx", at);
	else
		format_text(to, LINE_MAX, "table %lx[%lu]",
			(unsigned long)virt_to_phys(ptr - index).v, index);
}

static const char *meaning(int level, pxd_t entry)
{
	if (pxd_folded(level, entry))
		return "folded";
	if (pxd_none(level, entry))
		return "none";
	if (pxd_bad(level, entry))
		return "BAD";
	return level == LEVEL_PTE ? "page" : pxd_leaf(level, entry) ? "leaf" : "table";
}

static bool draw_turn(struct gup_walk *walk, const struct gup_turn *turn)
{
	static const char blanks[] = "    ";
	struct drawing *drawing = container_of(walk, struct drawing, walk);
	const char *after = "-";
	char pointer[LINE_MAX];

	if (turn->expected)
		after = turn->ptr + 1 == turn->expected ? "ok" : "WRONG";
	draw_pointer(pointer, turn->ptr);
	line(drawing, "%s%s%s %013lx  %-22s %016lx  %-6s %013lx  %s",
		blanks + turn->level, pxd_name(turn->level),
		blanks + LEVEL_PGD - turn->level, turn->address, pointer, turn->entry.v,
		meaning(turn->level, turn->entry), turn->stop, after);
	return true;
}

/* The frame behind an address as a descent finds it; 0: none. */
static u64 frame_at(struct mm *mm, unsigned long address)
{
	struct descent at;
	u64 frame;

	descend_find(mm, address, &at);
	if (!pxd_leaf(at.level, at.entry))
		return 0;
	frame = arch_pxd_phys(at.level, at.entry).v;
	return frame + (address & (pxd_size(at.level) - 1) & PAGE_MASK);
}

/* What the walk found, beside what is there; lets go of the pages. */
static void draw_result(struct drawing *drawing, struct mm *mm, struct page **pages,
	unsigned long start, unsigned long count)
{
	unsigned long held = drawing->walk.next - pages, wrong = 0;

	for (unsigned long i = 0; i < held; i++) {
		u64 found = page_phys(pages[i]).v;
		u64 real = frame_at(mm, start + i * PAGE_SIZE);

		page_put(page_head(pages[i]));
		if (found == real)
			continue;
		wrong++;
		line(drawing, "WRONG page at %lx: frame %lx, where frame %lx is mapped",
			start + i * PAGE_SIZE, (unsigned long)found, (unsigned long)real);
	}
	line(drawing, "%lu of %lu pages found, %lu of them wrong", held, count, wrong);
}

static void draw_walk(struct drawing *drawing, struct mm *mm, const struct gup_step *step,
	unsigned long start, unsigned long count)
{
	struct page *pages[PAGES_MAX];
	pxd_t *root = READ_ONCE(mm->root);

	drawing->walk.root = root;
	drawing->walk.next = pages;
	line(drawing, "step %s: %d levels below %lx", step->name, fold_root_level(mm) + 1,
		mm->limit);
	line(drawing, "%-7s %-13s  %-22s %-16s  %-6s %-13s  %s", "level", "address",
		"pointer", "value", "is", "next", "ptr + 1");
	(void)step->walk(
		&drawing->walk, root, pxd_read(root), start, start + count * PAGE_SIZE);
	draw_result(drawing, mm, pages, start, count);
}

int mm_draw_step(struct mm *mm, unsigned long start, unsigned long count,
	const char *name, void (*emit)(const char *line, void *arg), void *arg)
{
	struct drawing drawing = {
		.walk = {.flags = FOLL_GET, .prot = PROT_READ | PROT_COUNTED},
		.emit = emit,
		.arg = arg};
	const struct gup_step *step = name ? gup_step_find(name) : gup_step_chosen;
	int err = 0;

	if (!step || !IS_ALIGNED(start, PAGE_SIZE) || !count || count > PAGES_MAX)
		return -EINVAL;
	drawing.walk.look = draw_turn;
	mm_read_lock(mm);
	if (start >= mm->limit || count * PAGE_SIZE > mm->limit - start)
		err = -EFAULT;
	else
		draw_walk(&drawing, mm, step, start, count);
	mm_read_unlock(mm);
	return err;
}
