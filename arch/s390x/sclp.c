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
#include "arch/s390x/sclp.h"
#include "arch/s390x/ebcdic.h"
#include "arch/contract/console.h"
#include "arch/contract/cpu.h"
#include "arch/contract/timer.h"
#include "kernel/base/console.h"
#include "kernel/base/string.h"

#define SCLP_READ_INFO   0x00020001
#define SCLP_READ_EVENT  0x00770005
#define SCLP_WRITE_EVENT 0x00760005
#define SCLP_EVENT_MASK  0x00780005

#define SCLP_DONE 0x0020 /* response to commands that transfer events */

#define EVENT_ASCII      0x1a /* the user console: bytes */
#define EVENT_LINE       0x02 /* the log: lines of EBCDIC text */
#define EVENT_BIT(event) (1U << (32 - (event)))

struct sccb_header {
	u16 length;
	u8 function;
	u8 control[3];
	u16 response;
} __packed;

struct event_header {
	u16 length; /* with this header */
	u8 type;
	u8 flags;
	u16 reserved;
} __packed;

struct info_sccb {
	struct sccb_header header;
	u16 increments; /* of RAM */
	u8 increment_mib;
	u8 unused[5];
	u16 cpu_count;
	u16 cpu_offset;
	u8 unused2[100 - 20];
	u32 increment_mib_large;
	u64 increments_large;
	u8 rest[PAGE_SIZE - 112];
} __packed __aligned(8);

struct mask_sccb {
	struct sccb_header header;
	u16 reserved, length;
	u32 want_receive, want_send, may_receive, may_send;
} __packed __aligned(8);

#define TEXT_MAX (PAGE_SIZE - sizeof(struct sccb_header) - sizeof(struct event_header))

struct text_sccb {
	struct sccb_header header;
	struct event_header event;
	char text[TEXT_MAX];
} __packed __aligned(8);

#define LINE_MAX 512

struct line_sccb { /* a message text object in a message data block */
	struct sccb_header header;
	struct event_header event;
	u16 block_length, block_type;
	u32 block_tag, block_revision;
	u16 object_length, object_type, line_type;
	u8 alarm, reserved[3];
	u8 text[LINE_MAX];
} __packed __aligned(8);

static struct info_sccb info __aligned(PAGE_SIZE);
static struct text_sccb input __aligned(PAGE_SIZE), output __aligned(PAGE_SIZE);
static struct text_sccb shared __aligned(
	PAGE_SIZE); /* the log, without a console of its own */
static struct line_sccb line __aligned(1024);
static bool log_is_line_mode, log_probed;

static void sclp_call(u32 command, struct sccb_header *sccb)
{
	int busy;

	sccb->response = 0;
	do { /* cc 2: another CPU's command is being taken */
		asm volatile("	.insn	rre,0xb2200000,%1,%2\n"
			     "	ipm	%0\n"
			     "	srl	%0,28\n"
			     : "=d"(busy)
			     : "d"(command), "a"(sccb)
			     : "cc", "memory");
	} while (busy == 2);
}

static const struct info_sccb *sclp_info(void)
{
	if (!info.header.length) {
		info.header.length = sizeof(info);
		sclp_call(SCLP_READ_INFO, &info.header);
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

static void set_event_mask(struct mask_sccb *mask, u32 receive, u32 send)
{
	*mask = (struct mask_sccb){.header.length = sizeof(*mask), .length = 4};
	mask->want_receive = receive;
	mask->want_send = send;
	sclp_call(SCLP_EVENT_MASK, &mask->header);
}

/* A raw terminal wants "\r\n" for each "\n". */
static void write_text(struct text_sccb *sccb, const char *text, size_t size)
{
	while (size) {
		size_t used = 0;

		for (; size && used < TEXT_MAX - 1; size--) {
			if (*text == '\n')
				sccb->text[used++] = '\r';
			sccb->text[used++] = *text++;
		}
		sccb->event = (struct event_header){
			.length = sizeof(struct event_header) + used,
			.type = EVENT_ASCII};
		sccb->header = (struct sccb_header){
			.length = sizeof(struct sccb_header) + sccb->event.length};
		sclp_call(SCLP_WRITE_EVENT, &sccb->header);
	}
}

void arch_console_write(const char *text, size_t size)
{
	write_text(&output, text, size);
}

static void write_line(size_t size)
{
	u16 object = 10 + size;

	line.object_length = object;
	line.object_type = 4;    /* message text */
	line.line_type = 0x1000; /* end of text */
	line.block_length = 12 + object;
	line.block_type = 1;
	line.block_tag = 0xd4c4c240; /* "MDB " */
	line.block_revision = 1;
	line.event = (struct event_header){
		.length = sizeof(struct event_header) + line.block_length,
		.type = EVENT_LINE};
	line.header = (struct sccb_header){
		.length = sizeof(struct sccb_header) + line.event.length};
	sclp_call(SCLP_WRITE_EVENT, &line.header);
}

/* Text collects in the block until its line is complete. */
static void log_put(char c)
{
	static size_t used;

	if (c != '\n')
		line.text[used++] = ascii_to_ebcdic(c);
	if (c == '\n' || used == LINE_MAX) {
		write_line(used);
		used = 0;
	}
}

/* Without a line-mode console the log shares the user's: better mixed than lost. */
void arch_log_write(const char *text, size_t size)
{
	struct mask_sccb mask;

	if (!log_probed) {
		set_event_mask(&mask, 0, 0);
		log_is_line_mode = mask.may_receive & EVENT_BIT(EVENT_LINE);
		log_probed = true;
	}
	if (!log_is_line_mode) {
		write_text(&shared, text, size);
		return;
	}
	while (size--)
		log_put(*text++);
}

void sclp_log_finish(void)
{
	if (log_is_line_mode)
		write_line(0);
}

void arch_console_enable_input(void)
{
	struct mask_sccb mask;

	set_event_mask(&mask, EVENT_BIT(EVENT_ASCII), EVENT_BIT(EVENT_ASCII));
}

/* What was typed: a zero byte, then the characters. */
static void read_text(void)
{
	input.header =
		(struct sccb_header){.length = sizeof(input), .control = {0, 0, 0x80}};
	sclp_call(SCLP_READ_EVENT, &input.header);
	if (input.header.response != SCLP_DONE || input.event.type != EVENT_ASCII)
		return;
	for (size_t i = 1; i < input.event.length - sizeof(struct event_header); i++)
		console_input(input.text[i]);
}

void sclp_interrupt(u32 parameter)
{
	if (parameter & 1)
		read_text();
}
