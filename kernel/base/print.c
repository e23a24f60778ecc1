/*
 * kernel/base/print.c - the kernel log: a ring for `dmesg` and a line to the log console.
 *
 * Data: `ring` holds the last LOG_SIZE bytes, `end` counts all bytes ever written; both
 * under `print_lock`, the innermost of all ranks. A panic breaks the lock: the CPU that
 * held it is stopped for good.
 */
#include "kernel/base/print.h"
#include "kernel/base/spin.h"
#include "kernel/base/string.h"
#include "arch/contract/console.h"

#define LOG_SIZE (64 * 1024)
#define LINE_MAX 512

static char ring[LOG_SIZE]; /* (l:print_lock) */
static u64 end;             /* (l:print_lock) */
static bool lock_broken;    /* set once, by panic */
static struct spinlock print_lock = SPINLOCK_INIT("print", RANK_PRINT);

static unsigned long log_lock(void)
{
	return lock_broken ? 0 : spin_lock_irqsave(&print_lock);
}

static void log_unlock(unsigned long flags)
{
	if (!lock_broken)
		spin_unlock_irqrestore(&print_lock, flags);
}

void print(const char *format, ...)
{
	char line[LINE_MAX];
	va_list args;
	size_t length;
	unsigned long flags;

	va_start(args, format);
	length = (size_t)format_text_v(line, sizeof(line), format, args);
	va_end(args);
	if (length >= sizeof(line)) { /* cut, but still a line and visibly cut */
		length = sizeof(line) - 1;
		memcpy(line + length - 4, "...\n", 4);
	}
	flags = log_lock();
	for (size_t i = 0; i < length; i++)
		ring[end++ % LOG_SIZE] = line[i];
	arch_log_write(line, length);
	log_unlock(flags);
}

size_t print_read_log(u64 *from, char *to, size_t size)
{
	unsigned long flags = log_lock();
	size_t n = 0;

	if (end > LOG_SIZE)
		*from = max(*from, end - LOG_SIZE);
	while (n < size && *from < end)
		to[n++] = ring[(*from)++ % LOG_SIZE];
	log_unlock(flags);
	return n;
}

void print_break_lock(void)
{
	lock_broken = true;
}
