/*
 * tests/unit/elf_check.c - what the ELF loader accepts, and how it refuses the rest.
 */
#include "tests/unit/unit.h"
#include "kernel/base/string.h"
#include "kernel/task/elf.h"
#include "arch/contract/elf.h"
#include "arch/contract/pgtable.h"

#define LIMIT (1UL << 40)
#define ORDER (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 1 : 2)
#define CODE  0
#define BSS   1

/* A program of two segments: code with the headers in it, and data with .bss. */
static struct {
	struct {
		u8 ident[16];
		u16 type, machine;
		u32 version;
		u64 entry, phoff, shoff;
		u32 flags;
		u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
	} header;
	struct {
		u32 type, flags;
		u64 offset, vaddr, paddr, filesz, memsz, align;
	} phdr[2];
	char content[64];
} file;

static struct elf_program program;

static void make(void)
{
	memset(&file, 0, sizeof(file));
	memcpy(file.header.ident, "\177ELF\2", 5);
	file.header.ident[5] = ORDER;
	file.header.type = 2;
	file.header.machine = ARCH_ELF_MACHINE;
	file.header.entry = 0x400010;
	file.header.phoff = sizeof(file.header);
	file.header.phentsize = ELF_PHDR_SIZE;
	file.header.phnum = 2;
	file.phdr[CODE].type = file.phdr[BSS].type = 1;
	file.phdr[CODE].flags = 5;
	file.phdr[CODE].vaddr = 0x400000;
	file.phdr[CODE].filesz = file.phdr[CODE].memsz = sizeof(file);
	file.phdr[BSS].flags = 6;
	file.phdr[BSS].vaddr = 0x402000;
	file.phdr[BSS].offset = sizeof(file) - 16;
	file.phdr[BSS].filesz = 16;
	file.phdr[BSS].memsz = 0x5000;
}

static const char *check(size_t size)
{
	const char *wrong = elf_check(&file, size, LIMIT, &program);

	return wrong ? wrong : "";
}

#define REFUSED(change, reason)                                                          \
	do {                                                                             \
		make();                                                                  \
		change;                                                                  \
		EXPECT(!strcmp(check(sizeof(file)), reason));                            \
	} while (0)

UNIT_TEST(elf_program_is_read)
{
	make();
	file.header.entry = 0x400020;
	EXPECT(!strcmp(check(sizeof(file)), ""));
	EXPECT_EQ(program.count, 2);
	EXPECT_EQ(program.entry, 0x400020);
	EXPECT_EQ(program.headers, 0x400000 + file.header.phoff);
	EXPECT_EQ(program.header_count, 2);
	EXPECT_EQ(program.segments[0].prot, PROT_READ | PROT_EXEC);
	EXPECT_EQ(program.segments[1].start, 0x402000);
	EXPECT_EQ(program.segments[1].end, 0x407000);
	EXPECT_EQ(program.segments[1].file_size, 16);
	EXPECT_EQ(program.segments[1].prot, PROT_READ | PROT_WRITE);
}

UNIT_TEST(elf_static_pie_is_moved)
{
	make();
	file.header.type = 3;
	file.header.entry = 0x20;
	file.phdr[CODE].vaddr = 0;
	file.phdr[BSS].vaddr = 0x2000;
	EXPECT(!strcmp(check(sizeof(file)), ""));
	EXPECT_EQ(program.entry, ELF_DYN_BASE + 0x20);
	EXPECT_EQ(program.segments[1].start, ELF_DYN_BASE + 0x2000);
}

UNIT_TEST(elf_foreign_files_are_refused)
{
	const char *machine = "a program for another machine than " ARCH_ELF_PLATFORM;

	REFUSED(file.header.ident[1] = 'e', "not an ELF file");
	REFUSED(file.header.ident[4] = 1, machine);
	REFUSED(file.header.ident[5] ^= 3, machine);
	REFUSED(file.header.machine = 183, machine);
	REFUSED(file.header.type = 1,
		"not a program: the ELF type is neither EXEC nor DYN");
	REFUSED(file.phdr[BSS].type = 3,
		"dynamically linked: only static programs run here");
}

UNIT_TEST(elf_truncated_files_are_refused)
{
	make();
	EXPECT(!strcmp(check(0), "too short for a program"));
	EXPECT(!strcmp(check(63), "too short for a program"));
	EXPECT(!strcmp(check(sizeof(file) - sizeof(file.content) - 1),
		"cut off: the program headers lie behind its end"));
	EXPECT(!strcmp(
		check(sizeof(file) - 1), "cut off: a segment lies behind its end"));
	REFUSED(file.header.phoff = ~0UL - 8,
		"cut off: the program headers lie behind its end");
	REFUSED(file.phdr[BSS].offset = ~0UL - 8,
		"cut off: a segment lies behind its end");
	REFUSED(file.phdr[BSS].offset = sizeof(file) - 15,
		"cut off: a segment lies behind its end");
}

UNIT_TEST(elf_bad_segments_are_refused)
{
	const char *outside = "a segment lies outside user space";
	const char *overlap = "segments overlap or are out of order";

	REFUSED(file.header.phentsize = 32, "the program headers are damaged");
	REFUSED(file.header.phnum = 0, "the program headers are damaged");
	REFUSED(file.header.phnum = 0xffff, "the program headers are damaged");
	REFUSED(file.phdr[BSS].memsz = 15,
		"a segment is bigger in the file than in memory");
	REFUSED(file.phdr[BSS].memsz = 1UL << 50, "a segment is too big");
	REFUSED(file.phdr[BSS].memsz = ~0UL, "a segment is too big");
	REFUSED(file.phdr[BSS].vaddr = LIMIT - 0x4fff, outside);
	REFUSED(file.phdr[BSS].vaddr = ~0UL - 0xfff, outside);
	REFUSED(file.phdr[BSS].vaddr = 0x400800, overlap);
	REFUSED(file.phdr[BSS].vaddr = 0x300000, overlap);
	REFUSED(file.phdr[BSS].flags = 7, "a segment is both writable and executable");
	REFUSED(file.phdr[CODE].vaddr = 0, "a segment covers the page at address 0");
}

UNIT_TEST(elf_entry_outside_code_is_refused)
{
	const char *entry = "the entry point lies outside its code";

	REFUSED(file.header.entry = 0, entry);
	REFUSED(file.header.entry = 0x402000, entry);
	REFUSED(file.header.entry = 0xffffffff81000000UL, entry);
	REFUSED(file.phdr[CODE].flags = 4, entry);
	REFUSED(file.phdr[CODE].type = file.phdr[BSS].type = 0, entry);
}
