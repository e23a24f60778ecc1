/*
 * kernel/base/console.h - the user console (COM1, SCLP ASCII): bytes in, bytes out.
 *
 * Output goes through arch_console_write(). Input arrives by interrupt: the architecture
 * calls console_input() for each byte; a reader sleeps until `console_notify` is called.
 * The line discipline (echo, erase, ^C, ^D) belongs to kernel/task; this is the raw ring.
 */
#pragma once

#include "kernel/base/types.h"

/* From the console's interrupt handler; a byte that does not fit is dropped. */
void console_input(char byte);

/* Takes what is there, at most `size` bytes; never waits. */
size_t console_take(char *to, size_t size);

/* Set once at boot: called (interrupts off) after bytes were added. */
extern void (*console_notify)(void);

/* Write all bytes to the user console; serialises writers. Does not sleep. */
void console_write(const char *from, size_t size);
