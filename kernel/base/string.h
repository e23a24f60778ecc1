/*
 * kernel/base/string.h - the memory and string functions that a freestanding compiler
 * may call, and no more. Plain C; the page-sized ones that matter for speed are the
 * architecture's (arch/contract/page.h).
 */
#pragma once

#include "kernel/base/types.h"

void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);
size_t strnlen(const char *s, size_t max);
int strcmp(const char *a, const char *b);
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strrchr(const char *s, int c);

/* Copies at most size-1 bytes and always ends with NUL. True if all of `from` fitted. */
bool string_copy(char *to, const char *from, size_t size);

/* Decimal, or hexadecimal after 0x, with an optional k/m/g suffix; the whole text must be
 * a number. False (and *value untouched) otherwise. */
bool string_to_u64(const char *text, u64 *value);
