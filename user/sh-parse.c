/*
 * user/sh-parse.c - from text to pipelines: quoting, operators, $?.
 *
 * A word ends at a blank or an operator. 'text' is literal; in "text" only \ and $? are
 * special; \c is c. A newline is a semicolon; # at the start of a word begins a comment.
 */
#include "user/sh.h"

#include <stdio.h>
#include <string.h>

struct scanner {
	const char *from; /* text not yet read */
	char *to;         /* where the next word's characters go */
	int status;
};

static bool ends_word(char c)
{
	return !c || strchr(" \t\n;|&<>", c);
}

/* Copies one character of a word, escaped or not, or the value of $?. */
static void scan_character(struct scanner *s)
{
	if (s->from[0] == '$' && s->from[1] == '?') {
		s->to += sprintf(s->to, "%d", s->status);
		s->from += 2;
		return;
	}
	if (s->from[0] == '\\' && s->from[1])
		s->from++;
	*s->to++ = *s->from++;
}

/* After the opening quote. False: the closing one is missing. */
static bool scan_quoted(struct scanner *s, char quote)
{
	while (*s->from && *s->from != quote) {
		if (quote == '"')
			scan_character(s);
		else
			*s->to++ = *s->from++;
	}
	return *s->from++ == quote;
}

static char *scan_word(struct scanner *s)
{
	char *word = s->to;

	while (!ends_word(*s->from)) {
		if (*s->from == '\'' || *s->from == '"') {
			char quote = *s->from++;

			if (!scan_quoted(s, quote))
				return NULL;
		} else {
			scan_character(s);
		}
	}
	*s->to++ = '\0';
	return word;
}

static void skip_blanks(struct scanner *s)
{
	while (*s->from == ' ' || *s->from == '\t')
		s->from++;
	if (*s->from == '#') {
		while (*s->from && *s->from != '\n')
			s->from++;
	}
}

/* < file, > file, or a word of the command. */
static const char *parse_word(struct scanner *s, struct command *command)
{
	char direction = *s->from == '<' || *s->from == '>' ? *s->from++ : 0;
	char *word;

	skip_blanks(s);
	if (ends_word(*s->from))
		return "a file name is missing after < or >";
	word = scan_word(s);
	if (!word)
		return "a quote is not closed";
	if (direction)
		*(direction == '<' ? &command->input : &command->output) = word;
	else if (command->count == WORDS_MAX)
		return "too many words in one command";
	else
		command->words[command->count++] = word;
	return NULL;
}

static const char *parse_command(struct scanner *s, struct command *command)
{
	const char *error;

	for (;;) {
		skip_blanks(s);
		if (ends_word(*s->from) && *s->from != '<' && *s->from != '>')
			return NULL;
		error = parse_word(s, command);
		if (error)
			return error;
	}
}

static const char *parse_connector(struct scanner *s, enum connector *connector)
{
	*connector = RUN_ALWAYS;
	if (!strncmp(s->from, "&&", 2))
		*connector = RUN_IF_TRUE;
	else if (!strncmp(s->from, "||", 2))
		*connector = RUN_IF_FALSE;
	else if (*s->from == '&')
		return "there are no background jobs: & is not supported";
	s->from += *connector != RUN_ALWAYS ? 2 : *s->from != '\0';
	return NULL;
}

const char *sh_parse(
	const char **text, char *words, int status, struct pipeline *pipeline)
{
	struct scanner s = {.from = *text, .to = words, .status = status};
	const char *error;
	bool more;

	memset(pipeline, 0, sizeof(*pipeline));
	do {
		struct command *command = &pipeline->commands[pipeline->count++];

		error = parse_command(&s, command);
		if (error)
			return error;
		more = s.from[0] == '|' && s.from[1] != '|';
		s.from += more;
		if (!command->count && (more || pipeline->count > 1 || command->input ||
					       command->output))
			return "a command is missing beside | or < or >";
		if (more && pipeline->count == COMMANDS_MAX)
			return "too many commands in one pipeline";
	} while (more);
	error = parse_connector(&s, &pipeline->connector);
	if (!pipeline->commands[0].count && pipeline->connector != RUN_ALWAYS)
		error = "a command is missing before && or ||";
	*text = s.from;
	return error;
}
