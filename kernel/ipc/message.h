/*
 * kernel/ipc/message.h - what one side of a rendezvous sends, and where it receives.
 *
 * Each side fills one in by itself, in its own context, before it meets the other: user
 * buffers are pinned, or their pages taken (mm/space/move.c), so that handing over never
 * faults, never sleeps and never touches an address space. Kernel code that calls a
 * server names pages of its own.
 */
#pragma once

#include "kernel/base/types.h"

#define IPC_WORDS 4
#define IPC_PAGES 16 /* of a long message; bytes may begin within a page: one more */

struct open;
struct page;

/* Bytes in pages that stay where they are. */
struct ipc_bytes {
	size_t size;
	u32 offset; /* of the first byte, in the first page */
	struct page *page[IPC_PAGES + 1];
};

struct message {
	unsigned long word[IPC_WORDS]; /* short: travels in registers */
	struct open *open;             /* goes along, with the reference; or NULL */
	struct ipc_bytes out;          /* to be sent */
	bool moves;                    /* out's pages may be given away */
	bool takes;                    /* pages may come instead of bytes */
	bool patient;                  /* only its end breaks the thread's wait */
	struct ipc_bytes in;           /* where bytes are received */
	size_t received;               /* bytes in `in`, or in the pages that came: */
	u32 came;                      /* so many, in got[] */
	struct page *got[IPC_PAGES];
};

/* No words, nothing long. Field by field: most of it need not be cleared. */
static inline void message_init(struct message *message)
{
	message->open = NULL;
	message->out.size = message->in.size = 0;
	message->moves = message->takes = message->patient = false;
	message->received = 0;
	message->came = 0;
}

/* What `from` sends is what `to` has received, with the open object; and the pages, if
 * one moves and the other takes them: then `from` sends nothing any more. Never sleeps.
 */
void message_hand_over(struct message *from, struct message *to);
