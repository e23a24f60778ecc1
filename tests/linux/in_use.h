/*
 * tests/linux/in_use.h - is as much of the kernel's memory in use as before? Lab builds
 * tell how much it is; with others nothing is ever lost.
 *
 * What the asking program touches for the first time in between counts, too: it should
 * have locked its memory. Pages of files stay when they were used once.
 */
#pragma once

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct in_use {
	unsigned long objects, frames;
	int fired; /* has the allocation failed that was to (kernel/linux/fail_file.c)? */
};

static inline struct in_use in_use_look(void)
{
	struct in_use now = {0, 0, 0};
	char text[100] = "";
	int file = open("/sys/kernel/debug/fail", O_RDONLY);

	if (file < 0)
		return now;
	if (read(file, text, sizeof(text) - 1) <= 0 ||
		sscanf(text, "fired %d objects %lu frames %lu", &now.fired, &now.objects,
			&now.frames) != 3) {
		printf("Bail out! what is in use cannot be read\n");
		exit(1);
	}
	close(file);
	return now;
}

static inline void in_use_nap(void)
{
	nanosleep(&(struct timespec){0, 50000000}, NULL);
}

/* The least of a while: what is freed after a grace period comes a little later. */
static inline struct in_use in_use_now(void)
{
	struct in_use least = in_use_look(), now;

	for (int i = 0; i < 8; i++) {
		in_use_nap();
		now = in_use_look();
		if (now.objects <= least.objects && now.frames <= least.frames)
			least = now;
	}
	return least;
}

/* The tables of the kernel's window for stacks, for one, grow and stay. */
#define IN_USE_SLACK 8 /* frames */

static inline int in_use_as(struct in_use before)
{
	struct in_use now = in_use_look();

	for (int i = 0; i < 100; i++) {
		if (now.objects <= before.objects &&
			now.frames <= before.frames + IN_USE_SLACK)
			return 1;
		in_use_nap();
		now = in_use_look();
	}
	printf("# objects %lu -> %lu, frames %lu -> %lu\n", before.objects, now.objects,
		before.frames, now.frames);
	return 0;
}
