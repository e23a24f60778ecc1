/*
 * kernel/base/options.c - reads the boot command line; see options.h. Runs once, on CPU
 * 0, before there are threads: no lock.
 */
#include "kernel/base/options.h"
#include "kernel/base/print.h"
#include "kernel/base/string.h"

#define WORD_MAX 128

extern const struct option __start_boot_options[], __stop_boot_options[];

static const struct option *find(const char *name)
{
	for (const struct option *o = __start_boot_options; o < __stop_boot_options; o++)
		if (!strcmp(o->name, name))
			return o;
	return NULL;
}

static void print_known(void)
{
	print("boot options are:\n");
	for (const struct option *o = __start_boot_options; o < __stop_boot_options; o++)
		print("  %-12s %s\n", o->name, o->help);
}

/* `word` is cut in two at the '='. False: nobody knows the name. */
static bool apply(char *word)
{
	char *value = strchr(word, '=');
	const struct option *option;

	if (value)
		*value++ = '\0';
	option = find(word);
	if (!option) {
		print("unknown boot option \"%s\": ignored\n", word);
		return false;
	}
	if (!option->parse(value ? value : ""))
		print("boot option %s: value \"%s\" refused, default kept (%s)\n", word,
			value ? value : "", option->help);
	return true;
}

static const char *next_word(const char *p, char *word)
{
	size_t length = 0;

	while (*p == ' ')
		p++;
	for (; *p && *p != ' '; p++)
		if (length < WORD_MAX - 1)
			word[length++] = *p;
	word[length] = '\0';
	return p;
}

void options_parse(const char *cmdline)
{
	char word[WORD_MAX];
	bool all_known = true;

	for (;;) {
		cmdline = next_word(cmdline, word);
		if (!*word)
			break;
		all_known &= apply(word);
	}
	if (!all_known)
		print_known();
}

void options_for_each_policy(
	void (*visit)(const char *name, const char *value, void *arg), void *arg)
{
	for (const struct option *o = __start_boot_options; o < __stop_boot_options; o++)
		if (o->value)
			visit(o->name, o->value(), arg);
}

bool option_choice(const char *value, const char *const *names, unsigned int count,
	unsigned int *choice)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(value, names[i])) {
			*choice = i;
			return true;
		}
	return false;
}
