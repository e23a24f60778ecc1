/*
 * tests/linux/aperture.c - memory of a device that is mapped, shared with children, and
 * taken back: also while threads use it and unmap it.
 */
#define _GNU_SOURCE
#include "tests/linux/tap.h"
#include "kernel/task/aperture.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define PAGE   4096UL
#define ROUNDS 300
#define RW     (PROT_READ | PROT_WRITE)

static int open_device(void)
{
	int device = open("/dev/aperture", O_RDWR);

	if (device < 0) {
		printf("Bail out! open /dev/aperture: %s\n", strerror(errno));
		exit(1);
	}
	return device;
}

static char *map(int device, int prot)
{
	char *at = mmap(NULL, APERTURE_SIZE, prot, MAP_SHARED, device, 0);

	if (at == MAP_FAILED) {
		printf("Bail out! mmap: %s\n", strerror(errno));
		exit(1);
	}
	return at;
}

/* How a child ends that touches the address: 0, or the signal. */
static int touch_ends(char *at)
{
	int status = -1;
	pid_t child = fork();

	if (!child) {
		*(volatile char *)at;
		_exit(0);
	}
	waitpid(child, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_is_shared(void)
{
	int device = open_device(), other = open_device(), status = -1;
	char *at = map(device, RW), *again = map(other, PROT_READ);
	pid_t child;

	at[0] = 1;
	test(again[0] == 1, "two mappings of the device's memory");
	child = fork();
	if (!child) {
		at[PAGE] = at[0] + 1;
		_exit(0);
	}
	test(waitpid(child, &status, 0) == child && !status && again[PAGE] == 2,
		"a child writes to it");
	test(mmap(NULL, PAGE, RW, MAP_PRIVATE, device, 0) == MAP_FAILED &&
			errno == EINVAL,
		"no private mapping");
	test(madvise(at, PAGE, MADV_DONTNEED) == -1 && errno == EINVAL,
		"nothing to discard");
	test(ioctl(device, 1) == -1 && errno == ENOTTY, "no other request");
	test(!ioctl(device, APERTURE_REVOKE), "it is taken back");
	test(touch_ends(at) == SIGBUS && touch_ends(again + PAGE) == SIGBUS,
		"touching it is a bus error");
	close(device);
	device = open_device();
	test(mmap(at, APERTURE_SIZE, RW, MAP_SHARED | MAP_FIXED, device, 0) == at &&
			at[0] == 0,
		"who opens the device has other memory, of zeros");
	test(touch_ends(again) == SIGBUS, "who had opened it before has not");
	test(!ioctl(other, APERTURE_REVOKE) && at[0] == 0, "that is revoked only once");
	munmap(at, APERTURE_SIZE);
	munmap(again, APERTURE_SIZE);
	close(device);
	close(other);
}

static int stop;

/* read() of /dev/zero into it: EFAULT where a store of its own would end the program. */
static void *use(void *zero)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		int device = open_device();
		char *at = map(device, RW);

		for (unsigned long i = 0; i < APERTURE_SIZE; i += PAGE)
			if (read(*(int *)zero, at + i, 8) < 0 && errno != EFAULT)
				failures++;
		munmap(at, APERTURE_SIZE);
		close(device);
	}
	return NULL;
}

/* Frames that come back are handed out at once, and must stay what they are then. */
static int others_are_left_alone(void)
{
	unsigned long size = 2 * APERTURE_SIZE;
	char *at = mmap(NULL, size, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int right = at != MAP_FAILED;

	for (unsigned long i = 0; right && i < size; i += PAGE)
		memset(at + i, 7, 64);
	for (unsigned long i = 0; right && i < size; i += PAGE)
		for (int n = 0; n < 64; n++)
			right &= at[i + n] == 7;
	munmap(at, size);
	return right;
}

static void test_in_a_storm(void)
{
	int zero = open("/dev/zero", O_RDONLY), right = 1, ended = 1;
	pthread_t threads[2];

	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, use, &zero);
	for (int i = 0; i < rounds(ROUNDS); i++) {
		int device = open_device();
		pid_t child = i % 10 ? 0 : fork();

		if (i % 10 == 0 && !child) {
			char *at = map(device, RW);

			(void)!read(zero, at, 8);
			_exit(0); /* while it is revoked, perhaps */
		}
		right &= !ioctl(device, APERTURE_REVOKE) && others_are_left_alone();
		close(device);
		if (child)
			ended &= waitpid(child, NULL, 0) == child;
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	test(right && ended, "revoked while threads and processes map, use and unmap it");
	close(zero);
}

int main(void)
{
	PART(test_is_shared());
	PART(test_in_a_storm());
	printf("1..%d\n", count);
	return failures != 0;
}
