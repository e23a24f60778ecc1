/*
 * kernel/base/console.c - the raw user console; see console.h.
 *
 * Data: a ring of input bytes under `input_lock` (taken in the interrupt, so always with
 * interrupts off), and `output_lock`, which keeps writers apart.
 */
#include "kernel/base/console.h"
#include "kernel/base/spin.h"
#include "arch/contract/console.h"

#define INPUT_SIZE 1024 /* a power of two */
#define WRITE_MAX  256  /* bytes with interrupts off at a time */

static struct spinlock input_lock = SPINLOCK_INIT("console input", RANK_CONSOLE);
static struct spinlock output_lock = SPINLOCK_INIT("console output", RANK_CONSOLE);
static char input[INPUT_SIZE];              /* (l:input_lock) */
static unsigned int input_head, input_tail; /* (l:input_lock) put and take positions */

void (*console_notify)(void);

void console_input(char byte)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);

	if (input_head - input_tail < INPUT_SIZE)
		input[input_head++ % INPUT_SIZE] = byte;
	spin_unlock_irqrestore(&input_lock, flags);
	if (console_notify)
		console_notify();
}

size_t console_take(char *to, size_t size)
{
	unsigned long flags = spin_lock_irqsave(&input_lock);
	size_t n = 0;

	while (n < size && input_tail != input_head)
		to[n++] = input[input_tail++ % INPUT_SIZE];
	spin_unlock_irqrestore(&input_lock, flags);
	return n;
}

void console_write(const char *from, size_t size)
{
	while (size) {
		size_t n = min(size, (size_t)WRITE_MAX);
		unsigned long flags = spin_lock_irqsave(&output_lock);

		arch_console_write(from, n);
		spin_unlock_irqrestore(&output_lock, flags);
		from += n;
		size -= n;
	}
}
