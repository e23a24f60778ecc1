/*
 * kernel/task/console.h - the terminal: lines, echo and ^C on top of the raw console.
 */
#pragma once

#include "kernel/task/handle.h"

#define CONSOLE_CANONICAL 1u /* input in lines: erase ^H, kill ^U, end ^D */
#define CONSOLE_ECHO      2u
#define CONSOLE_SIGNALS   4u /* ^C calls task_hooks.console_interrupt */

unsigned int console_mode(void);
void console_set_mode(unsigned int mode);

/* Starts the thread that edits lines. After the scheduler runs. */
void console_start(void);

/* New open objects; NULL: no memory. /dev/null; /dev/zero. */
struct open *console_open(void);
struct open *null_open(void);
struct open *zero_open(void);
struct open *dma_open(void);      /* dma.h */
struct open *aperture_open(void); /* aperture.h */
struct open *contig_open(void);   /* contig.h */
