/*
 * kernel/linux/proc.c - /proc: what the kernel tells as text.
 *
 * A file's text is made when it is opened and then does not change; the open object owns
 * it. Per process: those of `process_files`; pt@<hex> draws the way to one address
 * instead of the whole table, step@<hex>+<pages>[,<name>] how a lockless walk steps over
 * so many pages. "self" is another name of the reader's process.
 *
 * Locks: the tree lock while a task's fields are read; no lock while the text is copied.
 */
#include "kernel/linux/path.h"
#include "kernel/base/atomic.h"
#include "kernel/base/counters.h"
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/task/ramdisk.h"
#include "mm/huge/leaf.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"

#define TEXT_MAX      (4UL << 20)
#define STEP_NAME_MAX 32

/* --- growing texts --- */

struct text {
	char *data;
	size_t size, room;
	int error; /* -ENOMEM: no memory for all of it; or what its author says */
};

static bool text_grow(struct text *text, size_t size)
{
	size_t room = max(text->room, PAGE_SIZE);
	char *data;

	while (room < size)
		room *= 2;
	if (room <= text->room)
		return true;
	data = room <= TEXT_MAX ? kmalloc(room) : NULL;
	if (!data) {
		text->error = -ENOMEM;
		return false;
	}
	memcpy(data, text->data, text->size);
	kfree(text->data);
	text->data = data;
	text->room = room;
	return true;
}

static void text_add_bytes(struct text *text, const char *from, size_t size)
{
	if (text->error || !text_grow(text, text->size + size))
		return;
	memcpy(text->data + text->size, from, size);
	text->size += size;
}

static __printf(2, 3) void text_add(struct text *text, const char *format, ...)
{
	char line[256];
	va_list args;
	int size;

	va_start(args, format);
	size = format_text_v(line, sizeof(line), format, args);
	va_end(args);
	text_add_bytes(text, line, min((size_t)size, sizeof(line) - 1));
}

/* --- files about the machine --- */

static void show_meminfo(struct text *text)
{
	struct frame_stats stats;

	frame_stats(&stats);
	text_add(text, "MemTotal:       %8lu kB\n", stats.total * (PAGE_SIZE / 1024));
	text_add(text, "MemFree:        %8lu kB\n", stats.free * (PAGE_SIZE / 1024));
	text_add(text, "MemAvailable:   %8lu kB\n", stats.free * (PAGE_SIZE / 1024));
	text_add(text, "AnonHugePages:  %8lu kB\n",
		huge_blocks(false) * (HUGE_SIZE / 1024));
	text_add(text, "ShmemHugePages: %8lu kB\n",
		huge_blocks(true) * (HUGE_SIZE / 1024));
}

static void show_uptime(struct text *text)
{
	u64 hundredths = arch_clock_ns() / 10000000;

	text_add(text, "%lu.%02lu 0.00\n", hundredths / 100, hundredths % 100);
}

static void show_counters(struct text *text)
{
	for (enum counter which = 0; which < COUNTERS; which++)
		text_add(text, "%-24s %ld\n", counter_name(which), counter_sum(which));
}

/* What Linux counts, too, or once was to: by its names. */
static void show_vmstat(struct text *text)
{
	static const char *const groups[] = {"pgfault", "vma_lock_", "spf_", "thp_"};

	for (enum counter which = 0; which < COUNTERS; which++)
		for (unsigned int i = 0; i < ARRAY_SIZE(groups); i++)
			if (!strncmp(counter_name(which), groups[i], strlen(groups[i])))
				text_add(text, "%s %ld\n", counter_name(which),
					counter_sum(which));
}

static void add_policy(const char *name, const char *value, void *text)
{
	text_add(text, "%s=%s\n", name, value);
}

static void show_policies(struct text *text)
{
	options_for_each_policy(add_policy, text);
}

static void show_min_address(struct text *text)
{
	text_add(text, "%lu\n", VMA_BOTTOM);
}

static const struct {
	const char *name;
	void (*show)(struct text *text);
} machine_files[] = {
	{"meminfo", show_meminfo}, {"uptime", show_uptime}, {"counters", show_counters},
	{"policies", show_policies}, {"vmstat", show_vmstat},
	{"sys/vm/mmap_min_addr", show_min_address}, /* its directories are not listed */
};

#define LISTED_MACHINE_FILES (ARRAY_SIZE(machine_files) - 1)

/* --- files about a process --- */

struct proc_name {
	int machine;                     /* index of a machine file, or -1 */
	struct task *task;               /* a reference, or NULL */
	const struct process_file *file; /* of the task, NULL: its directory */
	unsigned long address, pages;    /* of pt@ and step@ */
	char step[STEP_NAME_MAX];        /* of step@; "": the one in force */
};

static void add_size(const struct vma *vma, void *arg)
{
	*(unsigned long *)arg += vma->end - vma->start;
}

struct sizes {
	unsigned long virtual, resident;
};

static struct sizes sizes_of(struct task *task)
{
	struct mm *mm = task_get_mm(task);
	struct sizes sizes = {0, 0};

	if (!mm)
		return sizes;
	mm_for_each_vma(mm, add_size, &sizes.virtual);
	sizes.resident = mm_pages(mm);
	mm_put(mm);
	return sizes;
}

/* As ps shows it; a thread that runs or could run makes the process R. */
static char state_of(const struct task *task)
{
	const struct task_thread *thread;

	if (task->state != TASK_ALIVE)
		return 'Z';
	if (task->linux_data && atomic_load(&task->linux_data->stopped))
		return 'T';
	list_for_each (thread, &task->threads, link)
		if (READ_ONCE(thread->thread.state) != THREAD_WAITING)
			return 'R';
	return 'S';
}

/* The fields that proc(5) numbers 1 to 24; times in hundredths of a second. */
static void show_stat(struct text *text, const struct proc_name *name)
{
	struct task *task = name->task;
	struct sizes sizes = sizes_of(task);
	u64 ticks = time_of_task(task) / 10000000;

	mutex_lock(&task_tree_lock);
	text_add(text, "%d (%s) %c %d %d %d 0 0 0 0 0 0 0 ", task->pid, task->name,
		state_of(task), task->parent_pid,
		task->linux_data ? task->linux_data->group : 0,
		task->linux_data ? task->linux_data->session : 0);
	text_add(text, "%lu 0 0 0 20 0 %u 0 %lu %lu %lu\n", ticks, task->thread_count,
		task->start_ns / 10000000, sizes.virtual, sizes.resident);
	mutex_unlock(&task_tree_lock);
}

static void show_cmdline(struct text *text, const struct proc_name *name)
{
	mutex_lock(&task_tree_lock);
	text_add_bytes(text, name->task->arguments, name->task->arguments_size);
	mutex_unlock(&task_tree_lock);
}

static void show_comm(struct text *text, const struct proc_name *name)
{
	mutex_lock(&task_tree_lock);
	text_add(text, "%s\n", name->task->name);
	mutex_unlock(&task_tree_lock);
}

static void add_vma(const struct vma *vma, void *arg)
{
	text_add(arg, "%08lx-%08lx %c%c%c%c %08lx 00:00 0%s\n", vma->start, vma->end,
		vma->prot & PROT_READ ? 'r' : '-', vma->prot & PROT_WRITE ? 'w' : '-',
		vma->prot & PROT_EXEC ? 'x' : '-', vma->flags & VMA_SHARED ? 's' : 'p',
		vma->object ? vma->start + vma->shift : 0UL,
		vma->flags & VMA_STACK  ? " [stack]"
		: vma->flags & VMA_HEAP ? " [heap]"
					: "");
}

/* Of Linux's lines those whose answer we know. */
static void add_vma_smaps(const struct vma *vma, void *arg)
{
	add_vma(vma, arg);
	text_add(arg, "Size:           %8lu kB\nKernelPageSize: %8lu kB\n",
		(vma->end - vma->start) / 1024, PAGE_SIZE / 1024);
	text_add(arg,
		"AnonHugePages:  %8lu kB\nShmemPmdMapped: %8lu kB\nTHPeligible:    %8u\n",
		vma->object ? 0 : huge_mapped(vma) / 1024,
		vma->object ? huge_mapped(vma) / 1024 : 0, huge_eligible(vma));
	text_add(arg, "VmFlags:%s%s%s%s%s%s%s%s%s%s \n",
		vma->prot & PROT_READ ? " rd" : "", vma->prot & PROT_WRITE ? " wr" : "",
		vma->prot & PROT_EXEC ? " ex" : "", vma->flags & VMA_SHARED ? " sh" : "",
		vma->flags & VMA_STACK ? " gd" : "", vma->flags & VMA_PFN ? " pf" : "",
		vma->flags & VMA_NORESERVE ? " nr" : "",
		vma->flags & VMA_CLEARED ? "" : " sd", vma->flags & VMA_HUGE ? " hg" : "",
		vma->flags & VMA_NOHUGE ? " nh" : "");
}

static void show_vmas(struct text *text, const struct proc_name *name,
	void (*add)(const struct vma *vma, void *text))
{
	struct mm *mm = task_get_mm(name->task);

	if (!mm)
		return;
	mm_for_each_vma(mm, add, text);
	mm_put(mm);
}

static void show_maps(struct text *text, const struct proc_name *name)
{
	show_vmas(text, name, add_vma);
}

static void show_smaps(struct text *text, const struct proc_name *name)
{
	show_vmas(text, name, add_vma_smaps);
}

static void add_line(const char *line, void *arg)
{
	text_add_bytes(arg, line, strlen(line));
	text_add_bytes(arg, "\n", 1);
}

static void show_pt(struct text *text, const struct proc_name *name)
{
	struct mm *mm = task_get_mm(name->task);

	if (!mm)
		return;
	mm_draw_table(mm, name->address, add_line, text);
	mm_put(mm);
}

static void show_step(struct text *text, const struct proc_name *name)
{
	struct mm *mm = task_get_mm(name->task);
	int error;

	if (!mm)
		return;
	error = !IS_LAB ? -ENOENT
			: mm_draw_step(mm, name->address, name->pages,
				  *name->step ? name->step : NULL, add_line, text);
	text->error = text->error ? text->error : error;
	mm_put(mm);
}

static const struct process_file {
	const char *name;
	void (*show)(struct text *text, const struct proc_name *name);
	struct open *(*open)(struct mm *mm); /* instead of it */
	bool placed; /* only as NAME@place; a directory does not list it */
} process_files[] = {
	{"stat", show_stat, NULL, false},
	{"cmdline", show_cmdline, NULL, false},
	{"comm", show_comm, NULL, false},
	{"maps", show_maps, NULL, false},
	{"pt", show_pt, NULL, false},
	{"exe", NULL, NULL, false}, /* a link to the program */
	{"mem", NULL, mem_open, false},
	{"smaps", show_smaps, NULL, false},
	{"pagemap", NULL, pagemap_open, false},
	{"clear_refs", NULL, clear_refs_open, false},
	{"pt@", show_pt, NULL, true},
	{"step@", show_step, NULL, true},
};

#define LISTED_FILES 10 /* of them */

static bool is_link(const struct process_file *file)
{
	return file && !file->show && !file->open;
}

/* --- names --- */

bool take_number(const char **text, unsigned int base, unsigned long *value)
{
	const char *const digits = "0123456789abcdef", *start = *text, *digit;

	for (*value = 0; **text && *text - start <= 16; ++*text) {
		digit = strchr(digits, **text);
		if (!digit || digit >= digits + base)
			break;
		*value = *value * base + (unsigned long)(digit - digits);
	}
	return *text != start && *text - start <= 16;
}

/* Behind the @: "<hex>" or, of step@, "<hex>+<pages>" or "<hex>+<pages>,<name>". */
static bool parse_place(const char *text, struct proc_name *name)
{
	if (!take_number(&text, 16, &name->address))
		return false;
	if (name->file->show != show_step)
		return !*text;
	if (!IS_LAB || *text++ != '+' || !take_number(&text, 10, &name->pages))
		return false;
	if (*text != ',')
		return !*text;
	return text[1] && string_copy(name->step, text + 1, sizeof(name->step));
}

static bool find_process_file(const char *text, struct proc_name *name)
{
	name->address = ~0UL;
	for (unsigned int i = 0; i < ARRAY_SIZE(process_files); i++) {
		const struct process_file *file = &process_files[i];
		size_t length = strlen(file->name);

		if (strncmp(file->name, text, length) || (!file->placed && text[length]))
			continue;
		name->file = file;
		return !file->placed || parse_place(text + length, name);
	}
	return false;
}

/* "self" or a number, up to `size` bytes of `text`. */
static struct task *find_process(const char *text, size_t size)
{
	char word[16];
	const char *end = word;
	unsigned long pid;

	if (size >= sizeof(word))
		return NULL;
	memcpy(word, text, size);
	word[size] = '\0';
	if (!strcmp(word, "self"))
		return task_find(current_task()->pid);
	if (*word == '0' || !take_number(&end, 10, &pid) || *end || pid > TASK_PID_MAX)
		return NULL;
	return task_find(pid);
}

/* Takes a path behind "/proc" apart; "" is the directory itself. 0 or -ENOENT; the caller
 * gives the task back. */
static int parse(const char *path, struct proc_name *name)
{
	const char *end;

	*name = (struct proc_name){.machine = -1};
	if (!*path++)
		return 0;
	for (unsigned int i = 0; i < ARRAY_SIZE(machine_files); i++)
		if (!strcmp(machine_files[i].name, path))
			name->machine = i;
	if (name->machine >= 0)
		return 0;
	end = strchr(path, '/');
	name->task = find_process(path, end ? (size_t)(end - path) : strlen(path));
	if (!name->task)
		return -ENOENT;
	if (!end)
		return 0;
	if (find_process_file(end + 1, name))
		return 0;
	task_put(name->task);
	return -ENOENT;
}

static void put(struct proc_name *name)
{
	if (name->task)
		task_put(name->task);
}

static void describe(const struct proc_name *name, struct file_info *info)
{
	bool file = name->machine >= 0 || name->file;

	*info = (struct file_info){
		.mode = file ? S_IFREG | 0444 : S_IFDIR | 0555,
		.links = file ? 1 : 2,
		.inode = 1,
		.device = DEVICE_PROC,
	};
	if (name->file && name->file->open)
		info->mode = S_IFREG | 0600;
	if (name->machine >= 0)
		info->inode = 2 + name->machine;
	if (name->task)
		info->inode = 256 * name->task->pid +
			      (file ? 1 + (name->file - process_files) : 0);
}

static const struct ramdisk_file *program_of(struct task *task)
{
	const struct ramdisk_file *program;

	mutex_lock(&task_tree_lock);
	program = task->program;
	mutex_unlock(&task_tree_lock);
	return program;
}

int proc_lookup(const char *path, struct file_info *info)
{
	struct proc_name name;
	int error = parse(path, &name);

	if (error)
		return error;
	describe(&name, info);
	if (is_link(name.file)) {
		info->file = program_of(name.task);
		info->mode |= 0111;
		info->size = info->file ? info->file->size : 0;
	}
	put(&name);
	return 0;
}

ssize_t proc_link(const char *path, char *to, size_t size)
{
	const struct ramdisk_file *program;
	struct proc_name name;
	ssize_t length;

	if (!strcmp(path, "/self"))
		return format_text(to, size, "%d", current_task()->pid);
	length = parse(path, &name);
	if (length)
		return length;
	length = -EINVAL;
	if (is_link(name.file)) {
		program = program_of(name.task);
		length = program ? format_text(to, size, "/%s", program->path) : -ENOENT;
	}
	put(&name);
	return length;
}

/* --- open files --- */

static ssize_t text_read(struct open *open, void *to, size_t size, u64 offset)
{
	struct text *text = open->object;

	if (offset >= text->size)
		return 0;
	size = min(size, text->size - offset);
	memcpy(to, text->data + offset, size);
	return size;
}

static void text_close(struct open *open)
{
	struct text *text = open->object;

	kfree(text->data);
	kfree(text);
}

static const struct open_ops text_ops = {.read = text_read, .close = text_close};

bool proc_describes(const struct open *open)
{
	return open->ops == &text_ops || mem_describes(open);
}

static int text_open(const struct proc_name *name, struct open **open)
{
	struct text *text = kmalloc(sizeof(*text));
	int error;

	if (!text)
		return -ENOMEM;
	if (name->machine >= 0)
		machine_files[name->machine].show(text);
	else
		name->file->show(text, name);
	*open = text->error ? NULL : open_create(&text_ops, OPEN_FILE, 0, text);
	if (*open) {
		(*open)->size = text->size;
		return 0;
	}
	error = text->error ? text->error : -ENOMEM;
	kfree(text->data);
	kfree(text);
	return error;
}

/* For good the mm that the task has now. */
static int memory_open(const struct proc_name *name, struct open **open)
{
	struct mm *mm = task_get_mm(name->task);

	if (!mm)
		return -EACCES; /* it is ending */
	*open = name->file->open(mm);
	if (!*open)
		mm_put(mm);
	return *open ? 0 : -ENOMEM;
}

int proc_open(const char *path, struct open **open)
{
	struct proc_name name;
	int error = parse(path, &name);

	if (error)
		return error;
	error = -ENOMEM;
	if (name.machine >= 0 || (name.file && name.file->show))
		error = text_open(&name, open);
	else if (name.file && name.file->open)
		error = memory_open(&name, open);
	put(&name);
	return error;
}

/* --- directories --- */

/* The index-th living or dead task by age. */
static bool nth_task(u64 index, struct entry *entry)
{
	struct task *task;
	int pid = 0;

	mutex_lock(&task_tree_lock);
	list_for_each (task, &task_list, all) {
		if (index-- == 0) {
			pid = task->pid;
			break;
		}
	}
	mutex_unlock(&task_tree_lock);
	format_text(entry->name, sizeof(entry->name), "%d", pid);
	entry->info = (struct file_info){.mode = S_IFDIR, .inode = 256 * pid};
	return pid != 0;
}

bool proc_entry(const char *path, u64 index, struct entry *entry)
{
	u64 files = *path ? LISTED_FILES : LISTED_MACHINE_FILES;

	if (index >= files)
		return *path ? false : nth_task(index - files, entry);
	string_copy(entry->name,
		*path ? process_files[index].name : machine_files[index].name,
		sizeof(entry->name));
	entry->info = (struct file_info){.mode = S_IFREG, .inode = 2 + index};
	return true;
}
