/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source_explain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "model/process.h"
#include "model/profile.h"
#include "read/foreign.h"
#include "read/identity.h"
#include "read/meant.h"
#include "read/operand.h"
#include "read/snapshot.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/xalloc.h"

/* Of a profile's marks, in a message. */
#define LABELS_SHOWN 5

static bool
has_label(const struct profile_mark *const *marks, size_t count, const char *label)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(marks[i]->label, label) == 0)
			return true;
	}
	return false;
}

/* Names the first few labels, each once, and counts the marks with others. */
static char *
explain_no_mark(const char *name, const char *moment, const struct profile *profile)
{
	const struct profile_mark *shown[LABELS_SHOWN];
	struct buffer text = BUFFER_INIT;
	size_t count = 0, more = 0;
	char *why;

	buffer_insert_format(&text, "%s: no moment %s in it", name, moment);
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (mark->kind != PROFILE_MARK_LABEL || has_label(shown, count, mark->label))
			continue;
		if (count == LABELS_SHOWN) {
			more++;
			continue;
		}
		buffer_insert_format(&text, "%smark:%s", count == 0 ? "; there is " : ", ",
				     mark->label);
		shown[count++] = mark;
	}
	if (count == 0)
		buffer_insert_string(&text, "; it has no marks");
	else if (more != 0)
		buffer_insert_format(&text, " and %zu more", more);
	why = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return why;
}

char *
source_explain_moment(const char *name, const char *moment, const struct profile *profile,
		      int error)
{
	uint32_t count = profile->moment_count;

	if (error == -EINVAL)
		return xasprintf(
			"\"%s\" is not a moment; moments are exit, peak, now, 12.5s, snap:N and "
			"mark:LABEL",
			moment);
	if (error == -ENODATA) {
		const struct profile_mark *mark = profile_find_mark(profile, moment + 5);

		return xasprintf("%s: %s was at %.3fs, but no snapshot was taken then; `heaptally "
				 "run` takes one at each mark",
				 name, moment, (double)mark->time_ns / 1e9);
	}
	if (strncmp(moment, "mark:", 5) == 0)
		return explain_no_mark(name, moment, profile);
	if (count == 0)
		return xasprintf("%s: no moment %s in it", name, moment);
	return xasprintf("%s: no moment %s in it; snap:1 is at %.3fs, the last is snap:%u at %.3fs",
			 name, moment, (double)profile->moments[0].time_ns / 1e9, count,
			 (double)profile->moments[count - 1].time_ns / 1e9);
}

char *
source_explain_process(const char *name, const char *wanted, const struct process_list *processes)
{
	struct buffer text = BUFFER_INIT;
	size_t count = processes->all.count;
	char *why;

	array_each (&processes->unseen, unseen) {
		if (operand_is_process(wanted, unseen->pid, unseen->command))
			return xasprintf("%s: %s was not recorded: it %s", name, unseen->command,
					 unseen->why);
	}
	buffer_insert_format(&text, "%s: no process \"%s\" in it", name, wanted);
	for (size_t i = 0; i < count && i < 5; i++)
		buffer_insert_format(&text, "%s%s (%u)", i == 0 ? ", but " : ", ",
				     processes->all.items[i].command, processes->all.items[i].pid);
	if (count > 5)
		buffer_insert_format(&text, " and %zu more", count - 5);
	why = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return why;
}

/* What of heaptally wrote a file that this version does not read. */
static char *
explain_version(const char *name, const char *path)
{
	struct snapshot_identity identity;

	if (path == NULL || snapshot_identify(path, SNAPSHOT_ANY_OWNER, &identity) != 0)
		return xasprintf("%s: written by a newer heaptally than this one, %s", name,
				 PACKAGE_VERSION);
	if (identity.layout == 0 || identity.layout == snapshot_get_layout())
		return xasprintf("%s: a recording from another kind of machine, or by another "
				 "heaptally than this one, %s",
				 name, PACKAGE_VERSION);
	return xasprintf("%s: a recording of layout %u, by another version of heaptally; this one, "
			 "%s, reads layout %u",
			 name, identity.layout, PACKAGE_VERSION, snapshot_get_layout());
}

char *
source_explain_file(const char *name, const char *path, int error)
{
	const char *text = strerror(-error);
	char *meant, *sentence;

	if (error == -EPROTO)
		return explain_version(name, path);
	if (error == -EBADMSG && path != NULL && foreign_describe(path) != NULL)
		return xasprintf("%s: not a file of heaptally, but %s", name,
				 foreign_describe(path));
	if (error == -EBADMSG)
		text = "not a file of heaptally, or a damaged one";
	else if (error == -ENOMSG)
		text = "the file is empty";
	else if (error == -ENODATA)
		text = "cut: its end is missing";
	else if (error == -EAGAIN)
		text = "the process is only starting, try again";
	else if (error == -EFBIG)
		text = "expands to more than any real file does";
	meant = error == -ENOENT ? meant_suggest(name) : xstrdup("");
	sentence = xasprintf("%s: %s%s", name, text, meant);
	free(meant);
	return sentence;
}

char *
source_explain(const char *operand, int error)
{
	char *path = NULL, *why = NULL, *sentence;

	if ((error == -EPROTO || error == -EBADMSG) && operand_find_file(operand, &path, &why) != 0)
		path = NULL;
	sentence = source_explain_file(operand, path, error);
	free(path);
	free(why);
	return sentence;
}
