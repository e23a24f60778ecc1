/*
 * kernel/task/exec.c - replacing a task's program; see exec.h.
 *
 * The new address space is in use by the running thread while it is filled, so that the
 * ordinary user copies build it; nobody else knows it yet. Up to that point every failure
 * just drops it. Then the other threads leave, and the task adopts it: from there on
 * nothing can fail.
 *
 * The stack of a new program (System V ABI of both machines), from high to low addresses:
 * strings, 16 random bytes, then at the stack pointer argc, argv[], 0, envp[], 0, auxv[].
 */
#include "kernel/task/exec.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/task/elf.h"
#include "kernel/task/random.h"
#include "kernel/task/ramdisk.h"
#include "kernel/task/task.h"
#include "arch/contract/elf.h"
#include "arch/contract/uaccess.h"
#include "mm/space/cache.h"
#include "mm/space/frame.h"
#include "mm/space/object.h"

#define STACK_ROOM (64 * 1024UL) /* mapped below the arguments; grows from there */

#define STRINGS_ORDER 5
_Static_assert(EXEC_STRINGS_MAX == PAGE_SIZE << STRINGS_ORDER, "one block of frames");

#define AUXV_WORDS 36 /* 17 pairs and the end */

/* --- arguments --- */

int exec_args_init(struct exec_args *args)
{
	struct page *page = frame_alloc(STRINGS_ORDER, PAGE_KERNEL, 0);

	*args = (struct exec_args){.strings = page ? page_address(page) : NULL};
	return page ? 0 : -ENOMEM;
}

void exec_args_free(struct exec_args *args)
{
	page_put(page_of_virt(args->strings));
}

int exec_args_add(struct exec_args *args, const char *string)
{
	if (!string_copy(
		    args->strings + args->size, string, EXEC_STRINGS_MAX - args->size))
		return -E2BIG;
	args->size += strlen(string) + 1;
	return 0;
}

int exec_args_add_user(struct exec_args *args, unsigned long string)
{
	while (args->size < EXEC_STRINGS_MAX) {
		/* Up to the next page boundary: the string may end before an unmapped
		 * page. */
		size_t room = min(
			EXEC_STRINGS_MAX - args->size, PAGE_SIZE - string % PAGE_SIZE);
		char *to = args->strings + args->size;
		size_t got = room - arch_copy_from_user(to, string, room);
		size_t length = strnlen(to, got);

		args->size += min(length + 1, got);
		if (length < got)
			return 0;
		if (got < room)
			return -EFAULT;
		string += got;
	}
	return -E2BIG;
}

/* --- the stack --- */

struct stack {
	unsigned long at; /* next address to fill */
	bool failed;      /* no memory, somewhere on the way */
};

static void put(struct stack *stack, const void *bytes, size_t size)
{
	if (arch_copy_to_user(stack->at, bytes, size))
		stack->failed = true;
}

static unsigned long push(struct stack *stack, const void *bytes, size_t size)
{
	stack->at -= size;
	put(stack, bytes, size);
	return stack->at;
}

static void word(struct stack *stack, u64 value)
{
	put(stack, &value, sizeof(value));
	stack->at += sizeof(value);
}

static void words_for_strings(struct stack *stack, const char **string,
	unsigned long *address, unsigned int count)
{
	while (count--) {
		size_t size = strlen(*string) + 1;

		word(stack, *address);
		*address += size;
		*string += size;
	}
	word(stack, 0);
}

static void pair(struct stack *stack, u64 type, u64 value)
{
	word(stack, type);
	word(stack, value);
}

/* AUXV_WORDS of them; the types are the same on both machines. */
static void words_for_auxv(struct stack *stack, const struct elf_program *program,
	unsigned long path, unsigned long platform, unsigned long random)
{
	pair(stack, 3 /* AT_PHDR */, program->headers);
	pair(stack, 4 /* AT_PHENT */, ELF_PHDR_SIZE);
	pair(stack, 5 /* AT_PHNUM */, program->header_count);
	pair(stack, 6 /* AT_PAGESZ */, PAGE_SIZE);
	pair(stack, 7 /* AT_BASE */, 0);
	pair(stack, 8 /* AT_FLAGS */, 0);
	pair(stack, 9 /* AT_ENTRY */, program->entry);
	pair(stack, 11 /* AT_UID */, 0);
	pair(stack, 12 /* AT_EUID */, 0);
	pair(stack, 13 /* AT_GID */, 0);
	pair(stack, 14 /* AT_EGID */, 0);
	pair(stack, 15 /* AT_PLATFORM */, platform);
	pair(stack, 16 /* AT_HWCAP */, arch_elf_hwcap());
	pair(stack, 17 /* AT_CLKTCK */, 100);
	pair(stack, 23 /* AT_SECURE */, 0);
	pair(stack, 25 /* AT_RANDOM */, random);
	pair(stack, 31 /* AT_EXECFN */, path);
	pair(stack, 0 /* AT_NULL */, 0);
}

/* Map the stack of the address space in use and fill it. */
static int build_stack(const struct elf_program *program, const char *path,
	const struct exec_args *args, unsigned long *sp)
{
	struct mm *mm = current()->mm;
	size_t words = 1 + args->argc + 1 + args->envc + 1 + AUXV_WORDS;
	size_t size = ALIGN_UP(args->size + words * 8, PAGE_SIZE) + STACK_ROOM;
	unsigned long start = mm->stack_top - size, strings, name, platform, random;
	struct stack stack = {.at = mm->stack_top};
	const char *string = args->strings;
	u8 bytes[16];
	int error = mm_map(mm, &start, size, PROT_READ | PROT_WRITE,
		MM_FIXED | MM_NOREPLACE | MM_STACK);

	if (error)
		return error;
	strings = push(&stack, args->strings, args->size);
	name = push(&stack, path, strlen(path) + 1);
	platform = push(&stack, ARCH_ELF_PLATFORM, sizeof(ARCH_ELF_PLATFORM));
	random_bytes(bytes, sizeof(bytes));
	random = push(&stack, bytes, sizeof(bytes));
	*sp = stack.at = ALIGN_DOWN(stack.at - words * 8, 16);
	word(&stack, args->argc);
	words_for_strings(&stack, &string, &strings, args->argc);
	words_for_strings(&stack, &string, &strings, args->envc);
	words_for_auxv(&stack, program, name, platform, random);
	return stack.failed ? -ENOMEM : 0;
}

/* --- the exchange --- */

/* What the task shows of its program; prepared while it can still fail. */
static char *copy_arguments(const struct exec_args *args, size_t *size)
{
	const char *end = args->strings;
	char *copy;

	for (unsigned int i = 0; i < args->argc; i++)
		end += strlen(end) + 1;
	*size = end - args->strings;
	copy = kmalloc(*size + 1);
	if (copy)
		memcpy(copy, args->strings, *size);
	return copy;
}

/* The point of no return: only the running thread is left. */
static void adopt(struct mm *mm, const struct ramdisk_file *file, char *arguments,
	size_t arguments_size)
{
	struct task *task = current_task();
	struct mm *old_mm = task->mm;
	char *old_arguments = task->arguments;

	mm_use(mm);
	mutex_lock(&task_tree_lock);
	task->mm = mm;
	task->program = file;
	task->arguments = arguments;
	task->arguments_size = arguments_size;
	string_copy(task->name, ramdisk_name(file), sizeof(task->name));
	string_copy(current()->name, task->name, sizeof(current()->name));
	task->borrows_mm = false;
	mutex_unlock(&task_tree_lock);
	wake_up(&task->changed); /* the parent waits for its address space */
	if (old_mm)
		mm_put(old_mm);
	kfree(old_arguments);
	handles_exec(task->handles);
	arch_thread_reset_fp(&current()->arch, true);
	arch_thread_set_tls(&current()->arch, 0, true);
	if (task_hooks.task_exec)
		task_hooks.task_exec(task);
}

/* Fill `mm`; the running thread uses it meanwhile. */
static int build(struct mm *mm, const struct ramdisk_file *file,
	const struct elf_program *program, const char *path, const struct exec_args *args,
	unsigned long *sp)
{
	struct object *object = ramdisk_object(file);
	struct mm *old = current()->mm;
	int error;

	if (!object)
		return -ENOMEM;
	mm_use(mm);
	error = elf_load(file->data, object, program);
	if (!error) {
		mm_set_brk_start(mm, program->segments[program->count - 1].end);
		error = build_stack(program, path, args, sp);
	}
	mm_use(old);
	object_put(object);
	return error;
}

int task_exec(const struct ramdisk_file *file, const char *path,
	const struct exec_args *args, struct regs *regs)
{
	struct elf_program program;
	struct mm *mm;
	const char *wrong;
	char *arguments;
	size_t arguments_size;
	unsigned long sp;
	int error;

	if (RAMDISK_TYPE(file->mode) != RAMDISK_FILE || !(file->mode & 0111))
		return -EACCES;
	if (args->argc + args->envc > EXEC_COUNT_MAX)
		return -E2BIG;
	mm = mm_create();
	if (!mm)
		return -ENOMEM;
	wrong = elf_check(file->data, file->size, mm->limit, &program);
	if (wrong) {
		print("exec: %s: %s\n", path, wrong);
		mm_put(mm);
		return -ENOEXEC;
	}
	arguments = copy_arguments(args, &arguments_size);
	error = arguments ? build(mm, file, &program, path, args, &sp) : -ENOMEM;
	if (!error)
		error = task_end_other_threads();
	if (error) {
		kfree(arguments);
		mm_put(mm);
		return error;
	}
	adopt(mm, file, arguments, arguments_size);
	regs_init_user(regs, program.entry, sp);
	return 0;
}
