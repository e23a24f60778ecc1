/*
 * kernel/linux/huge.c - huge pages under Linux's names: the settings in
 * /sys/kernel/mm/transparent_hugepage, and /sys/kernel/debug/split_huge_pages.
 *
 * A setting reads as Linux's does, what holds in brackets; a word is written: `enabled`,
 * `shmem_enabled` and `defrag` change. Of use_zero_page what holds may be written: a page
 * that was only read is its process's own. Those of khugepaged/ are numbers, which count
 * from the next round on. split_huge_pages takes "<pid>,0x<start>,0x<end>", or that and
 * ",0"; how much was split stands in the log. No locks of its own. What the words of
 * `defrag` mean: mm/huge/policy.c.
 */
#include "kernel/linux/path.h"
#include "kernel/base/print.h"
#include "mm/huge/khugepaged.h"
#include "mm/huge/leaf.h"

#define INPUT_MAX 80

/* A line that a program has written, without its newline. */
static bool take_line(char *line, const char *from, size_t size)
{
	size_t length = size && from[size - 1] == '\n' ? size - 1 : size;

	if (length >= INPUT_MAX)
		return false;
	memcpy(line, from, length);
	line[length] = '\0';
	return true;
}

/* khugepaged/: what may be written; nothing, where it only counts. */
static const struct {
	u32 *value, least, most;
} numbers[] = {
	[KHUGEPAGED_DEFRAG - KHUGEPAGED] = {&khugepaged.defrag, 0, 1},
	[KHUGEPAGED_NONE - KHUGEPAGED] = {&khugepaged.max_ptes_none, 0, HUGE_PAGES - 1},
	[KHUGEPAGED_SHARED -
		KHUGEPAGED] = {&khugepaged.max_ptes_shared, 0, HUGE_PAGES - 1},
	[KHUGEPAGED_SWAP - KHUGEPAGED] = {&khugepaged.max_ptes_swap, 0, HUGE_PAGES - 1},
	[KHUGEPAGED_PAGES - KHUGEPAGED] = {&khugepaged.pages_to_scan, 1, UINT32_MAX},
	[KHUGEPAGED_SCAN - KHUGEPAGED] = {&khugepaged.scan_sleep_ms, 0, UINT32_MAX},
	[KHUGEPAGED_ALLOC - KHUGEPAGED] = {&khugepaged.alloc_sleep_ms, 0, UINT32_MAX},
	[KHUGEPAGED_COLLAPSED - KHUGEPAGED] = {&khugepaged.pages_collapsed, 1, 0},
	[KHUGEPAGED_SCANS - KHUGEPAGED] = {&khugepaged.full_scans, 1, 0},
};

static int set_number(u32 file, const char *text)
{
	unsigned long value;

	if (!take_number(&text, 10, &value) || *text ||
		value < numbers[file - KHUGEPAGED].least ||
		value > numbers[file - KHUGEPAGED].most)
		return -EINVAL;
	WRITE_ONCE(*numbers[file - KHUGEPAGED].value, value);
	khugepaged_changed();
	return 0;
}

/* What is said in words: those that Linux knows. Some of shmem_enabled are not for us:
 * they are about mounts, or would overrule programs. */
#define WORDS_MAX 6
static const char *const all_words[][WORDS_MAX] = {
	[HUGE_ENABLED] = {"always", "madvise", "never"},
	[HUGE_DEFRAG] = {"always", "defer", "defer+madvise", "madvise", "never"},
	[HUGE_SHMEM] = {"always", "within_size", "advise", "never", "deny", "force"},
};

static const struct {
	const char *(*now)(void);
	bool (*choose)(const char *word);
} in_words[] = {
	[HUGE_ENABLED] = {thp_value, thp_choose},
	[HUGE_DEFRAG] = {thp_defrag_value, thp_defrag_choose},
	[HUGE_SHMEM] = {thp_shmem_value, thp_shmem_choose},
};

static void show_words(u32 file, char *text, size_t size)
{
	const char *const *words = all_words[file];
	const char *now = in_words[file].now();
	int at = 0;

	for (unsigned int i = 0; i < WORDS_MAX && words[i]; i++)
		at += format_text(text + at, size - at,
			strcmp(words[i], now) ? "%s%s" : "%s[%s]", i ? " " : "",
			words[i]);
	format_text(text + at, size - at, "\n");
}

static void show(u32 file, char *text, size_t size)
{
	if (file >= KHUGEPAGED)
		format_text(
			text, size, "%u\n", READ_ONCE(*numbers[file - KHUGEPAGED].value));
	else if (file == HUGE_PMD_SIZE)
		format_text(text, size, "%lu\n", HUGE_SIZE);
	else if (file == HUGE_ZERO_PAGE)
		format_text(text, size, "0\n");
	else
		show_words(file, text, size);
}

static ssize_t read(struct open *open, void *to, size_t size, u64 offset)
{
	char text[INPUT_MAX];

	show(open->device & 0xff, text, sizeof(text));
	if (offset >= strlen(text))
		return 0;
	size = min(size, strlen(text) - offset);
	memcpy(to, text + offset, size);
	return size;
}

static bool take_address(const char **at, unsigned long *address)
{
	if (strncmp(*at, ",0x", 3))
		return false;
	*at += 3;
	return take_number(at, 16, address);
}

static int split(const char *at)
{
	unsigned long pid, start, end;
	struct blocks_split count;
	struct task *task;
	struct mm *mm;

	if (!take_number(&at, 10, &pid) || !take_address(&at, &start) ||
		!take_address(&at, &end) || (*at && strcmp(at, ",0")))
		return -EINVAL;
	task = pid <= TASK_PID_MAX ? task_find(pid) : NULL;
	mm = task ? task_get_mm(task) : NULL;
	if (task)
		task_put(task);
	if (!mm)
		return -ESRCH;
	mm_split_blocks(mm, start, end, &count);
	mm_put(mm);
	print("split_huge_pages: of process %lu, %lx-%lx: %lu split, %lu refused\n", pid,
		start, end, count.split, count.refused);
	return 0;
}

static int obey(u32 file, const char *word)
{
	if (file >= KHUGEPAGED)
		return set_number(file, word);
	if (file == HUGE_SPLIT)
		return split(word);
	if (file == HUGE_PMD_SIZE || file == HUGE_ZERO_PAGE)
		return file == HUGE_ZERO_PAGE && !strcmp(word, "0") ? 0 : -EINVAL;
	return in_words[file].choose(word) ? 0 : -EINVAL;
}

static ssize_t write(struct open *open, const void *from, size_t size, u64 offset)
{
	char line[INPUT_MAX];
	int error =
		take_line(line, from, size) ? obey(open->device & 0xff, line) : -EINVAL;

	return error ? error : (ssize_t)size;
}

struct open *huge_setting_open(void)
{
	static const struct open_ops ops = {.read = read, .write = write, .seeks = true};

	return open_create(&ops, OPEN_DEVICE, 0, NULL);
}

struct open *huge_split_open(void)
{
	static const struct open_ops ops = {.write = write};

	return open_create(&ops, OPEN_DEVICE, 0, NULL);
}
