/*
 * tests/unit/mm_model.c - random mapping calls against a model that is an array of pages.
 *
 * The model knows, page by page, whether it is mapped, with what protection and contents.
 * After each call the VMAs must be exactly the model's runs of equal pages (so splits and
 * merges are right), and each page must have the contents it should have, in an entry
 * with the right protection. A failure names the seed; the same seed gives the same
 * calls.
 */
#include "tests/unit/unit.h"
#include "tests/unit/mm_help.h"
#include "kernel/base/errno.h"
#include "kernel/base/print.h"

#define PAGES 48
#define BASE  (0x7f000000UL - 16 * PAGE_SIZE) /* across a table boundary */
#define HOLE  (-1)

struct model {
	int prot[PAGES];            /* or HOLE */
	unsigned long value[PAGES]; /* first word; 0: not written */
};

static struct model model;

static unsigned long page_at(unsigned int n)
{
	return BASE + n * PAGE_SIZE;
}

struct check {
	unsigned int page, runs;
	bool wrong;
};

/* VMAs come in address order: each must be the model's next run. */
static void check_vma(const struct vma *vma, void *arg)
{
	struct check *check = arg;

	while (check->page < PAGES && model.prot[check->page] == HOLE)
		check->page++;
	check->wrong |= vma->start != page_at(check->page);
	for (; check->page < PAGES && page_at(check->page) < vma->end; check->page++)
		check->wrong |= model.prot[check->page] != (int)vma->prot;
	check->wrong |= vma->end != page_at(check->page);
	check->runs++;
}

static unsigned int model_runs(void)
{
	unsigned int runs = 0;

	for (unsigned int i = 0; i < PAGES; i++)
		runs += model.prot[i] != HOLE &&
			(!i || model.prot[i - 1] != model.prot[i]);
	return runs;
}

static bool model_holds(struct mm *mm)
{
	struct check check = {0};
	u64 resident = 0;

	mm_for_each_vma(mm, check_vma, &check);
	for (unsigned int i = 0; i < PAGES; i++) {
		unsigned long *word = mm_peek(mm, page_at(i));

		resident += word != NULL;
		check.wrong |= (word ? *word : 0) != model.value[i];
		check.wrong |= word && mm_peek_prot(mm, page_at(i)) != model.prot[i];
	}
	return !check.wrong && check.runs == model_runs() && mm->pages == resident;
}

static bool has_hole(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		if (model.prot[i] == HOLE)
			return true;
	return false;
}

static bool all_holes(unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		if (model.prot[i] != HOLE)
			return false;
	return true;
}

static void model_set(unsigned int from, unsigned int to, int prot, bool keep)
{
	for (unsigned int i = from; i < to; i++) {
		model.prot[i] = prot;
		if (!keep)
			model.value[i] = 0;
	}
}

static int random_prot(u64 *seed)
{
	static const int prots[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC};

	return prots[mm_random(seed) % ARRAY_SIZE(prots)];
}

static void touch(struct mm *mm, unsigned int page, u64 *seed)
{
	bool write = mm_random(seed) & 1;
	int prot = model.prot[page];
	bool allowed =
		prot != HOLE && prot != PROT_NONE && (!write || (prot & PROT_WRITE));
	int err = mm_fault(mm, page_at(page), write ? ACCESS_WRITE : ACCESS_READ);

	EXPECT_EQ(err, allowed ? 0 : -EFAULT);
	if (!err && write)
		*mm_peek(mm, page_at(page)) = model.value[page] = mm_random(seed);
}

static void map(struct mm *mm, unsigned int from, unsigned int to, u64 *seed)
{
	unsigned int noreplace = mm_random(seed) & 1 ? MM_NOREPLACE : 0;
	unsigned long address = page_at(from);
	bool refused = noreplace && !all_holes(from, to);
	int prot = random_prot(seed);

	EXPECT_EQ(
		mm_map(mm, &address, (to - from) * PAGE_SIZE, prot, MM_FIXED | noreplace),
		refused ? -EEXIST : 0);
	EXPECT_EQ(address, page_at(from));
	if (!refused)
		model_set(from, to, prot, false);
}

static void protect(struct mm *mm, unsigned int from, unsigned int to, u64 *seed)
{
	bool refused = has_hole(from, to);
	int prot = random_prot(seed);

	EXPECT_EQ(mm_protect(mm, page_at(from), (to - from) * PAGE_SIZE, prot),
		refused ? -ENOMEM : 0);
	/* As in Linux, all up to the first hole is changed even so. */
	for (; from < to && model.prot[from] != HOLE; from++)
		model.prot[from] = prot;
}

static void discard(struct mm *mm, unsigned int from, unsigned int to)
{
	EXPECT_EQ(mm_discard(mm, page_at(from), (to - from) * PAGE_SIZE),
		has_hole(from, to) ? -ENOMEM : 0);
	for (unsigned int i = from; i < to; i++)
		model.value[i] = 0;
}

static void step(struct mm *mm, u64 *seed)
{
	unsigned int from = mm_random(seed) % PAGES;
	unsigned int to = from + 1 + mm_random(seed) % min(PAGES - from, 12U);

	switch (mm_random(seed) % 8) {
	case 0:
	case 1:
		return map(mm, from, to, seed);
	case 2:
		EXPECT_EQ(mm_unmap(mm, page_at(from), (to - from) * PAGE_SIZE), 0);
		return model_set(from, to, HOLE, false);
	case 3:
		return protect(mm, from, to, seed);
	case 4:
		return discard(mm, from, to);
	default:
		return touch(mm, from, seed);
	}
}

static void run_model(u64 start_seed, unsigned int steps)
{
	struct mm *mm = mm_create();
	u64 seed = start_seed;

	EXPECT(mm != NULL);
	if (!mm)
		return;
	model_set(0, PAGES, HOLE, false);
	for (unsigned int i = 0; i < steps; i++) {
		step(mm, &seed);
		if (!model_holds(mm)) {
			print("# seed %lu: mm and model differ after step %u\n",
				start_seed, i);
			EXPECT(!"mm and model agree");
			break;
		}
	}
	mm_put(mm); /* checks the ledger */
}

UNIT_TEST(mm_model)
{
	for (u64 seed = 1; seed <= 6; seed++)
		run_model(seed, 400);
}
