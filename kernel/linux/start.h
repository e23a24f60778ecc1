/*
 * kernel/linux/start.h - the one thing that main.c needs to know of the Linux layer.
 */
#pragma once

/* Put the layer above kernel/task: before the first task is made. */
void linux_init(void);
