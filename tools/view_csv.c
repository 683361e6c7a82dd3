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

void
view_csv_place(FILE *stream, const struct place *place)
{
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
