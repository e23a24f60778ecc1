/*
 * boot/efi/loader.h - the parts of the EFI loader: loader.c is the story, volume.c reads
 * files and allocates, kernel.c understands kernel.elf, trampoline.asm leaves long mode.
 */
#pragma once

#include <efi.h>
#include <efilib.h>

#define BELOW_4G 0xffffffffULL /* 32-bit code will read it */

/* Prints the message and powers the machine off: there is nothing to return to that
 * would tell the user more. Formats as in Print(): %a ASCII, %s wide, %r status. */
__attribute__((noreturn)) void fail(const CHAR16 *format, ...);

extern EFI_HANDLE loader_image; /* this program, as the firmware calls it */

struct file {
	const CHAR16 *name;
	UINT8 *data; /* NULL: there is no such file */
	UINTN size;
};

/* Reads a file of the volume that the loader itself came from into memory below 4 GiB,
 * with a zero byte behind it. */
struct file read_file(const CHAR16 *name);

/* Zeroed memory below 4 GiB that the kernel may reuse. */
void *allocate(UINTN size, EFI_MEMORY_TYPE type);

/* Puts the kernel where it wants to lie; returns the physical address of its PVH entry.
 */
UINT32 load_kernel(struct file kernel);

/* trampoline.asm: position-independent code from `trampoline` to `trampoline_end`. */
typedef __attribute__((sysv_abi)) void trampoline_entry(UINT32 entry, UINT32 start_info);
extern UINT8 trampoline[], trampoline_end[];
