/*
 * tests/races/script.c - see script.h.
 */
#include "tests/races/script.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"
#include "tests/races/race.h"

static const char *const event_names[] = {
#define TRACE_EVENT(name, format) #name,
#include "kernel/base/events.h"
#undef TRACE_EVENT
};

/* The event whose name is the first `length` bytes; negative: there is none. */
static int find_event(const char *name, size_t length)
{
	for (int i = 0; i < TRACE_EVENTS; i++)
		if (strlen(event_names[i]) == length &&
			!strncmp(event_names[i], name, length))
			return i;
	return -1;
}

/* Its end: a separator, or one of the marks inside a part. */
static size_t name_length(const char *text)
{
	size_t length = 0;

	while (text[length] && !strchr(" ,@*", text[length]))
		length++;
	return length;
}

/* "@event" or "@event*times", if there is one. */
static const char *parse_stop(const char **text, struct script_part *part)
{
	size_t length = name_length(++*text);

	part->event = find_event(*text, length);
	if (part->event < 0)
		return "an event that kernel/base/events.h does not have";
	*text += length;
	if (**text != '*')
		return NULL;
	part->times = 0;
	for (++*text; **text >= '0' && **text <= '9'; ++*text)
		part->times = part->times * 10 + (unsigned int)(**text - '0');
	return part->times ? NULL : "how often?";
}

static const char *parse_part(const char **text, struct script_part *part)
{
	char who = *(*text)++;

	*part = (struct script_part){.event = -1, .times = 1};
	if (who == 'r')
		part->actor = SCRIPT_RCU;
	else if (who >= '0' && who < '0' + RACE_ACTORS)
		part->actor = who - '0';
	else
		return "an actor that is none";
	return **text == '@' && who != 'r' ? parse_stop(text, part) : NULL;
}

const char *script_parse(const char *text, struct script *script)
{
	script->count = 0;
	for (;;) {
		const char *wrong;

		while (*text == ' ' || *text == ',')
			text++;
		if (!*text)
			return NULL;
		if (script->count == SCRIPT_PARTS)
			return "too many parts";
		wrong = parse_part(&text, &script->part[script->count++]);
		if (wrong)
			return wrong;
		if (*text && *text != ' ' && *text != ',')
			return "what follows a part?";
	}
}

void script_part_text(const struct script_part *part, char *to, size_t size)
{
	if (part->actor == SCRIPT_RCU)
		string_copy(to, "r", size);
	else if (part->event < 0)
		format_text(to, size, "%d", part->actor);
	else if (part->times == 1)
		format_text(to, size, "%d@%s", part->actor, event_names[part->event]);
	else
		format_text(to, size, "%d@%s*%u", part->actor, event_names[part->event],
			part->times);
}
