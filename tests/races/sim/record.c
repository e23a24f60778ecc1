/*
 * tests/races/sim/record.c - an execution, written down for people: each step with its
 * values before and after, where in the program it was, and its clock.
 */
#include "tests/races/sim/sim_race.h"
#include "arch/contract/page.h"
#include "kernel/base/panic.h"
#include "mm/space/frame.h"
#include "mm/table/pgtable.h"
#include "mm/table/ptdesc.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *const kinds[] = {
#define OP(name, text) text,
#include "arch/sim/explore/kinds.h"
#undef OP
};

static const u8 *order, *choices;
static u32 steps, made;
static FILE *file;
static bool pending; /* the last step's value afterwards is still to be written */

static bool has_value(const struct op *op)
{
	return op->touches && op->touch[0].size <= 8 &&
	       (op->kind <= OP_DRAIN || op->kind == OP_WALK);
}

static unsigned long value(const struct touch *touch)
{
	unsigned long word = 0;

	memcpy(&word, (const void *)touch->address, touch->size);
	return word;
}

static void write_what(unsigned long address)
{
	const struct page *page;
	unsigned long in_ram = address - (unsigned long)sim_ram;
	unsigned long in_array = address - (unsigned long)page_array;

	fputs(", \"what\": \"", file);
	if (in_ram < page_frame_count * PAGE_SIZE) {
		page = page_of_virt((void *)address);
		if (page->type == PAGE_TABLE)
			fprintf(file, "%s table, entry %lu",
				pxd_name(((const struct ptdesc *)page)->level),
				address % PAGE_SIZE / sizeof(pxd_t));
		else
			fprintf(file, "frame %lx, word %lu", in_ram / PAGE_SIZE,
				address % PAGE_SIZE / 8);
	} else if (in_array < page_frame_count * sizeof(struct page)) {
		fprintf(file, "struct page of frame %lx", in_array / sizeof(struct page));
	}
	fputs("\"", file);
}

/* Return addresses up the actor's stack. */
static void write_pcs(const struct actor *actor, const struct op *op)
{
	void *const *frame = op->frame;

	fputs(", \"pcs\": [", file);
	for (int depth = 0; frame && depth < 12; depth++) {
		if ((char *)frame < actor->stack ||
			(char *)(frame + 2) >= actor->stack + STACK)
			break;
		fprintf(file, "%s\"0x%lx\"", depth ? ", " : "", (unsigned long)frame[1]);
		frame = frame[0];
	}
	fputs("]", file);
}

static void write_clock(const struct event *event)
{
	fprintf(file, ", \"index\": %u, \"clock\": [", event->index);
	for (int i = 0; i < ACTORS; i++)
		fprintf(file, "%s%u", i ? ", " : "", event->clock.of[i]);
	fputs("]", file);
}

static void finish_last(void)
{
	const struct op *op = &events[made - 1].op;

	if (pending)
		fprintf(file, ", \"new\": \"0x%lx\"}", value(&op->touch[0]));
	pending = false;
}

static void write_step(unsigned int number)
{
	const struct actor *actor = &actors[number];
	const struct event *event = &events[made];
	const struct op *op = &event->op;
	char name[8];

	actor_name(number, name);
	fprintf(file, "%s{\"n\": %u, \"lane\": \"%s\", \"kind\": \"%s\"",
		made ? ",\n" : "", made, name, kinds[op->kind]);
	if (op->touches) {
		fprintf(file, ", \"address\": \"0x%lx\", \"size\": %u",
			op->touch[0].address, op->touch[0].size);
		write_what(op->touch[0].address);
	}
	fprintf(file, ", \"note\": \"%s\", \"plain\": %s, \"irqs\": %s",
		op->name ? op->name : "", op->plain ? "true" : "false",
		actor->me.irqs_on ? "true" : "false");
	write_pcs(actor, op);
	write_clock(event);
	pending = has_value(op);
	if (pending)
		fprintf(file, ", \"old\": \"0x%lx\"", value(&op->touch[0]));
	else
		fputs("}", file);
}

static void ignore(u32 i, u32 n)
{
}

static int pick(void)
{
	struct actor *actor;

	finish_last();
	if (made == steps)
		return -1;
	actor = &actors[order[made]];
	if (!actor_can_step(order[made])) {
		explore_wrong = "these steps do not repeat";
		return -1;
	}
	actor->op.chosen = choices[made];
	if (actor->op.kind == OP_RCU_RUN || actor->op.kind == OP_GRACE_OVER)
		rcu_joins(actor);
	clock_event(made, order[made], ignore);
	explore_event = made;
	write_step(order[made]);
	schedule_add(order[made]);
	return order[made++];
}

static void write_head(const struct story *story)
{
	char name[8], program[300] = "";

	(void)!readlink("/proc/self/exe", program, sizeof(program) - 1);

	fprintf(file,
		"{\"race\": \"%s\", \"cell\": \"%s\", \"mutant\": \"%s\", \"geometry\": "
		"\"%s\","
		" \"memory\": \"%s\",\n\"program\": \"%s\",\n"
		"\"script\": \"%s\",\n\"lanes\": [",
		story->race, story->cell, story->mutant, SIM_GEOMETRY,
		explore_tso ? "tso" : "sc", program, story->script);
	for (unsigned int i = 0; i < ACTORS; i++) {
		actor_name(i, name);
		fprintf(file, "%s\"%s\"", i ? ", " : "", name);
	}
	fputs("],\n\"events\": [\n", file);
}

/* Quotes would end a text of JSON. */
static void write_text(const char *text)
{
	for (; *text; text++)
		fputc(*text == '"' || *text == '\\' ? '\'' : *text, file);
}

void sim_record(const u8 *who, const u8 *chosen, u32 count, const struct story *story,
	const char *path)
{
	file = fopen(path, "w");
	ASSERT(file, "cannot write %s", path);
	order = who;
	choices = chosen;
	steps = count;
	made = 0;
	pending = false;
	write_head(story);
	explore_restore();
	clock_reset();
	schedule_begin();
	sim_race_start();
	(void)explore_with(pick);
	finish_last();
	if (!explore_wrong && made == steps)
		sim_race_end();
	fprintf(file, "],\n\"schedule\": \"%s\", \"at\": %u,\n\"violation\": \"",
		explore_taken, made ? made - 1 : 0);
	write_text(explore_wrong ? explore_wrong : "");
	fputs("\"}\n", file);
	fclose(file);
}
