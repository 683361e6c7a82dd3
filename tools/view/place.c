/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/place.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/name.h"
#include "util/buffer.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/utf8.h"
#include "util/xalloc.h"
#include "model/wrapper.h"

#define CLASS_LEAST     6    /* columns of a class that is cut, and of its method */
#define NAME_LEAST      8    /* columns of a name beside a long position */
#define INLINED_SHOWN   2    /* callers after "<-" */
#define NAME_BYTES_MOST 4096 /* of a name that is not cut to columns; --full-names has all */

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The part of path below the working directory, or NULL. */
static const char *
find_relative(const char *path)
{
	static char *directory;
	size_t length;

	if (!directory)
		directory = getcwd(NULL, 0);
	length = directory ? strlen(directory) : 0;
	if (length <= 1 || strncmp(path, directory, length) != 0 || path[length] != '/')
		return NULL;
	return path + length + 1;
}

/* "/a/./b/../c" says nothing that "/a/c" does not; compilers write such paths. */
static char *
simplify_path(const char *path)
{
	char *out = xmalloc(strlen(path) + 1);
	size_t length = 0;

	while (*path) {
		size_t part = strcspn(path, "/");
		bool parent = part == 2 && strncmp(path, "..", 2) == 0;
		size_t before = length > 0 ? length - 1 : 0;

		while (before > 0 && out[before - 1] != '/')
			before--;
		if (parent && length > 1 && strncmp(out + before, "../", 3) != 0) {
			length = before;
		} else if (!(part == 1 && *path == '.') && !(part == 0 && length > 0)) {
			memcpy(out + length, path, part);
			length += part;
			if (path[part] == '/')
				out[length++] = '/';
		}
		path += part + (path[part] == '/');
	}
	out[length] = '\0';
	return out;
}

/* The end of text, which says most: names are as long as generators and attackers like. */
static void
insert_end(struct buffer *out, const char *text, bool whole)
{
	size_t length = strlen(text);

	if (!whole && length > NAME_BYTES_MOST) {
		text += length - NAME_BYTES_MOST;
		while (((unsigned char)*text & 0xc0) == 0x80)
			text++;
		buffer_insert_string(out, "...");
	}
	buffer_insert_string(out, text);
}

/* "64 B to <128 B", "4 KiB to <8 KiB": both are powers of two, so there is nothing to round. */
static void
format_size(uint64_t from, struct buffer *out)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	const uint64_t bounds[] = {from, 2 * from};

	if (from < 2) {
		buffer_insert_format(out, "%" PRIu64 " B", from);
		return;
	}
	if (bounds[1] < from) {
		buffer_insert_string(out, "8 EiB or more");
		return;
	}
	for (int i = 0; i < 2; i++) {
		uint64_t value = bounds[i];
		size_t unit = 0;

		for (; value >= 1024 && unit < sizeof(units) / sizeof(*units) - 1; value /= 1024)
			unit++;
		buffer_insert_format(out, "%s%" PRIu64 " %s", i == 0 ? "" : " to <", value,
				     units[unit]);
	}
}

static void
format_name(const struct place *place, bool full_names, struct buffer *out)
{
	static const char *const others[] = {
		[PLACE_CUT] = "(frames left out)",
		[PLACE_TRUNCATED] = "(stack not complete)",
		[PLACE_UNKNOWN] = "(stack not known)",
		[PLACE_NESTED] = "(inside the tracer)",
	};
	static const char *const generations[] = {
		"0: born since the last mark",
		"1: survived one mark",
		"2: survived two marks or more",
	};

	if (place->kind == PLACE_THREAD) {
		buffer_insert_format(out, "thread %" PRIu64 "%s%s", place->offset,
				     place->function ? " " : "",
				     place->function ? place->function : "");
	} else if (place->kind == PLACE_PROCESS) {
		if (place->offset != 0)
			buffer_insert_format(out, "%" PRIu64 " ", place->offset);
		buffer_insert_string(out, place->function);
	} else if (place->function) {
		char *shorter = full_names || place->python ? NULL : name_shorten(place->function);

		insert_end(out, shorter ? shorter : place->function, full_names);
		free(shorter);
	} else if (place->module) {
		buffer_insert_format(out, "%s+0x%" PRIx64, base_name(place->module), place->offset);
	} else if (place->kind == PLACE_ADDRESS) {
		buffer_insert_format(out, "generated code at 0x%" PRIx64, place->offset);
	} else if (place->kind == PLACE_SIZE) {
		format_size(place->offset, out);
	} else if (place->kind == PLACE_GENERATION) {
		buffer_insert_string(out, generations[place->offset < 2 ? place->offset : 2]);
	} else if (place->kind < sizeof(others) / sizeof(*others) && others[place->kind]) {
		buffer_insert_string(out, others[place->kind]);
	}
}

void
view_place_format_file(const char *file, bool full_names, struct buffer *out, bool *ret_own)
{
	char *path = simplify_path(file);
	const char *relative = find_relative(path);

	*ret_own = relative != NULL;
	insert_end(out, relative ? relative : path, full_names);
	free(path);
}

/* What the innermost function is inlined into, up to the physical function, but for wrappers. */
static void
format_callers(const struct place_table *table, uint32_t stack, bool full_names, struct buffer *out)
{
	const struct place *place = view_place_get(table, stack);
	unsigned shown = 0;

	while (place->inlined && place_table_get_outer(table, stack) != 0) {
		stack = place_table_get_outer(table, stack);
		place = view_place_get(table, stack);
		if (wrapper_match(place->function, place->file, place->module, NULL))
			continue;
		if (shown++ == INLINED_SHOWN && !full_names) {
			buffer_insert_string(out, " <- ...");
			return;
		}
		buffer_insert_string(out, " <- ");
		format_name(place, full_names, out);
	}
}

static char *
take_text(struct buffer *text)
{
	char *escaped = term_escape(buffer_string(text));

	buffer_release(text);
	return escaped;
}

void
view_place_init(struct view_place *view, const struct place_table *table, uint32_t stack,
		uint32_t caller, enum group_by by, bool full_names)
{
	const struct place *place = view_place_get(table, stack);
	struct buffer name = BUFFER_INIT, position = BUFFER_INIT;
	bool named = by != GROUP_BY_FILE && by != GROUP_BY_MODULE;

	memset(view, 0, sizeof(*view));
	if (named)
		format_name(place, full_names, &name);
	if (by == GROUP_BY_MODULE || (!place->file && place->module)) {
		/* After "libfoo.so+0x1f2e" the module would be said twice. */
		if (by == GROUP_BY_MODULE || by == GROUP_BY_FILE || full_names)
			buffer_insert_string(&position, place->module ? place->module : "");
		else if (place->function)
			buffer_insert_string(&position, base_name(place->module));
	} else if (place->file) {
		view_place_format_file(place->file, full_names, &position, &view->is_own);
		if (named && place->line && by != GROUP_BY_FUNCTION)
			buffer_insert_format(&position, ":%" PRIu32, place->line);
	}
	if (by == GROUP_BY_LINE && place->instances != NULL)
		buffer_insert_format(&position, "  (%" PRIu32 " %s)", place->instance_count,
				     place->same_template ? "instances" : "functions");
	else if (by == GROUP_BY_LINE)
		format_callers(table, stack, full_names, &position);
	if (caller != PLACE_NONE) {
		buffer_insert_string(&position, position.length ? " <- " : "<- ");
		if (place_table_get(table, caller)->beyond)
			buffer_insert_string(&position, "... <- ");
		format_name(place_table_get(table, caller), full_names, &position);
	}
	if (name.length == 0 && position.length == 0)
		format_name(place, full_names, &position);
	view->name = take_text(&name);
	view->position = take_text(&position);
}

void
view_place_format_name(const struct place *place, struct buffer *out)
{
	format_name(place, true, out);
}

void
view_place_release(struct view_place *view)
{
	free(view->name);
	free(view->position);
	memset(view, 0, sizeof(*view));
}

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

const struct place *
view_place_get(const struct place_table *table, uint32_t stack)
{
	return place_table_get(table, place_table_get_place(table, stack));
}

void
view_place_tracemalloc(const struct place *place, enum group_by by, struct buffer *out)
{
	struct buffer text = BUFFER_INIT;
	char *escaped;

	if (by == GROUP_BY_MODULE && place->module)
		buffer_insert_string(&text, place->module);
	else if (by == GROUP_BY_FUNCTION && place->function)
		buffer_insert_string(&text, place->function);
	else
		place_format_file(place, &text);
	escaped = take_text(&text);
	buffer_insert_format(out, "%s:%" PRIu32, escaped,
			     by == GROUP_BY_LINE || by == GROUP_BY_STACK ? place->line : 0);
	free(escaped);
}

static void
write_number(struct json_writer *json, const char *key, uint32_t number)
{
	if (number)
		json_writer_unsigned(json, key, number);
	else
		json_writer_null(json, key);
}

void
view_place_keep_key(struct place *place, enum group_by by)
{
	bool by_file = by == GROUP_BY_FILE && place->file;
	/* What has no file is grouped by its module. */
	bool by_module =
		(by == GROUP_BY_MODULE || by == GROUP_BY_FILE) && !by_file && place->module;
	bool by_function = by == GROUP_BY_FUNCTION && place->function;

	if (place->kind != PLACE_CODE)
		return;
	if (by_file)
		place->module = place->build_id = NULL;
	if (by_module)
		place->file = NULL;
	if (by_file || by_module) {
		place->function = place->symbol = NULL;
		place->inlined = false;
	}
	if (by_file || by_module || by == GROUP_BY_FUNCTION)
		place->line = place->column = 0;
	/* What has no function is grouped by module and offset. */
	if (by_file || by_module || by_function)
		place->offset = 0;
}

static void
write_frame(struct json_writer *json, const struct place *whole, enum group_by by)
{
	struct place place = *whole;
	struct buffer text = BUFFER_INIT;

	view_place_keep_key(&place, by);
	/* Its name is a member of the group. */
	if (place.kind == PLACE_THREAD)
		place.function = NULL;
	format_name(&place, true, &text);
	json_writer_begin_object(json, NULL);
	json_writer_string(json, "function",
			   place.kind != PLACE_CODE ? buffer_string(&text) : place.function);
	buffer_release(&text);
	json_writer_string(json, "file", place.file);
	write_number(json, "line", place.line);
	write_number(json, "column", place.column);
	json_writer_string(json, "module", place.module);
	json_writer_string(json, "build_id", place.build_id);
	if (place.kind == PLACE_CODE && place.offset != 0)
		json_writer_hex(json, "offset", place.offset);
	else
		json_writer_null(json, "offset");
	json_writer_bool(json, "inlined", place.inlined);
	if (place.instances != NULL && by == GROUP_BY_LINE) {
		json_writer_begin_array(json, "instances");
		for (uint32_t i = 0; i < place.instance_count; i++)
			json_writer_string(json, NULL, place.instances[i]);
		json_writer_end_array(json);
	}
	json_writer_end_object(json);
}

void
view_place_json(struct json_writer *json, const struct place_table *table, uint32_t stack,
		enum group_by by)
{
	bool whole = by == GROUP_BY_STACK || by == GROUP_BY_LINE;

	json_writer_begin_array(json, "frames");
	for (; stack != 0; stack = whole ? place_table_get_outer(table, stack) : 0)
		write_frame(json, view_place_get(table, stack), by);
	json_writer_end_array(json);
}
