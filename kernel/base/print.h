/*
 * kernel/base/print.h - the kernel log.
 *
 * print() formats a line into the log ring (read by `dmesg`) and sends it to the log
 * console (COM2, SCLP line mode). Callable from any context, interrupts off included,
 * before SMP and while panicking; it takes only the print lock, the innermost rank.
 * Formats: %d %i %u %x %c %s %p %% with l, ll, z, width, 0, - and .precision for %s.
 */
#pragma once

#include "kernel/base/types.h"

void print(const char *format, ...) __printf(1, 2);

/* Like snprintf: always NUL-terminated if size > 0; returns the length it wanted. */
int format_text(char *to, size_t size, const char *format, ...) __printf(3, 4);
int format_text_v(char *to, size_t size, const char *format, va_list args);

/* Copy log text from absolute position *from on (older text that the ring has lost is
 * skipped and *from moved up); returns bytes copied, 0 at the end. *from is advanced. */
size_t print_read_log(u64 *from, char *to, size_t size);

/* From here on this CPU alone writes, without the lock: only panic() calls it. */
void print_break_lock(void);
