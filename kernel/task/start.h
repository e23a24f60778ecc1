/*
 * kernel/task/start.h - from a booted kernel to the first user program.
 */
#pragma once

#include "kernel/base/types.h"

/* Registers what the rooms below call upwards: thread memory, traps, signals. */
void task_init(void);

/* Starts the thread that runs the unit tests (test=...), or unpacks the ramdisk index and
 * starts /init (option init=PATH) as pid 1; without a ramdisk: a clear message, failure.
 */
void task_start_first(void);

/* Prints the record `exit <status>` on the log and ends the machine. */
__noreturn void task_power_off(int status);

/* khugepaged.c: starts its thread. No more rounds, and none is going on: may sleep. */
void khugepaged_start(void);
void khugepaged_stop(void);
