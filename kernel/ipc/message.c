/*
 * kernel/ipc/message.c - handing a message over: four words, an open object, bytes.
 *
 * Both sides stand still, and the endpoint's lock is held: so a message is either
 * received, with all that belongs to it, or not. That bounds its length.
 */
#include "kernel/ipc/message.h"
#include "kernel/base/string.h"
#include "mm/space/page.h"

/* Where byte `at` is, and how many follow it in that page. */
static char *byte_at(const struct ipc_bytes *bytes, size_t at, size_t *follow)
{
	size_t place = bytes->offset + at;

	*follow = PAGE_SIZE - place % PAGE_SIZE;
	return (char *)page_address(bytes->page[place / PAGE_SIZE]) + place % PAGE_SIZE;
}

/* What does not fit is cut off. */
static __noinline size_t copy_bytes(
	const struct ipc_bytes *from, const struct ipc_bytes *to)
{
	size_t size = min(from->size, to->size), done = 0;

	while (done < size) {
		size_t here, there;
		const char *source = byte_at(from, done, &here);
		char *target = byte_at(to, done, &there);
		size_t piece = min(size - done, min(here, there));

		memcpy(target, source, piece);
		done += piece;
	}
	return size;
}

static void move_pages(struct message *from, struct message *to)
{
	to->came = from->out.size / PAGE_SIZE;
	for (u32 i = 0; i < to->came; i++)
		to->got[i] = from->out.page[i];
	to->received = from->out.size;
	from->out.size = 0;
}

void message_hand_over(struct message *from, struct message *to)
{
	for (int i = 0; i < IPC_WORDS; i++)
		to->word[i] = from->word[i];
	to->open = from->open;
	from->open = NULL;
	if (from->moves && to->takes)
		move_pages(from, to);
	else
		to->received = from->out.size ? copy_bytes(&from->out, &to->in) : 0;
}
