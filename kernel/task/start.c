/*
 * kernel/task/start.c - from a booted kernel to the first user program, and the end.
 *
 * One kernel thread goes the whole way: with the option `test` it runs the unit tests and
 * ends the machine; otherwise it indexes the ramdisk, becomes the first thread of pid 1,
 * loads the program and leaves for user mode. Whatever is missing on the way is said, and
 * ends the machine with a failing status.
 */
#include "kernel/task/start.h"
#include "mm/oracle/ledger.h"
#include "boot/info.h"
#include "kernel/base/options.h"
#include "kernel/base/panic.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "kernel/task/console.h"
#include "kernel/task/exec.h"
#include "kernel/task/ramdisk.h"
#include "kernel/task/task.h"
#include "arch/contract/cpu.h"
#include "arch/contract/page.h"

#define START_FAILED 1 /* the status when no program could be started */

static char init_path[128] = "/init"; /* (c) after options_parse() */
static char test_pattern[64];         /* (c) likewise; "": no tests */

/* Linked in with the tests; without them the option is refused. */
int unit_run(const char *pattern) __weak;
int race_run(void) __weak; /* what race= asks for; negative: nothing */

static bool parse_init(const char *value)
{
	return value[0] == '/' && string_copy(init_path, value, sizeof(init_path));
}

static bool parse_test(const char *value)
{
	return unit_run && value[0] &&
	       string_copy(test_pattern, value, sizeof(test_pattern));
}

OPTION(init, "init", "init=PATH: the first program, /init by default", parse_init);
OPTION(test, "test", "test=unit|NAME|PREFIX*: run unit tests (lab builds)", parse_test);

void task_power_off(int status)
{
	khugepaged_stop(); /* it may have pages in hand, and be the last user of an mm */
	if (ledger_outstanding())
		print("ledger: %ld references left\n", ledger_outstanding());
	print("exit %d\n", status);
	arch_power_off(status);
}

/* --- the ramdisk --- */

static void index_ramdisk(void)
{
	const struct boot_range *range = &boot_info.ramdisk;
	const char *wrong;
	size_t offset;

	if (!ramdisk_init(&ramdisk) || !range->size) {
		print("no ramdisk: give the boot loader one (QEMU: -initrd FILE; GRUB: "
		      "module2 FILE)\n");
		task_power_off(START_FAILED);
	}
	wrong = ramdisk_add(
		&ramdisk, phys_to_virt(phys(range->base)), range->size, &offset);
	if (wrong)
		print("ramdisk: damaged at offset %lu of %lu: %s; going on with what is "
		      "before it\n",
			offset, (size_t)range->size, wrong);
}

/* --- pid 1 --- */

static int open_console_handles(struct handles *handles)
{
	struct open *console = console_open();

	if (!console)
		return -ENOMEM;
	for (int number = 0; number < 3; number++) {
		open_get(console);
		handles_add(handles, console, number, false);
	}
	open_put(console);
	return 0;
}

static int exec_init(struct regs *regs)
{
	const struct ramdisk_file *file = ramdisk_find(&ramdisk, init_path + 1);
	struct exec_args args;
	int error;

	if (!file)
		return -ENOENT;
	error = exec_args_init(&args);
	if (error)
		return error;
	exec_args_add(&args, init_path);
	exec_args_add(&args, "HOME=/");
	exec_args_add(&args, "PATH=/bin");
	exec_args_add(&args, "TERM=linux");
	args.argc = 1;
	args.envc = 3;
	error = task_exec(file, init_path, &args, regs);
	exec_args_free(&args);
	return error;
}

static const char *why(int error)
{
	return error == -ENOENT    ? "the ramdisk has no such file"
	       : error == -EACCES  ? "it is not an executable file"
	       : error == -ENOEXEC ? "it is not a program for this machine"
				   : "not enough memory";
}

static void start_init(void)
{
	struct regs *regs = arch_thread_regs(current()->stack_top);
	int error = task_adopt_first();

	if (!error)
		error = open_console_handles(current_task()->handles);
	if (!error)
		error = exec_init(regs);
	if (error) {
		print("cannot start %s: %s (init=PATH names another)\n", init_path,
			why(error));
		task_power_off(START_FAILED);
	}
	arch_user_enter(regs);
}

static void start_thread(void *unused)
{
	int status;

	if (test_pattern[0])
		task_power_off(unit_run(test_pattern) ? START_FAILED : 0);
	status = race_run ? race_run() : -1;
	if (status >= 0)
		task_power_off(status);
	index_ramdisk();
	khugepaged_start();
	start_init();
}

void task_init(void)
{
	mutex_init(&task_tree_lock, "task tree", RANK_TASK_TREE);
	task_stacks_init();
	task_traps_init();
}

void task_start_first(void)
{
	struct thread *thread = thread_create("start", start_thread, NULL);

	ASSERT(thread, "no memory for the first thread");
	console_start();
	thread_start(thread);
}
