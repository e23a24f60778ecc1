/*
 * arch/contract/console.h - two consoles: the user's (COM1, SCLP ASCII) and the log's
 * (COM2, SCLP line mode). Both work polled from the first C line on; input of the user
 * console comes by interrupt after arch_console_enable_input() and is passed to
 * console_input(). Callers serialise writes of one console.
 */
#pragma once

#include "kernel/base/types.h"

void arch_console_write(
	const char *text, size_t size);             /* raw bytes; "\n" becomes "\r\n" */
void arch_log_write(const char *text, size_t size); /* whole lines where possible */
void arch_console_enable_input(void);
