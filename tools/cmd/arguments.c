/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/arguments.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/project_file.h"
#include "util/buffer.h"
#include "util/nearest.h"
#include "util/xalloc.h"

#define STANDARD_OPTIONS ", help, usage"

/* The option of a command, or of those that it shares with others, by its name or letter. */
static const struct argp_option *
find_option(const struct argp *argp, const char *name, size_t length, int letter)
{
	const struct argp_option *found = NULL;

	for (const struct argp_option *o = argp->options;
	     o != NULL && (o->name != NULL || o->key != 0 || o->doc != NULL); o++) {
		if (name != NULL ? o->name != NULL && strlen(o->name) == length &&
					   strncmp(o->name, name, length) == 0
				 : letter != 0 && o->key == letter)
			return o;
	}
	for (const struct argp_child *c = argp->children; c != NULL && c->argp != NULL; c++) {
		found = find_option(c->argp, name, length, letter);
		if (found != NULL)
			return found;
	}
	return NULL;
}

static void
insert_names(struct buffer *names, const struct argp *argp)
{
	for (const struct argp_option *o = argp->options;
	     o != NULL && (o->name != NULL || o->key != 0 || o->doc != NULL); o++)
		if (o->name != NULL && (o->flags & OPTION_HIDDEN) == 0)
			buffer_insert_format(names, ", %s", o->name);
	for (const struct argp_child *c = argp->children; c != NULL && c->argp != NULL; c++)
		insert_names(names, c->argp);
}

/* Whether the beginning of a name is enough, as getopt has it. */
static bool
is_beginning(const char *names, const char *word, size_t length)
{
	for (const char *name = strstr(names, ", "); name != NULL; name = strstr(name, ", ")) {
		name += 2;
		if (strncmp(name, word, length) == 0)
			return true;
	}
	return false;
}

/* "--blcoks", or "-by" where --by was meant. Returns if nothing is near. */
static void
refuse_option(const struct argp_state *state, const char *word, const char *name, size_t length)
{
	const struct argp *argp = state->root_argp;
	struct buffer names = BUFFER_INIT;
	char *copy, *nearest = NULL;

	buffer_insert_string(&names, STANDARD_OPTIONS);
	insert_names(&names, argp);
	copy = xasprintf("%.*s", (int)length, name);
	if (word[1] != '-')
		nearest = xstrdup(copy);
	else if (!is_beginning(buffer_string(&names), name, length))
		nearest = nearest_find(copy, buffer_string(&names));
	if (nearest != NULL)
		argp_error(state, "unrecognized option '%s'; did you mean --%s?", word, nearest);
	free(copy);
	buffer_release(&names);
}

/* Whether the value of an option is the next word. */
static bool
takes_next(const struct argp_option *option, const char *rest)
{
	return option != NULL && option->arg != NULL &&
	       (option->flags & OPTION_ARG_OPTIONAL) == 0 && *rest == '\0';
}

/* Look at one word that begins with '-'. Whether the next one is its value. */
static bool
check_word(const struct argp_state *state, const char *word)
{
	const struct argp *argp = state->root_argp;
	bool is_long = word[1] == '-';
	const char *name = word + (is_long ? 2 : 1);
	size_t length = strcspn(name, "=");
	const struct argp_option *option = find_option(argp, name, length, 0);

	if (is_long) {
		if (option == NULL)
			refuse_option(state, word, name, length);
		return takes_next(option, name + length);
	}
	if (option != NULL && length > 1 && find_option(argp, NULL, 0, name[0]) == NULL)
		refuse_option(state, word, name, length);
	option = find_option(argp, NULL, 0, name[0]);
	return takes_next(option, name + 1);
}

/* The words with those of the project before them, so that what is typed comes last. They stay: the
 * parsers keep pointers to them. */
static char **
insert_project(const struct argp *argp, int *argc, char **argv)
{
	struct project_line *lines;
	size_t count = project_file_read(argp_err_exit_status, &lines), used = 0;
	char **words;

	if (count == 0)
		return argv;
	words = xcalloc((size_t)*argc + count + 1, sizeof(*words));
	words[used++] = argv[0];
	for (size_t i = 0; i < count; i++)
		if (find_option(argp, lines[i].key, strlen(lines[i].key), 0) != NULL)
			words[used++] = xasprintf("--%s=%s", lines[i].key, lines[i].value);
	memcpy(words + used, argv + 1, (size_t)*argc * sizeof(*words));
	*argc += (int)used - 1;
	return words;
}

void
arguments_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input)
{
	const struct argp_state state = {
		.root_argp = argp,
		.argc = argc,
		.argv = argv,
		.flags = flags,
		.input = input,
		.name = argv[0],
		.err_stream = stderr,
		.out_stream = stdout,
	};

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (argv[i][0] == '-' && argv[i][1] != '\0')
			i += check_word(&state, argv[i]);
		else if ((flags & ARGP_IN_ORDER) != 0)
			break;
	}
	argv = insert_project(argp, &argc, argv);
	argp_parse(argp, argc, argv, flags, NULL, input);
}

void
arguments_take_one(const char **operand, const char *word, const struct argp_state *state)
{
	if (*operand != NULL)
		argp_error(state, "%s: one file or process at a time", word);
	*operand = word;
}

void
arguments_refuse_word(const struct argp_state *state, const char *word, const char *known)
{
	argp_error(state, "%s: not one of %s%s", word, known, nearest_suggest(word, known));
	abort(); /* argp_error has not returned: no parser here forbids it to exit */
}

uint64_t
arguments_parse_address(const char *word, const struct argp_state *state)
{
	bool hex = strncmp(word, "0x", 2) == 0 || strncmp(word, "0X", 2) == 0;
	const char *digits = hex ? word + 2 : word;
	uint64_t address;
	char *end;

	errno = 0;
	address = strtoull(digits, &end, hex ? 16 : 10);
	if (!isxdigit((unsigned char)*digits) || *end != '\0' || errno != 0)
		argp_error(state, "%s: not an address: write it like 0x55d0c3a02ab0, or in decimal",
			   word);
	return address;
}
