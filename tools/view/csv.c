/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "model/place.h"
#include "util/term.h"
#include "view/place.h"

void
view_csv_string(FILE *stream, const char *text)
{
	char *escaped = text ? term_escape(text) : NULL;

	if (escaped && strpbrk(escaped, ",\"")) {
		putc('"', stream);
		for (const char *at = escaped; *at; at++) {
			if (*at == '"')
				putc('"', stream);
			putc(*at, stream);
		}
		putc('"', stream);
	} else if (escaped) {
		fputs(escaped, stream);
	}
	free(escaped);
}

/* The title of a key that is no place, or NULL. */
static const char *
get_key_title(enum group_by by)
{
	if (by == GROUP_BY_PROCESS)
		return "pid,process";
	return by == GROUP_BY_SIZE ? "size_from" : by > GROUP_BY_STACK ? group_by_names[by] : NULL;
}

/* A process of two runs that are compared has no number. */
static void
write_name(FILE *stream, const struct place *place)
{
	if (place->kind == PLACE_PROCESS && place->offset != 0)
		fprintf(stream, "%" PRIu64, place->offset);
	if (place->kind == PLACE_PROCESS)
		putc(',', stream);
	view_csv_string(stream, place->function);
}

void
view_csv_place_titles(FILE *stream, enum group_by by)
{
	if (get_key_title(by) != NULL)
		fprintf(stream, "%s,", get_key_title(by));
	fputs("function,file,line,module,offset", stream);
}

void
view_csv_place(FILE *stream, const struct place *place, enum group_by by)
{
	struct place shown = *place;

	view_place_keep_key(&shown, by);
	if (get_key_title(by) != NULL) {
		if (shown.kind == PLACE_SIZE || shown.kind == PLACE_GENERATION ||
		    shown.kind == PLACE_THREAD)
			fprintf(stream, "%" PRIu64, shown.offset);
		else
			write_name(stream, &shown);
		fputs(",,,,,", stream);
		return;
	}
	view_csv_string(stream, shown.function);
	putc(',', stream);
	view_csv_string(stream, shown.file);
	putc(',', stream);
	if (shown.line != 0)
		fprintf(stream, "%" PRIu32, shown.line);
	putc(',', stream);
	view_csv_string(stream, shown.module);
	putc(',', stream);
	if (shown.kind == PLACE_CODE && shown.offset != 0)
		fprintf(stream, "0x%" PRIx64, shown.offset);
}
