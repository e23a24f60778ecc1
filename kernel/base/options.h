/*
 * kernel/base/options.h - boot options: "name", "name=value", separated by blanks.
 *
 * An option is declared beside the code that uses it. options_parse() runs once, early,
 * and prints a clear message for each word that no OPTION declares or whose value its
 * parser refuses: unknown options never stop a boot, and are never silent.
 *
 * A POLICY is an option that also tells its value in force: /proc/policies lists them.
 */
#pragma once

#include "kernel/base/types.h"

struct option {
	const char *name;
	const char *help;
	/* value is "" for a bare name; false: refused (a message follows, default kept)
	 */
	bool (*parse)(const char *value);
	const char *(*value)(
		void); /* of a policy: what holds now, as the option spells it */
};

#define OPTION(ident, option_name, option_help, parse_function)                          \
	POLICY(ident, option_name, option_help, parse_function, NULL)

/* __aligned: else the compiler rounds each up to 16, and the section is no array. */
#define POLICY(ident, option_name, option_help, parse_function, value_function)          \
	static const struct option option_##ident __used __aligned(8)                    \
		__section("boot_options") = {.name = option_name,                        \
			.help = option_help,                                             \
			.parse = parse_function,                                         \
			.value = value_function}

void options_parse(const char *cmdline);

/* Calls visit for each policy with its value in force. */
void options_for_each_policy(
	void (*visit)(const char *name, const char *value, void *arg), void *arg);

/* For a parser of one word out of a list: *choice becomes the number of `value` among the
 * names. False, and nothing changed: it is none of them. */
bool option_choice(const char *value, const char *const *names, unsigned int count,
	unsigned int *choice);
