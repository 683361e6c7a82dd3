/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view_csv.c - comma-separated values, as RFC 4180 has them, with plain line ends
 */
#include "config.h"

#include "view_csv.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "place.h"
#include "util/buffer.h"
#include "util/term.h"

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

/* What has a number and no name. */
static void
write_number(FILE *stream, const struct place *place)
{
	struct buffer text = BUFFER_INIT;

	place_format_file(place, &text);
	view_csv_string(stream, buffer_string(&text));
	buffer_release(&text);
}

void
view_csv_place(FILE *stream, const struct place *place)
{
	if (place->kind == PLACE_SIZE || place->kind == PLACE_GENERATION ||
	    place->kind == PLACE_THREAD)
		write_number(stream, place);
	else
		view_csv_string(stream, place->function);
	putc(',', stream);
	view_csv_string(stream, place->file);
	putc(',', stream);
	if (place->line)
		fprintf(stream, "%" PRIu32, place->line);
	putc(',', stream);
	view_csv_string(stream, place->module);
	putc(',', stream);
	if (place->kind == PLACE_CODE)
		fprintf(stream, "0x%" PRIx64, place->offset);
}
