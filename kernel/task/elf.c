/*
 * kernel/task/elf.c - reading static ELF programs; see elf.h.
 *
 * elf_check() turns the program headers into a short list of segments that are known to
 * be harmless: inside the file, inside user space, in ascending order, without a page in
 * common, and none both writable and executable. elf_load() can then only fail for lack
 * of memory. Both work on a file of the ramdisk, which does not change.
 */
#include "kernel/task/elf.h"
#include "arch/contract/elf.h"
#include "arch/contract/uaccess.h"
#include "kernel/base/errno.h"
#include "kernel/base/string.h"
#include "kernel/sched/thread.h"
#include "mm/space/object.h"

/* System V gABI, "ELF Header" and "Program Header", 64-bit forms. */
struct elf_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf_phdr {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

#define CLASS_64    2
#define DATA_NATIVE (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2)
#define ET_EXEC     2
#define ET_DYN      3
#define PT_LOAD     1
#define PT_INTERP   3
#define PF_X        1
#define PF_W        2
#define PF_R        4

#define HEADERS_MAX 64
#define SEGMENT_MAX (16UL << 30)

static const char *check_header(const struct elf_header *header, size_t size)
{
	if (size < sizeof(*header))
		return "too short for a program";
	if (memcmp(header->ident, "\177ELF", 4))
		return "not an ELF file";
	if (header->ident[4] != CLASS_64 || header->ident[5] != DATA_NATIVE ||
		header->machine != ARCH_ELF_MACHINE)
		return "a program for another machine than " ARCH_ELF_PLATFORM;
	if (header->type != ET_EXEC && header->type != ET_DYN)
		return "not a program: the ELF type is neither EXEC nor DYN";
	if (header->phentsize != sizeof(struct elf_phdr) || !header->phnum ||
		header->phnum > HEADERS_MAX)
		return "the program headers are damaged";
	if (header->phoff > size ||
		header->phnum * sizeof(struct elf_phdr) > size - header->phoff)
		return "cut off: the program headers lie behind its end";
	return NULL;
}

/* SAFE(elf_bounds): without these checks a segment is filled from memory behind the file,
 * or mapped over the kernel's half of the address space. No sum can overflow: each term
 * is compared before it is added. */
static const char *check_segment(
	const struct elf_phdr *phdr, size_t file_size, unsigned long limit)
{
	if (phdr->filesz > phdr->memsz)
		return "a segment is bigger in the file than in memory";
	if (phdr->offset > file_size || phdr->filesz > file_size - phdr->offset)
		return "cut off: a segment lies behind its end";
	if (phdr->memsz > SEGMENT_MAX)
		return "a segment is too big";
	if (phdr->vaddr > limit || phdr->memsz > limit - phdr->vaddr)
		return "a segment lies outside user space";
	if ((phdr->flags & PF_W) && (phdr->flags & PF_X))
		return "a segment is both writable and executable";
	return NULL;
}

static unsigned int segment_prot(u32 flags)
{
	return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) |
	       (flags & PF_X ? PROT_EXEC : 0);
}

static const char *add_segment(struct elf_program *program, const struct elf_phdr *phdr)
{
	struct elf_segment *segment = &program->segments[program->count];

	if (program->count == ELF_SEGMENTS_MAX)
		return "too many segments";
	segment->start = phdr->vaddr;
	segment->end = segment->start + phdr->memsz;
	segment->offset = phdr->offset;
	segment->file_size = phdr->filesz;
	segment->prot = segment_prot(phdr->flags);
	if (segment->start < PAGE_SIZE)
		return "a segment covers the page at address 0";
	if (program->count && ALIGN_UP(segment[-1].end, PAGE_SIZE) >
				      ALIGN_DOWN(segment->start, PAGE_SIZE))
		return "segments overlap or are out of order";
	program->count++;
	return NULL;
}

/* The entry point lies in code; where the program headers are, if they are loaded. */
static const char *check_entry(
	struct elf_program *program, const struct elf_header *header)
{
	size_t size = header->phnum * sizeof(struct elf_phdr);
	bool in_code = false;

	program->headers = 0;
	program->header_count = header->phnum;
	for (unsigned int i = 0; i < program->count; i++) {
		const struct elf_segment *segment = &program->segments[i];

		if ((segment->prot & PROT_EXEC) && program->entry >= segment->start &&
			program->entry < segment->end)
			in_code = true;
		if (header->phoff >= segment->offset && size <= segment->file_size &&
			header->phoff - segment->offset <= segment->file_size - size)
			program->headers =
				segment->start + (header->phoff - segment->offset);
	}
	return in_code ? NULL : "the entry point lies outside its code";
}

const char *elf_check(
	const void *file, size_t size, unsigned long limit, struct elf_program *program)
{
	struct elf_header header = {0};
	const char *wrong;
	unsigned long bias = 0;

	memcpy(&header, file, min(size, sizeof(header)));
	wrong = check_header(&header, size);
	program->count = 0;
	for (unsigned int i = 0; !wrong && i < header.phnum; i++) {
		struct elf_phdr phdr; /* a copy: the file need not be aligned */

		memcpy(&phdr, (const char *)file + header.phoff + i * sizeof(phdr),
			sizeof(phdr));
		if (phdr.type == PT_INTERP)
			return "dynamically linked: only static programs run here";
		if (phdr.type != PT_LOAD || !phdr.memsz)
			continue;
		if (header.type == ET_DYN && !program->count)
			bias = ELF_DYN_BASE - ALIGN_DOWN(phdr.vaddr, PAGE_SIZE);
		phdr.vaddr += bias;
		wrong = check_segment(&phdr, size, limit);
		if (!wrong)
			wrong = add_segment(program, &phdr);
	}
	if (wrong)
		return wrong;
	program->entry = header.entry + bias;
	return check_entry(program, &header);
}

/* Its bytes are copied to pages of its own. */
static int load_copied(const char *file, const struct elf_segment *segment)
{
	struct mm *mm = current()->mm;
	unsigned long start = ALIGN_DOWN(segment->start, PAGE_SIZE);
	size_t length = ALIGN_UP(segment->end, PAGE_SIZE) - start;
	int error = mm_map(
		mm, &start, length, PROT_READ | PROT_WRITE, MM_FIXED | MM_NOREPLACE);

	if (!error && arch_copy_to_user(
			      segment->start, file + segment->offset, segment->file_size))
		error = -ENOMEM; /* the pages are ours: only memory can lack */
	return error ? error : mm_protect(mm, start, length, segment->prot);
}

/* Pages of the file, and zeros behind them. */
static int load_mapped(struct object *object, const struct elf_segment *segment)
{
	struct mm *mm = current()->mm;
	unsigned long start = ALIGN_DOWN(segment->start, PAGE_SIZE);
	unsigned long bytes_end = segment->start + segment->file_size;
	unsigned long rest = ALIGN_UP(bytes_end, PAGE_SIZE);
	unsigned long end = ALIGN_UP(segment->end, PAGE_SIZE);
	int error = mm_map_object(mm, &start, rest - start, segment->prot,
		MM_FIXED | MM_NOREPLACE, object, ALIGN_DOWN(segment->offset, PAGE_SIZE));

	if (!error && end > rest)
		error = mm_map(
			mm, &rest, end - rest, segment->prot, MM_FIXED | MM_NOREPLACE);
	if (!error && segment->end > bytes_end &&
		arch_clear_user(bytes_end, rest - bytes_end))
		error = -ENOMEM;
	return error;
}

/* Do file and memory lie alike in their pages, and can what is no part of the file be
 * cleared? Toolchains make it so. */
static bool may_be_mapped(const struct elf_segment *segment)
{
	return segment->file_size &&
	       (segment->start - segment->offset) % PAGE_SIZE == 0 &&
	       (segment->prot & PROT_WRITE ||
		       segment->end == segment->start + segment->file_size);
}

int elf_load(const void *file, struct object *object, const struct elf_program *program)
{
	int error = 0;

	for (unsigned int i = 0; !error && i < program->count; i++) {
		const struct elf_segment *segment = &program->segments[i];

		error = may_be_mapped(segment) ? load_mapped(object, segment)
					       : load_copied(file, segment);
	}
	return error;
}
