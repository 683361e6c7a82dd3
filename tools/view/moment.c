/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/moment.c - what reports call a moment of a process, in text and JSON
 *
 * The peak has nothing to do with the mark whose snapshot it is read from, so it is never called
 * after one. The last moment is, only when the user named it by the mark.
 */
#include "config.h"

#include "view/moment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "util/buffer.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/json.h"

#define LATE_NS 10000000u

/* What a moment is called after. */
enum called {
	CALLED_AFTER_PEAK,
	CALLED_AFTER_PEAK_OF_MARK,
	CALLED_AFTER_PEAK_OF_SNAPSHOT,
	CALLED_AFTER_MARK,
	CALLED_AFTER_END,
	CALLED_AFTER_SNAPSHOT,
};

static uint32_t
get_number(const struct profile *profile, const struct profile_moment *moment)
{
	return (uint32_t)(moment - profile->moments) + 1;
}

static enum called
get_called(const struct profile *profile, const struct profile_at *at)
{
	bool is_last = get_number(profile, at->moment) == profile->moment_count;
	bool has_label = at->moment->label[0] != '\0';

	if (at->peak && is_last)
		return CALLED_AFTER_PEAK;
	if (at->peak)
		return has_label ? CALLED_AFTER_PEAK_OF_MARK : CALLED_AFTER_PEAK_OF_SNAPSHOT;
	if (has_label && (at->by_mark || !is_last))
		return CALLED_AFTER_MARK;
	return is_last ? CALLED_AFTER_END : CALLED_AFTER_SNAPSHOT;
}

/* Of a sum: the moments of its processes are their own. */
static void
format_moments(const struct profile *profile, const struct profile_at *at, struct buffer *out)
{
	if (at->peak)
		buffer_insert_string(out, "each at its peak");
	else if (at->moment->label[0] != '\0')
		buffer_insert_format(out, "each at %s", at->moment->label);
	else
		buffer_insert_string(out,
				     profile->state == PROFILE_RUNNING ? "now" : "each at its end");
}

/* Without its time. */
static void
format_moment(const struct profile *profile, const struct profile_at *at, struct buffer *out)
{
	static const char *const ends[] = {
		[PROFILE_RUNNING] = "now",
		[PROFILE_EXITED] = "at exit",
		[PROFILE_ENDED] = "at the end",
	};
	uint32_t number = get_number(profile, at->moment);
	const char *label = at->moment->label;

	if (profile->process_count != 0) {
		format_moments(profile, at, out);
		return;
	}
	switch (get_called(profile, at)) {
	case CALLED_AFTER_PEAK:
		buffer_insert_string(out, "at the peak");
		break;
	case CALLED_AFTER_PEAK_OF_MARK:
		buffer_insert_format(out, "at the peak up to mark %s", label);
		break;
	case CALLED_AFTER_PEAK_OF_SNAPSHOT:
		buffer_insert_format(out, "at the peak up to snapshot %" PRIu32, number);
		break;
	case CALLED_AFTER_MARK:
		buffer_insert_format(out, "at mark %s", label);
		break;
	case CALLED_AFTER_END:
		buffer_insert_string(out, ends[profile->state]);
		break;
	case CALLED_AFTER_SNAPSHOT:
		buffer_insert_format(out, "at snapshot %" PRIu32, number);
		break;
	}
}

static uint64_t
get_time_ns(const struct profile_at *at)
{
	return at->peak ? at->moment->peak_time_ns : at->moment->time_ns;
}

/* The mark that a moment is called after, or NULL: the last one of its label before it. */
static const struct profile_mark *
find_mark(const struct profile *profile, const struct profile_at *at)
{
	const struct profile_moment *moment = at->moment;

	if (profile->process_count != 0 || get_called(profile, at) != CALLED_AFTER_MARK)
		return NULL;
	for (uint32_t i = profile->mark_count; i > 0; i--) {
		const struct profile_mark *mark = &profile->marks[i - 1];

		if (mark->kind == PROFILE_MARK_LABEL && mark->time_ns <= moment->time_ns &&
		    strcmp(mark->label, moment->label) == 0)
			return mark;
	}
	return NULL;
}

/* What a snapshot is late against its mark, and what has changed until then; both are exact. */
static void
format_lateness(const struct profile *profile, const struct profile_at *at, struct buffer *out)
{
	const struct profile_mark *mark = find_mark(profile, at);
	const struct profile_moment *moment = at->moment;
	char late[HUMAN_BYTES], bytes[HUMAN_BYTES];
	int64_t more;

	if (mark == NULL)
		return;
	more = (int64_t)((uint64_t)moment->sum.live_bytes - (uint64_t)mark->live_bytes);
	if (more == 0 && moment->time_ns - mark->time_ns < LATE_NS)
		return;
	buffer_insert_format(out, ", taken %s after it",
			     human_duration(moment->time_ns - mark->time_ns, late));
	if (more != 0)
		buffer_insert_format(out, " with %s", human_size_change(more, bytes));
}

char *
view_moment_name_process(const struct profile *profile)
{
	const char *command = profile->command[0] != '\0' ? profile->command : profile->executable;
	char *safe = term_escape(command), *name;

	if (profile->process_count == 0)
		name = xasprintf("%s %" PRIu32, safe, profile->pid);
	else if (profile->process_count == 1)
		name = xasprintf("%s, 1 process", safe);
	else
		name = xasprintf("%s, %" PRIu32 " processes", safe, profile->process_count);
	free(safe);
	return name;
}

char *
view_moment_describe(const struct profile *profile, const struct profile_at *at)
{
	struct buffer text = BUFFER_INIT;
	uint64_t time_ns = get_time_ns(at);
	char number[HUMAN_BYTES];
	char *result;

	format_moment(profile, at, &text);
	if (time_ns > 0)
		buffer_insert_format(&text, " (%s)", human_duration(time_ns, number));
	format_lateness(profile, at, &text);
	result = term_escape(buffer_string(&text));
	buffer_release(&text);
	return result;
}

/* What the snapshot of a mark has to be compared with. */
static void
write_mark(struct json_writer *json, const struct profile_mark *mark)
{
	if (mark == NULL) {
		json_writer_null(json, "mark");
		return;
	}
	json_writer_begin_object(json, "mark");
	json_writer_string(json, "label", mark->label);
	json_writer_seconds(json, "time_seconds", mark->time_ns);
	json_writer_signed(json, "live_bytes", mark->live_bytes);
	json_writer_end_object(json);
}

void
view_moment_json(struct json_writer *json, const char *key, const struct profile *profile,
		 const struct profile_at *at)
{
	struct buffer moment = BUFFER_INIT;

	format_moment(profile, at, &moment);
	json_writer_begin_object(json, key);
	view_json_optional(json, "pid", profile->process_count == 0, profile->pid);
	if (profile->process_count != 0)
		json_writer_unsigned(json, "process_count", profile->process_count);
	json_writer_string(json, "command", profile->command);
	json_writer_string(json, "executable", profile->executable);
	json_writer_string(json, "state", profile_state_name(profile->state));
	json_writer_string(json, "moment", buffer_string(&moment));
	if (profile->process_count == 0)
		json_writer_seconds(json, "moment_seconds", get_time_ns(at));
	else
		json_writer_null(json, "moment_seconds");
	write_mark(json, find_mark(profile, at));
	json_writer_end_object(json);
	buffer_release(&moment);
}
