/*
 * kernel/task/console.c - the terminal: turns typed bytes into lines.
 *
 * A kernel thread takes raw bytes as they arrive, so that echo and ^C work even while
 * nobody reads. It edits the current line; a finished line moves to `ready`, where
 * readers find it. ^D ends a line without a newline; alone it leaves an END mark, which a
 * reader sees as the end of input. ^C discards the line; a reader that waits for it and
 * survives gets an empty one (a shell then prompts again). Bytes that find no room are
 * dropped.
 *
 * Lock: `lock` (RANK_OPEN) for all but `typed`; hooks and echo are called without it
 * where they could wait.
 */
#include "kernel/task/console.h"
#include "kernel/base/console.h"
#include "kernel/base/panic.h"
#include "kernel/base/string.h"
#include "kernel/task/task.h"

#define CTRL(c)   ((c) - '@')
#define DELETE    0x7f
#define END       CTRL('D')
#define LINE_MAX  1024
#define READY_MAX 4096

static struct mutex lock = MUTEX_INIT(lock, "console", RANK_OPEN);
static struct wait_queue readers = WAIT_QUEUE_INIT(readers);
static char line[LINE_MAX];     /* (l:lock) being edited */
static size_t line_length;      /* (l:lock) */
static char ready[READY_MAX];   /* (l:lock) ring of finished input */
static u32 ready_in, ready_out; /* (l:lock) bytes ever put and taken */
static u32 interrupts;          /* (l:lock) lines that ^C discarded */
static unsigned int mode = CONSOLE_CANONICAL | CONSOLE_ECHO | CONSOLE_SIGNALS;

static struct wait_queue keyboard = WAIT_QUEUE_INIT(keyboard);
static bool typed = true; /* (a) there may be raw bytes */

static void echo(const char *text, size_t size)
{
	if (mode & CONSOLE_ECHO)
		console_write(text, size);
}

/* --- editing --- */

static void finish_line(void)
{
	for (size_t i = 0; i < line_length; i++)
		if (ready_in - ready_out < READY_MAX)
			ready[ready_in++ % READY_MAX] = line[i];
	line_length = 0;
	wake_up(&readers);
}

static void erase(size_t count)
{
	for (; count && line_length; count--) {
		line_length--;
		echo("\b \b", 3);
	}
}

/* One byte is kept free for what ends the line. */
static void append(char c)
{
	if (line_length < LINE_MAX - 1) {
		line[line_length++] = c;
		echo(&c, 1);
	}
}

static void end_line(char c)
{
	line[line_length++] = c;
	finish_line();
}

/* True: ^C, for which the caller calls the hook when it has let go of the lock. */
static bool edit(char c)
{
	if (c == CTRL('C') && (mode & CONSOLE_SIGNALS)) {
		line_length = 0;
		echo("^C\n", 3);
		return true;
	}
	if (c == '\r')
		c = '\n';
	if (!(mode & CONSOLE_CANONICAL)) {
		append(c);
		finish_line();
	} else if (c == '\n') {
		echo(&c, 1);
		end_line(c);
	} else if (c == CTRL('D')) {
		if (line_length)
			finish_line();
		else
			end_line(END);
	} else if (c == DELETE || c == CTRL('H')) {
		erase(1);
	} else if (c == CTRL('U')) {
		erase(line_length);
	} else if (c == '\t') {
		append(' ');
	} else if ((u8)c >= ' ') {
		append(c);
	}
	return false;
}

static void interrupt(void)
{
	if (task_hooks.console_interrupt)
		task_hooks.console_interrupt();
	mutex_lock(&lock);
	interrupts++;
	wake_up(&readers); /* after the signals: who is to end does so */
	mutex_unlock(&lock);
}

static void console_thread(void *unused)
{
	bool interrupted;
	char c;

	for (;;) {
		wait_event(&keyboard, atomic_exchange(&typed, false));
		while (console_take(&c, 1)) {
			mutex_lock(&lock);
			interrupted = edit(c);
			mutex_unlock(&lock);
			if (interrupted)
				interrupt();
		}
	}
}

static void on_typed(void)
{
	atomic_store(&typed, true);
	wake_up(&keyboard);
}

void console_start(void)
{
	struct thread *thread = thread_create("console", console_thread, NULL);

	ASSERT(thread, "no memory for the console thread");
	console_notify = on_typed;
	console_write("\f", 1); /* ends what firmware has written; tests look for it */
	thread_start(thread);
}

unsigned int console_mode(void)
{
	return READ_ONCE(mode);
}

void console_set_mode(unsigned int new)
{
	mutex_lock(&lock);
	mode = new;
	mutex_unlock(&lock);
}

/* --- the open objects --- */

/* One line, or what there is of it; 0 at an END mark. */
static size_t take_ready(char *to, size_t size)
{
	size_t count = 0;

	while (count < size && ready_in != ready_out) {
		char c = ready[ready_out % READY_MAX];

		if (c == END && count && (mode & CONSOLE_CANONICAL))
			break; /* for the next read */
		ready_out++;
		if (c == END && (mode & CONSOLE_CANONICAL))
			break;
		to[count++] = c;
		if (c == '\n')
			break;
	}
	return count;
}

static ssize_t tty_read(struct open *open, void *to, size_t size, u64 offset)
{
	size_t count;
	u32 before;

	mutex_lock(&lock);
	before = interrupts;
	while (ready_in == ready_out && interrupts == before) {
		mutex_unlock(&lock);
		if (READ_ONCE(open->flags) & OPEN_NONBLOCK)
			return -EAGAIN;
		if (wait_event_killable(
			    &readers, READ_ONCE(ready_in) != READ_ONCE(ready_out) ||
					      READ_ONCE(interrupts) != before))
			return -ERESTART;
		mutex_lock(&lock);
	}
	if (ready_in == ready_out && size)
		*(char *)to = '\n';
	count = ready_in == ready_out ? min(size, 1UL) : take_ready(to, size);
	mutex_unlock(&lock);
	return count;
}

static ssize_t tty_write(struct open *open, const void *from, size_t size, u64 offset)
{
	console_write(from, size);
	return size;
}

/* /dev/null and /dev/zero take everything; one gives nothing, the other zeros. */
static ssize_t null_read(struct open *open, void *to, size_t size, u64 offset)
{
	if (open->kind == OPEN_NULL)
		return 0;
	memset(to, 0, size);
	return size;
}

static ssize_t null_write(struct open *open, const void *from, size_t size, u64 offset)
{
	return size;
}

static const struct open_ops null_ops = {.read = null_read, .write = null_write};

struct open *console_open(void)
{
	static const struct open_ops ops = {.read = tty_read, .write = tty_write};

	return open_create(&ops, OPEN_CONSOLE, OPEN_READ | OPEN_WRITE, NULL);
}

struct open *null_open(void)
{
	return open_create(&null_ops, OPEN_NULL, OPEN_READ | OPEN_WRITE, NULL);
}

struct open *zero_open(void)
{
	return open_create(&null_ops, OPEN_ZERO, OPEN_READ | OPEN_WRITE, NULL);
}
