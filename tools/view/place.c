/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/place.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/name.h"
#include "model/wrapper.h"
#include "util/buffer.h"
#include "util/term.h"
#include "util/xalloc.h"

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
