/*
 * arch/s390x/sclp.c - talking to the service processor (SCLP).
 *
 * One instruction, SERVC, takes a command and the absolute address of a control block
 * (SCCB), below 2 GiB and within one page. Commands carry questions (memory, CPUs) and
 * "event buffers": text for a console, or what was typed. QEMU finishes a command before
 * SERVC ends and also queues an interrupt, which carries news only if its lowest bit is
 * set: there is input to read.
 *
 * Data: one SCCB per user, so that console, log and input need no lock among each other;
 * callers serialise each of them.
 */
#include "arch/s390x/machine.h"
#include "arch/contract/console.h"
#include "kernel/base/console.h"

#define SCLP_READ_INFO   0x00020001
#define SCLP_READ_EVENT  0x00770005
#define SCLP_WRITE_EVENT 0x00760005
#define SCLP_EVENT_MASK  0x00780005

#define SCLP_DONE 0x0020 /* response to commands that transfer events */

#define EVENT_ASCII      0x1a /* the user console: bytes */
#define EVENT_LINE       0x02 /* the log: lines of EBCDIC text */
#define EVENT_BIT(event) (1U << (32 - (event)))

struct sccb {
	u16 length;
	u8 function, control[3];
	u16 response;
} __packed;

struct info_sccb {
	struct sccb sccb;
	u16 increments; /* of RAM */
	u8 increment_mib, unused[5];
	u16 cpu_count, cpu_offset;
	u8 unused2[80];
	u32 increment_mib_large;
	u64 increments_large;
	u8 rest[PAGE_SIZE - 112];
} __packed __aligned(PAGE_SIZE);

struct mask_sccb {
	struct sccb sccb;
	u16 reserved, length;
	u32 want_receive, want_send, may_receive, may_send;
} __packed __aligned(32);

struct event {
	u16 length; /* with this header */
	u8 type, flags;
	u16 reserved;
} __packed;

#define TEXT_MAX (PAGE_SIZE - sizeof(struct sccb) - sizeof(struct event))

struct text_sccb {
	struct sccb sccb;
	struct event event;
	char text[TEXT_MAX];
} __packed __aligned(PAGE_SIZE);

#define LINE_MAX 512

struct line_sccb { /* a message text object in a message data block */
	struct sccb sccb;
	struct event event;
	u16 block_length, block_type;
	u32 block_tag, block_revision;
	u16 object_length, object_type, line_type;
	u8 alarm, reserved[3];
	u8 text[LINE_MAX];
} __packed __aligned(1024);

static struct info_sccb info;
static struct text_sccb input, output, shared; /* shared: a log without its own console */
static struct line_sccb line = {
	.event.type = EVENT_LINE,
	.block_type = 1,
	.block_tag = 0xd4c4c240, /* "MDB " */
	.block_revision = 1,
	.object_type = 4,    /* text */
	.line_type = 0x1000, /* the end of it */
};
static bool log_is_line_mode;

static void sclp_call(u32 command, void *block)
{
	int busy;

	((struct sccb *)block)->response = 0;
	do { /* cc 2: another CPU's command is being taken */
		asm volatile("	.insn	rre,0xb2200000,%1,%2\n"
			     "	ipm	%0\n"
			     "	srl	%0,28\n"
			     : "=d"(busy)
			     : "d"(command), "a"(block)
			     : "cc", "memory");
	} while (busy == 2);
}

static const struct info_sccb *sclp_info(void)
{
	if (!info.sccb.length) {
		info.sccb.length = sizeof(info);
		sclp_call(SCLP_READ_INFO, &info);
	}
	return &info;
}

u64 sclp_memory_size(void)
{
	const struct info_sccb *facts = sclp_info();
	u64 size = facts->increment_mib ?: facts->increment_mib_large;
	u64 count = facts->increments ?: facts->increments_large;

	return count * size << 20;
}

unsigned int sclp_cpu_count(void)
{
	return sclp_info()->cpu_count;
}

/* The list of CPUs: 16 bytes each, the first one is the CPU's address. */
u16 sclp_cpu_address(unsigned int index)
{
	return ((const u8 *)sclp_info())[info.cpu_offset + 16 * index];
}

/* Says which events are wanted; returns those that consoles take. */
static u32 exchange_masks(u32 wanted)
{
	struct mask_sccb mask = {.sccb.length = sizeof(mask),
		.length = 4,
		.want_receive = wanted,
		.want_send = wanted};

	sclp_call(SCLP_EVENT_MASK, &mask);
	return mask.may_receive;
}

/* A raw terminal wants "\r\n" for each "\n". */
static void write_text(struct text_sccb *block, const char *text, size_t size)
{
	while (size) {
		size_t used = 0;

		for (; size && used < TEXT_MAX - 1; size--) {
			if (*text == '\n')
				block->text[used++] = '\r';
			block->text[used++] = *text++;
		}
		block->event = (struct event){
			.length = sizeof(struct event) + used, .type = EVENT_ASCII};
		block->sccb.length = sizeof(struct sccb) + block->event.length;
		sclp_call(SCLP_WRITE_EVENT, block);
	}
}

void arch_console_write(const char *text, size_t size)
{
	write_text(&output, text, size);
}

/* Lengths are counted from where each of the nested things begins. */
static void write_line(size_t size)
{
	size_t end = offsetof(struct line_sccb, text) + size;

	line.object_length = end - offsetof(struct line_sccb, object_length);
	line.block_length = end - offsetof(struct line_sccb, block_length);
	line.event.length = end - offsetof(struct line_sccb, event);
	line.sccb.length = end;
	sclp_call(SCLP_WRITE_EVENT, &line);
}

/* EBCDIC, code page 500, for ' ' to '~'. */
static u8 to_ebcdic(char c)
{
	static const u8 table[] =
		"\x40\x4f\x7f\x7b\x5b\x6c\x50\x7d\x4d\x5d\x5c\x4e\x6b\x60\x4b\x61"
		"\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\x7a\x5e\x4c\x7e\x6e\x6f"
		"\x7c\xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xd1\xd2\xd3\xd4\xd5\xd6"
		"\xd7\xd8\xd9\xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\x4a\xe0\x5a\x5f\x6d"
		"\x79\x81\x82\x83\x84\x85\x86\x87\x88\x89\x91\x92\x93\x94\x95\x96"
		"\x97\x98\x99\xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9\xc0\xbb\xd0\xa1";

	return table[c >= ' ' && c <= '~' ? c - ' ' : 0];
}

/* Text collects in the block until its line is complete. */
static void log_put(char c)
{
	static size_t used;

	if (c != '\n')
		line.text[used++] = to_ebcdic(c);
	if (c == '\n' || used == LINE_MAX) {
		write_line(used);
		used = 0;
	}
}

/* Without a line-mode console the log shares the user's: better mixed than lost. */
void arch_log_write(const char *text, size_t size)
{
	static bool probed;

	if (!probed)
		log_is_line_mode = exchange_masks(0) & EVENT_BIT(EVENT_LINE);
	probed = true;
	if (!log_is_line_mode)
		write_text(&shared, text, size);
	else
		while (size--)
			log_put(*text++);
}

/* The line-mode console prints a line end before each line, and none behind the last. */
void sclp_log_finish(void)
{
	if (log_is_line_mode)
		write_line(0);
}

void arch_console_enable_input(void)
{
	exchange_masks(EVENT_BIT(EVENT_ASCII));
}

/* What was typed: a zero byte, then the characters. False if there was nothing. */
static bool read_text(void)
{
	input.sccb = (struct sccb){.length = sizeof(input), .control = {0, 0, 0x80}};
	sclp_call(SCLP_READ_EVENT, &input);
	if (input.sccb.response != SCLP_DONE || input.event.type != EVENT_ASCII)
		return false;
	for (size_t i = 1; i < input.event.length - sizeof(struct event); i++)
		console_input(input.text[i]);
	return true;
}

void sclp_interrupt(u32 parameter)
{
	while (parameter & 1 && read_text())
		;
}
