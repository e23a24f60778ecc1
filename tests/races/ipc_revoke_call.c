/*
 * tests/races/ipc_revoke_call.c - a handle is revoked while a call is made through it.
 *
 * The caller has looked its handle up, and it was good. Before the call is queued the
 * handle is revoked: all calls that wait are looked through, and this one is not among
 * them. Queued now, it would be received some day, although its caller has been told to
 * have nothing. So it asks once more when it has the lock. (Not on the simulated machine,
 * which has no endpoints.)
 */
#include "tests/races/race.h"
#include "kernel/base/errno.h"
#include "kernel/base/trace.h"
#include "kernel/ipc/endpoint.h"

static struct open *server, *client;
static int result;

static void setup(void)
{
	server = endpoint_create();
	RACE_CLAIM(!open_copy(server, OPEN_CALL, &client), "the setup copies");
	result = 1;
}

static void call(void)
{
	struct message message;

	message_init(&message);
	result = endpoint_call(client, &message);
}

/* What has got through waits, until nobody can receive it any more. */
static void revoke(void)
{
	open_revoke(server);
	TRACE_POINT(race);
	open_put(server);
}

static void check(void)
{
	RACE_CLAIM(
		result == -EBADF, "a call is queued through a handle that was revoked");
}

static void teardown(void)
{
	open_put(client);
}

RACE(ipc_revoke_call) = {
	.name = "ipc_revoke_call",
	.story = "a handle is revoked while a call is made through it",
	.setup = setup,
	.actor = {call, revoke},
	.check = check,
	.teardown = teardown,
	.script = "0@ipc_send 1@race 0@wait 1",
	.sweeps = "",
	.cells =
		(const struct race_cell[]){
			{"mutant=call_revoked", RACE_DAMAGED, "nobody asks again"},
			{"", RACE_HARMLESS, "it is asked again under the lock"},
			{},
		},
};
