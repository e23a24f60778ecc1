/*
 * boot/efi/kernel.c - put kernel.elf where it wants to lie, and find its PVH entry.
 *
 * The entry's address stands in an ELF note (name "Xen", type 18: "x86/HVM direct boot
 * ABI"). Every offset of the file is checked before it is used: a damaged file gets a
 * message, not a jump to nowhere.
 */
#include "boot/efi/loader.h"

#include <elf.h>

#define NOTE_PVH_ENTRY 18
#define KERNEL_MIN     0x100000ULL /* below lies the firmware's and the BIOS's memory */
#define KERNEL_MAX     0x40000000ULL

static BOOLEAN inside(struct file file, UINT64 offset, UINT64 size)
{
	return offset <= file.size && size <= file.size - offset;
}

static const Elf64_Ehdr *check_header(struct file file)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)file.data;

	if (!inside(file, 0, sizeof(*header)) ||
		CompareMem(header->e_ident, ELFMAG, SELFMAG))
		fail(L"%s is not an ELF file", file.name);
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_machine != EM_X86_64)
		fail(L"%s is not a 64-bit kernel for x86_64", file.name);
	if (header->e_phentsize != sizeof(Elf64_Phdr) ||
		!inside(file, header->e_phoff,
			(UINT64)header->e_phnum * sizeof(Elf64_Phdr)))
		fail(L"%s is damaged: its program headers lie outside", file.name);
	return header;
}

static void check_segment(struct file file, const Elf64_Phdr *segment)
{
	if (!inside(file, segment->p_offset, segment->p_filesz) ||
		segment->p_filesz > segment->p_memsz)
		fail(L"%s is damaged: a segment lies outside of the file", file.name);
	if (segment->p_paddr < KERNEL_MIN || segment->p_paddr > KERNEL_MAX ||
		segment->p_memsz > KERNEL_MAX - segment->p_paddr)
		fail(L"%s is damaged: a segment wants to lie at 0x%lx", file.name,
			segment->p_paddr);
}

static UINT32 find_entry(struct file file, const Elf64_Phdr *segment)
{
	UINT64 at = segment->p_offset, end = at + segment->p_filesz;

	while (at + sizeof(Elf64_Nhdr) + 8 <= end) {
		const Elf64_Nhdr *note = (const Elf64_Nhdr *)(file.data + at);
		const UINT8 *name = (const UINT8 *)(note + 1);

		if (note->n_type == NOTE_PVH_ENTRY && note->n_namesz == 4 &&
			!CompareMem(name, "Xen", 4))
			return *(const UINT32 *)(name + 4);
		at += sizeof(*note) + ((note->n_namesz + 3ULL) & ~3ULL) +
		      ((note->n_descsz + 3ULL) & ~3ULL);
	}
	return 0;
}

/* All segments lie in one range, so that two of them may share a page. */
static void claim(struct file file, UINT64 low, UINT64 high)
{
	EFI_PHYSICAL_ADDRESS address = low & ~(UINT64)EFI_PAGE_MASK;
	EFI_STATUS status = BS->AllocatePages(AllocateAddress, EfiLoaderData,
		EFI_SIZE_TO_PAGES(high - address), &address);

	if (EFI_ERROR(status))
		fail(L"the memory that %s needs, 0x%lx to 0x%lx, is not free: %r",
			file.name, low, high, status);
}

static void copy_segment(struct file file, const Elf64_Phdr *segment)
{
	UINT8 *to = (UINT8 *)segment->p_paddr;

	CopyMem(to, file.data + segment->p_offset, segment->p_filesz);
	ZeroMem(to + segment->p_filesz, segment->p_memsz - segment->p_filesz);
}

UINT32 load_kernel(struct file file)
{
	const Elf64_Ehdr *header = check_header(file);
	const Elf64_Phdr *segments = (const Elf64_Phdr *)(file.data + header->e_phoff);
	const Elf64_Phdr *end = segments + header->e_phnum;
	UINT64 low = KERNEL_MAX, high = 0;
	UINT32 entry = 0;

	for (const Elf64_Phdr *segment = segments; segment < end; segment++) {
		if (segment->p_type == PT_NOTE || segment->p_type == PT_LOAD)
			check_segment(file, segment);
		if (segment->p_type == PT_NOTE && !entry)
			entry = find_entry(file, segment);
		if (segment->p_type != PT_LOAD)
			continue;
		low = segment->p_paddr < low ? segment->p_paddr : low;
		if (segment->p_paddr + segment->p_memsz > high)
			high = segment->p_paddr + segment->p_memsz;
	}
	if (entry < low || entry >= high)
		fail(L"%s has no PVH entry note", file.name);
	claim(file, low, high);
	for (const Elf64_Phdr *segment = segments; segment < end; segment++) {
		if (segment->p_type == PT_LOAD)
			copy_segment(file, segment);
	}
	return entry;
}
