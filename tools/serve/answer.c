/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "serve/answer.h"

#include <stdlib.h>
#include <string.h>

#include "serve/http.h"
#include "util/term.h"
#include "util/xalloc.h"

void
answer_set_text(struct http_answer *answer, unsigned status, char *text)
{
	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	answer->bytes = text;
	answer->length = strlen(text);
}

void
answer_say(struct http_answer *answer, unsigned status, const char *line)
{
	char *safe = term_escape(line);

	answer_set_text(answer, status, xasprintf("%s\n", safe));
	free(safe);
}
