/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/marks.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/xalloc.h"

#define MARKS_MOST 12

char *
view_marks_describe(const struct profile_mark *mark)
{
	static const char *const done[PROFILE_MARK_KINDS] = {
		[PROFILE_MARK_CLEAR] = "(cleared)",  [PROFILE_MARK_RESET_PEAK] = "(peak reset)",
		[PROFILE_MARK_LABEL] = "(no label)", [PROFILE_MARK_PAUSE] = "(paused)",
		[PROFILE_MARK_RESUME] = "(resumed)", [PROFILE_MARK_STOP] = "(stopped)",
	};

	return mark->label[0] != '\0' ? term_escape(mark->label) : xstrdup(done[mark->kind]);
}

static bool
is_inside(const struct profile_mark *mark, uint64_t from_ns, uint64_t to_ns)
{
	return mark->time_ns >= from_ns && mark->time_ns <= to_ns;
}

static void
print_mark(FILE *stream, const char *title, const struct profile_mark *mark)
{
	char time[HUMAN_BYTES], bytes[HUMAN_BYTES];
	char *what = view_marks_describe(mark);

	fprintf(stream, "%-10s           %9s %11s  %s\n", title,
		human_duration(mark->time_ns, time), human_size(mark->live_bytes, bytes), what);
	free(what);
}

/* Of many, the first and the last ones. */
void
view_marks_text(FILE *stream, const struct profile *profile, const char *title, uint64_t from_ns,
		uint64_t to_ns)
{
	uint32_t count = 0, seen = 0;

	for (uint32_t i = 0; i < profile->mark_count; i++)
		count += is_inside(&profile->marks[i], from_ns, to_ns);
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (!is_inside(mark, from_ns, to_ns))
			continue;
		seen++;
		if (count <= MARKS_MOST || seen <= MARKS_MOST / 2 || seen > count - MARKS_MOST / 2)
			print_mark(stream, seen == 1 ? title : "", mark);
		else if (seen == MARKS_MOST / 2 + 1)
			fprintf(stream, "%-10s (%" PRIu32 " more)\n", "", count - MARKS_MOST);
	}
}

void
view_marks_json(struct json_writer *json, const struct profile *profile, uint64_t from_ns,
		uint64_t to_ns)
{
	json_writer_begin_array(json, "marks");
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (!is_inside(mark, from_ns, to_ns))
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_string(json, "kind", profile_mark_name(mark->kind));
		json_writer_string(json, "label", mark->label);
		json_writer_seconds(json, "time_seconds", mark->time_ns);
		json_writer_signed(json, "live_bytes", mark->live_bytes);
		json_writer_signed(json, "peak_bytes", mark->peak_bytes);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}
