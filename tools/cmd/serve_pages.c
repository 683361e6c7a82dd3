/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/serve_pages.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "cmd/serve_kind.h"
#include "cmd/serve_looks.h"
#include "read/folder.h"
#include "serve/answer.h"
#include "serve/http.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/term.h"
#include "util/xalloc.h"

#define SECONDS_MOST 300

struct serve_pages {
	const char *process, *directory;
	struct serve_looks *looks;
};

/* The operand for a reader, to free: a word of a request only chooses among what is there. */
static char *
choose_operand(const struct serve_pages *pages, const char *file, char **ret_why)
{
	struct folder_names names;
	char *operand = NULL;

	if (pages->directory == NULL && file != NULL) {
		*ret_why = xstrdup("there is no choice of files");
		return NULL;
	}
	if (pages->directory == NULL)
		return pages->process != NULL ? xstrdup(pages->process) : xstrdup("");
	folder_list(pages->directory, &names);
	for (size_t i = names.count; i > 0 && operand == NULL; i--)
		if (file == NULL || strcmp(names.items[i - 1], file) == 0)
			operand = xasprintf("%s/%s", pages->directory, names.items[i - 1]);
	if (operand == NULL)
		*ret_why = xstrdup(file != NULL ? "no such file in the directory"
						: "no recording and no tally in the directory yet");
	folder_names_release(&names);
	return operand;
}

static bool
is_time(const char *word)
{
	size_t length = strlen(word);

	return length > 0 && length < 6 && strspn(word, "0123456789") == length && atoi(word) > 0 &&
	       atoi(word) <= SECONDS_MOST;
}

static void
answer_index(const struct serve_pages *pages, struct http_answer *answer)
{
	struct buffer text = BUFFER_INIT;
	struct folder_names names = {0};

	buffer_insert_string(&text, "/debug/pprof/heap    what is live; ?seconds=N the change "
				    "in N seconds\n"
				    "/debug/pprof/allocs  what was allocated; likewise\n"
				    "/                    a page for people\n");
	if (pages->directory != NULL)
		folder_list(pages->directory, &names);
	array_each (&names, name) {
		char *safe = term_escape(*name);

		buffer_insert_format(&text, "?file=%s\n", safe);
		free(safe);
	}
	answer_set_text(answer, 200, xstrdup(buffer_string(&text)));
	folder_names_release(&names);
	buffer_release(&text);
}

static void
answer_kind(struct serve_pages *pages, enum serve_kind kind, const struct http_request *request,
	    struct http_answer *answer)
{
	bool waits = request->seconds != NULL && kind != SERVE_PAGE;
	char *operand, *why = NULL;

	if (waits && !is_time(request->seconds)) {
		answer_say(answer, 400, "seconds is a number from 1 to 300");
		return;
	}
	operand = choose_operand(pages, request->file, &why);
	if (operand == NULL) {
		answer_say(answer, request->file != NULL ? 404 : 503, why);
		free(why);
		return;
	}
	if (waits)
		serve_looks_answer_change(pages->looks, kind, operand, request,
					  (unsigned)atoi(request->seconds), answer);
	else
		serve_looks_answer_now(pages->looks, kind, operand, answer);
	free(operand);
	if (answer->bytes == NULL)
		answer_say(answer, 500, "out of memory");
}

void
serve_pages_answer(void *context, const struct http_request *request,
		   struct http_answer *ret_answer)
{
	struct serve_pages *pages = context;

	for (int kind = 0; kind < SERVE_KINDS; kind++) {
		if (strcmp(request->path, serve_kinds[kind].path) == 0) {
			answer_kind(pages, (enum serve_kind)kind, request, ret_answer);
			return;
		}
	}
	if (strcmp(request->path, "/debug/pprof/") == 0 ||
	    strcmp(request->path, "/debug/pprof") == 0)
		answer_index(pages, ret_answer);
	else
		answer_say(ret_answer, 404,
			   "there are /, /debug/pprof/heap and /debug/pprof/allocs");
}

struct serve_pages *
serve_pages_new(const char *process, const char *directory)
{
	struct serve_pages *pages = xcalloc(1, sizeof(*pages));

	pages->process = process;
	pages->directory = directory;
	pages->looks = serve_looks_new();
	return pages;
}

void
serve_pages_free(struct serve_pages *pages)
{
	serve_looks_free(pages->looks);
	free(pages);
}

int
serve_pages_check(struct serve_pages *pages, char **ret_why)
{
	struct folder_names names;
	int result;

	if (pages->directory == NULL)
		return serve_looks_check(pages->process != NULL ? pages->process : "", ret_why);
	result = folder_list(pages->directory, &names);
	if (result != 0)
		*ret_why = xasprintf("%s: %s", pages->directory, strerror(-result));
	folder_names_release(&names);
	return result;
}
