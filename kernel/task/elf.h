/*
 * kernel/task/elf.h - static ELF programs: ET_EXEC, and ET_DYN without an interpreter.
 *
 * Two steps: elf_check() looks only at the bytes and decides whether they are a program
 * for this machine; elf_load() maps a program that passed. Nothing in the file is
 * trusted: every offset, size and address is checked before it is used.
 */
#pragma once

#include "kernel/base/types.h"

#define ELF_SEGMENTS_MAX 16
#define ELF_PHDR_SIZE    56
#define ELF_DYN_BASE     0x40000000UL /* where a position-independent program goes */

struct elf_segment {
	unsigned long start, end; /* user addresses, [start, end), not aligned */
	size_t offset, file_size; /* in the file; the rest is zero */
	unsigned int prot;
};

struct elf_program {
	unsigned int count;
	struct elf_segment segments[ELF_SEGMENTS_MAX]; /* ascending, apart by pages */
	unsigned long entry;
	unsigned long headers; /* user address of the program headers, 0: not loaded */
	unsigned int header_count;
};

/* NULL, or why these bytes are not a program that can run here. `limit`: user addresses
 * are below it. */
const char *elf_check(
	const void *file, size_t size, unsigned long limit, struct elf_program *program);

/* Map a checked program in the address space in use: pages of the file (an object of
 * those bytes), to be copied when they are written. 0 or -ENOMEM, -EFAULT. */
struct object;
int elf_load(const void *file, struct object *object, const struct elf_program *program);
