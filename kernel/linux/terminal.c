/*
 * kernel/linux/terminal.c - the console as Linux's terminal: ioctls and ^C.
 *
 * There is one terminal, of which every process may be in the foreground: the group whose
 * number is in `foreground` (a) gets SIGINT. Line editing itself is kernel/task's.
 */
#include "kernel/linux/linux.h"
#include "kernel/base/atomic.h"
#include "kernel/task/console.h"
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <asm/termios.h>

#define ROWS    24
#define COLUMNS 80

static int foreground = 1;

/* From a kernel thread of the console. */
void terminal_interrupt(void)
{
	const struct signal_info info = {.signal = SIGINT, .code = SI_KERNEL};

	mutex_lock(&task_tree_lock);
	signal_send_group(atomic_load(&foreground), &info);
	mutex_unlock(&task_tree_lock);
}

static long get_settings(unsigned long to)
{
	unsigned int mode = console_mode();
	struct termios settings = {
		.c_iflag = ICRNL,
		.c_oflag = OPOST | ONLCR,
		.c_cflag = B38400 | CS8 | CREAD | CLOCAL,
		.c_lflag = (mode & CONSOLE_CANONICAL ? ICANON : 0) |
			   (mode & CONSOLE_ECHO ? ECHO | ECHOE | ECHOK : 0) |
			   (mode & CONSOLE_SIGNALS ? ISIG : 0),
		.c_cc = {[VINTR] = 3,
			[VERASE] = 0x7f,
			[VKILL] = 0x15,
			[VEOF] = 4,
			[VMIN] = 1},
	};

	return user_put(to, &settings, sizeof(settings));
}

static long set_settings(unsigned long from)
{
	struct termios settings;

	if (user_get(&settings, from, sizeof(settings)))
		return -EFAULT;
	console_set_mode((settings.c_lflag & ICANON ? CONSOLE_CANONICAL : 0) |
			 (settings.c_lflag & ECHO ? CONSOLE_ECHO : 0) |
			 (settings.c_lflag & ISIG ? CONSOLE_SIGNALS : 0));
	return 0;
}

static long set_foreground(unsigned long from)
{
	const struct signal_info ask = {0};
	int group, error;

	if (user_get(&group, from, sizeof(group)))
		return -EFAULT;
	if (group <= 0)
		return -EINVAL;
	mutex_lock(&task_tree_lock);
	error = signal_send_group(group, &ask);
	mutex_unlock(&task_tree_lock);
	if (!error)
		atomic_store(&foreground, group);
	return error;
}

long terminal_ioctl(unsigned int request, unsigned long argument)
{
	const struct winsize size = {.ws_row = ROWS, .ws_col = COLUMNS};
	int group = atomic_load(&foreground);

	switch (request) {
	case TCGETS:
		return get_settings(argument);
	case TCSETS:
	case TCSETSW:
	case TCSETSF:
		return set_settings(argument);
	case TIOCGWINSZ:
		return user_put(argument, &size, sizeof(size));
	case TIOCGPGRP:
		return user_put(argument, &group, sizeof(group));
	case TIOCSPGRP:
		return set_foreground(argument);
	default:
		return -ENOTTY;
	}
}
