/*
 * kernel/base/string.c - the memory and string functions of string.h, byte by byte.
 *
 * Compiled without the optimisation that would turn memcpy's loop into a call of memcpy.
 */
#include "kernel/base/string.h"

#pragma GCC optimize("no-tree-loop-distribute-patterns")

void *memcpy(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if (IS_ALIGNED((uintptr_t)d | (uintptr_t)s, sizeof(u64)))
		for (; n >= sizeof(u64);
			n -= sizeof(u64), d += sizeof(u64), s += sizeof(u64))
			*(u64 *)d = *(const u64 *)s;
	while (n--)
		*d++ = *s++;
	return to;
}

void *memmove(void *to, const void *from, size_t n)
{
	u8 *d = to;
	const u8 *s = from;

	if (d <= s)
		return memcpy(to, from, n);
	while (n--)
		d[n] = s[n];
	return to;
}

void *memset(void *to, int byte, size_t n)
{
	u8 *d = to;
	u64 word = 0x0101010101010101UL * (u8)byte;

	if (IS_ALIGNED((uintptr_t)d, sizeof(u64)))
		for (; n >= sizeof(u64); n -= sizeof(u64), d += sizeof(u64))
			*(u64 *)d = word;
	while (n--)
		*d++ = (u8)byte;
	return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
	const u8 *x = a, *y = b;

	for (; n; n--, x++, y++)
		if (*x != *y)
			return *x - *y;
	return 0;
}

size_t strlen(const char *s)
{
	return strnlen(s, ~0UL);
}

size_t strnlen(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && s[n])
		n++;
	return n;
}

int strcmp(const char *a, const char *b)
{
	return strncmp(a, b, ~0UL);
}

int strncmp(const char *a, const char *b, size_t n)
{
	for (; n; n--, a++, b++)
		if (*a != *b || !*a)
			return (u8)*a - (u8)*b;
	return 0;
}

char *strchr(const char *s, int c)
{
	for (;; s++) {
		if (*s == (char)c)
			return (char *)s;
		if (!*s)
			return NULL;
	}
}

char *strrchr(const char *s, int c)
{
	char *last = NULL;

	for (; *s; s++)
		if (*s == (char)c)
			last = (char *)s;
	return last;
}

bool string_copy(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (!size)
		return false;
	memcpy(to, from, min(length, size - 1));
	to[min(length, size - 1)] = '\0';
	return length < size;
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return 99;
}

static unsigned int suffix_shift(char c)
{
	switch (c) {
	case 'k':
	case 'K':
		return 10;
	case 'm':
	case 'M':
		return 20;
	case 'g':
	case 'G':
		return 30;
	default:
		return 0;
	}
}

bool string_to_u64(const char *text, u64 *value)
{
	int base = text[0] == '0' && text[1] == 'x' ? 16 : 10;
	const char *p = base == 16 ? text + 2 : text;
	const char *first = p;
	u64 n = 0;

	for (; digit_value(*p) < base; p++)
		if (__builtin_mul_overflow(n, base, &n) ||
			__builtin_add_overflow(n, digit_value(*p), &n))
			return false;
	if (p == first)
		return false;
	if (suffix_shift(*p)) {
		if (n >> (64 - suffix_shift(*p)))
			return false;
		n <<= suffix_shift(*p++);
	}
	if (*p)
		return false;
	*value = n;
	return true;
}
