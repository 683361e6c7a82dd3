/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/named.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "read/locate.h"
#include "util/buffer.h"
#include "util/xalloc.h"

#define LISTED 5

static bool
is_meant(const struct snapshot_identity *identity, const char *name, bool alive)
{
	return identity_is_called(identity->command, name) && identity->readable &&
	       identity->alive == alive;
}

/* A process that has run its own program again left a recording of each. */
static bool
is_first(const struct recording_list *list, size_t index, const char *name, bool alive)
{
	const struct snapshot_identity *identity = &list->files[index].identity;

	if (!is_meant(identity, name, alive))
		return false;
	for (size_t i = 0; i < index; i++)
		if (list->files[i].identity.pid == identity->pid &&
		    is_meant(&list->files[i].identity, name, alive))
			return false;
	return true;
}

static size_t
count(const struct recording_list *list, const char *name, bool alive)
{
	size_t result = 0;

	for (size_t i = 0; i < list->count; i++)
		result += is_first(list, i, name, alive);
	return result;
}

static char *
explain(const struct recording_list *list, const char *name, bool alive, size_t all)
{
	struct buffer text = BUFFER_INIT;
	size_t listed = 0;
	char *why;

	buffer_insert_format(&text, "%s: %zu processes of this name %s: ", name, all,
			     alive ? "run" : "left a recording");
	for (size_t i = 0; i < list->count && listed < LISTED; i++) {
		const struct recording_file *file = &list->files[i];

		if (!is_first(list, i, name, alive))
			continue;
		buffer_insert_format(&text, "%s%u", listed++ > 0 ? ", " : "", file->identity.pid);
	}
	if (all > listed)
		buffer_insert_format(&text, " and %zu more", all - listed);
	buffer_insert_string(&text, "; give one of these numbers (\"heaptally list\" shows them)");
	why = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return why;
}

int
named_find(const char *name, char **ret_path, char **ret_why)
{
	struct recording_list list;
	bool alive;
	size_t all;
	int result = 0;

	locate_all(&list);
	alive = count(&list, name, true) > 0;
	all = count(&list, name, alive);
	if (all == 0)
		result = -ENOENT;
	else if (all > 1)
		result = -ENOTUNIQ;
	for (size_t i = 0; result == 0 && i < list.count; i++)
		if (is_first(&list, i, name, alive))
			*ret_path = xstrdup(list.files[i].path);
	if (result == -ENOTUNIQ)
		*ret_why = explain(&list, name, alive, all);
	recording_list_release(&list);
	return result;
}
