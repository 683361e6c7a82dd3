/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/page_html.c - one page about a whole run, as a file that a browser opens
 *
 * What is known is data in the page, and its script draws it: `page_data.c`. The policy in its head
 * keeps the browser from any request, whatever a name may say.
 */
#include "config.h"

#include "view/page.h"

#include <stdio.h>
#include <stdlib.h>

#include "page/assets.h"
#include "util/term.h"
#include "view/page_data.h"

#define POLICY                                                                        \
	"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; " \
	"img-src data:; base-uri 'none'; form-action 'none'"

static void
write_title(FILE *stream, const char *text)
{
	char *safe = term_escape(text);

	for (const char *at = safe; *at != '\0'; at++) {
		if (*at == '<')
			fputs("&lt;", stream);
		else if (*at == '&')
			fputs("&amp;", stream);
		else
			putc(*at, stream);
	}
	free(safe);
}

/* In JSON a "<" stands in strings only, where it has another way to be written: no text of the
 * program ends the element, or begins a comment. */
static void
write_data(FILE *stream, const struct view_page *view)
{
	char *text = NULL;
	size_t length;
	FILE *data = open_memstream(&text, &length);

	if (data == NULL)
		return;
	view_page_data(data, view);
	fclose(data);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '<')
			fputs("\\u003c", stream);
		else
			putc(text[i], stream);
	}
	free(text);
}

void
view_page_html(const struct term *term, const struct view_page *view)
{
	FILE *stream = term->stream;

	fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"" POLICY "\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n"
	      "<link rel=\"icon\" href=\"data:,\">\n<title>",
	      stream);
	write_title(stream, view->profile->command);
	fputs(" - heaptally</title>\n<style>\n", stream);
	fputs(page_style, stream);
	fputs("</style>\n</head>\n<body>\n", stream);
	fputs(page_body, stream);
	fputs("<script type=\"application/json\" id=\"data\">", stream);
	write_data(stream, view);
	fputs("</script>\n<script>\n", stream);
	fputs(page_script, stream);
	fputs("</script>\n</body>\n</html>\n", stream);
}
