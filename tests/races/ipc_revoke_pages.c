/*
 * tests/races/ipc_revoke_pages.c - a handle is revoked while pages move through it.
 *
 * The sender's page is taken out of its address space already, and a receiver waits for
 * it. Then the sender's handle is revoked. When that has returned the page must not
 * arrive: it stays with the sender. What the receiver gets is the next call, of somebody
 * whose handle is good. (Not on the simulated machine, which has no endpoints.)
 */
#include "tests/races/race.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "kernel/ipc/endpoint.h"
#include "mm/space/frame.h"

#define LAST 2

static struct open *server, *client;
static u32 revoked; /* (a) */

static void setup(void)
{
	server = endpoint_create();
	RACE_CLAIM(!open_copy(server, OPEN_CALL, &client), "the setup copies");
	revoked = 0;
}

static void send_page(void)
{
	struct message message;

	message_init(&message);
	message.out.page[0] = frame_alloc(0, PAGE_ANON, 0);
	message.out.size = PAGE_SIZE;
	message.moves = true;
	message.word[0] = 0;
	(void)endpoint_call(client, &message);
	if (message.out.size)
		page_put(message.out.page[0]);
}

static void revoke(void)
{
	struct message message;

	open_revoke(server);
	atomic_store(&revoked, 1);
	TRACE_POINT(race);
	message_init(&message);
	message.word[0] = LAST;
	RACE_CLAIM(!endpoint_call(server, &message), "who has the original can call");
}

/* Of a call that had been received before it was revoked, the caller is gone. */
static void serve_one(struct message *message)
{
	u32 late = atomic_load(&revoked);

	if (message->came)
		page_put(message->got[0]);
	RACE_CLAIM(endpoint_reply(message) == -ESRCH || !message->came || !late,
		"pages come through a handle that was revoked");
}

static void serve(void)
{
	struct message message;

	do {
		message_init(&message);
		message.takes = true;
		if (endpoint_receive(server, &message))
			break;
		serve_one(&message);
	} while (message.word[0] != LAST);
}

static void teardown(void)
{
	open_put(client);
	open_put(server);
}

RACE(ipc_revoke_pages) = {
	.name = "ipc_revoke_pages",
	.story = "a handle is revoked while pages move through it",
	.setup = setup,
	.actor = {send_page, revoke, serve},
	.teardown = teardown,
	.script = "2@wait 0@ipc_send 1@race 0@wait 1@wait 2",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=call_revoked", RACE_DAMAGED, "nobody asks again"},
			{"", RACE_HARMLESS, "it is asked again under the lock"},
			{},
		},
};
