/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/place_fit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/name.h"
#include "util/term.h"
#include "util/utf8.h"
#include "util/xalloc.h"
#include "view/place.h"

#define CLASS_LEAST 6 /* columns of a class that is cut, and of its method */
#define NAME_LEAST  8 /* columns of a name beside a long position */

unsigned
view_place_name_columns(unsigned width)
{
	return width == 0 ? UINT_MAX : width;
}

void
view_place_cut(char *text, unsigned columns)
{
	unsigned used = 0;
	char *at = text, *cut = text;

	if (columns < 4 || term_columns(text) <= columns)
		return;
	while (*at && used + 3 < columns) {
		uint32_t code;
		unsigned bytes = utf8_decode(at, &code);
		char saved;

		bytes = bytes ? bytes : 1;
		saved = at[bytes];
		at[bytes] = '\0';
		used += term_columns(at);
		at[bytes] = saved;
		at += bytes;
		if (used + 3 <= columns)
			cut = at;
	}
	strcpy(cut, "...");
}

/*
 * Leave out callers, the outermost first: "a.c:12 <- f <- g" becomes "a.c:12 <- f <- ..."; then how
 * many instances there are.
 */
static void
cut_callers(char *text, unsigned columns)
{
	static const char arrow[] = " <- ", more[] = " <- ...";
	char *instances;

	while (term_columns(text) > columns) {
		char *found = NULL;

		for (char *at = strstr(text, arrow); at; at = strstr(at + 1, arrow))
			found = at;
		if (!found)
			break;
		*found = '\0';
		/* What the dots stand for did not fit, so it was longer than they are. */
		if (term_columns(text) + sizeof(more) - 1 <= columns)
			strcpy(found, more);
	}
	instances = strstr(text, "  (");
	if (instances != NULL && term_columns(text) > columns)
		*instances = '\0';
}

/* What stays of a position: the name of the file, with the line. */
static const char *
find_file_name(const char *text)
{
	const char *slash = strrchr(text, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : text;
}

unsigned
view_place_least(const char *position)
{
	unsigned columns;
	char *text;

	if (strncmp(position, "<- ", 3) == 0)
		return 0;
	text = xstrdup(position);
	cut_callers(text, 0);
	columns = term_columns(find_file_name(text));
	columns += find_file_name(text) > text ? 4 : 0; /* ".../" */
	free(text);
	return columns;
}

/* Leave out the first folders. The name of the file and the line stay, whatever room there is. */
static void
cut_path(char *text, unsigned columns)
{
	const char *name = find_file_name(text), *tail = text;

	while (tail + 1 < name && term_columns(tail) + 3 > columns) {
		const char *slash = strchr(tail + 1, '/');

		tail = slash;
	}
	if (term_columns(tail) + 3 > columns) {
		memmove(text, name, strlen(name) + 1);
	} else if (tail >= text + 3) {
		memmove(text + 3, tail, strlen(tail) + 1);
		memcpy(text, "...", 3);
	}
}

void
view_place_cut_position(char *text, unsigned columns)
{
	cut_callers(text, columns);
	if (term_columns(text) <= columns)
		return;
	if (strncmp(text, "<- ", 3) == 0)
		view_place_cut(text, columns);
	else
		cut_path(text, columns);
}

/* The method stays as far as it can, and of the class what is left, but never nothing. */
static void
cut_class_and_method(char *name, unsigned columns)
{
	char *method = name_find_method(name), *class_name, *copy;
	unsigned rest = columns - 2, class_columns;

	if (method != NULL && columns < 2 * CLASS_LEAST + 2)
		memmove(name, method, strlen(method) + 1);
	if (method == NULL || columns < 2 * CLASS_LEAST + 2) {
		view_place_cut(name, columns);
		return;
	}
	class_name = xstrndup(name, (size_t)(method - name) - 2);
	copy = xstrdup(method);
	class_columns =
		term_columns(copy) + CLASS_LEAST <= rest ? rest - term_columns(copy) : CLASS_LEAST;
	view_place_cut(class_name, class_columns);
	view_place_cut(copy, rest - term_columns(class_name));
	/* What is cut is no longer than it was. */
	sprintf(name, "%s::%s", class_name, copy);
	free(class_name);
	free(copy);
}

void
view_place_cut_name(char *name, unsigned columns)
{
	while (term_columns(name) > columns && name_drop_arguments(name))
		;
	while (term_columns(name) > columns && name_drop_namespace(name))
		;
	while (term_columns(name) > columns && name_drop_mark(name))
		;
	if (term_columns(name) > columns)
		name_drop_outer(name);
	if (term_columns(name) > columns)
		cut_class_and_method(name, columns);
}

/* Half of the columns are the name's, and more where the position needs less, or less where the
 * file and the line need more. */
static unsigned
get_name_share(const struct view_place *view, unsigned columns)
{
	unsigned position = term_columns(view->position), half = columns / 2;
	unsigned least = view_place_least(view->position);

	if (position + 2 < half)
		return columns - position - 2;
	if (least + 2 + half > columns && least + 2 + NAME_LEAST < columns)
		return columns - least - 2;
	return half;
}

void
view_place_fit(struct view_place *view, unsigned columns)
{
	unsigned name = term_columns(view->name), position = term_columns(view->position);

	if (name + 2 + position <= columns)
		return;
	if (name > get_name_share(view, columns))
		view_place_cut_name(view->name, get_name_share(view, columns));
	view_place_cut_position(view->position, columns - term_columns(view->name) - 2);
}

unsigned
view_place_name_least(const char *name)
{
	char *text = xstrdup(name);
	unsigned columns;

	while (name_drop_arguments(text) || name_drop_namespace(text) || name_drop_mark(text))
		;
	name_drop_outer(text);
	columns = term_columns(text);
	free(text);
	return columns;
}
