/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/serve_pages.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "export/export.h"
#include "export/pprof.h"
#include "model/delta.h"
#include "model/rank.h"
#include "model/resident_look.h"
#include "read/locate.h"
#include "read/source.h"
#include "serve/http.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/symbolize.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/term.h"
#include "util/xalloc.h"
#include "view/page.h"

#define SECONDS_MOST 300
#define WAITING_MOST 4 /* answers that keep an earlier look in memory */
#define FRESH_NS     CLOCK_SECOND_NS

enum kind {
	KIND_PAGE,
	KIND_HEAP,
	KIND_ALLOCS,
	KINDS
};

static const struct {
	const char *path, *type, *name;
} kinds[KINDS] = {
	[KIND_PAGE] = {"/", "text/html; charset=utf-8", NULL},
	[KIND_HEAP] = {"/debug/pprof/heap", "application/octet-stream", "heap.pb.gz"},
	[KIND_ALLOCS] = {"/debug/pprof/allocs", "application/octet-stream", "allocs.pb.gz"},
};

/* The last answer of a kind. */
struct kept {
	char *operand, *bytes;
	size_t length;
	uint64_t made_ns;
};

struct serve_pages {
	const char *process, *directory;
	pthread_mutex_t lock; /* of all below, and of all that reads and writes */
	struct debuginfo_cache *cache;
	struct kept kept[KINDS];
	unsigned waiting;
	struct resident_look resident;
};

/*** what is read ***/

struct names {
	char **items;
	size_t count, capacity;
};

static bool
is_of_ours(const char *name)
{
	size_t length = strlen(name);

	return locate_is_recording_name(name) ||
	       (length > 6 && strcmp(name + length - 6, ".tally") == 0);
}

static void
names_release(struct names *names)
{
	array_each (names, name)
		free(*name);
	array_release(names);
}

/* Files of the directory, the newest last. */
static void
list_names(const struct serve_pages *pages, struct names *ret_names)
{
	DIR *directory = opendir(pages->directory);
	uint64_t newest_ns = 0;
	struct dirent *entry;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		struct stat status;
		char **last;

		if (!is_of_ours(entry->d_name) ||
		    fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		last = array_push(ret_names);
		*last = xstrdup(entry->d_name);
		if (ret_names->count == 1 || clock_from(status.st_mtim) >= newest_ns) {
			newest_ns = clock_from(status.st_mtim);
		} else {
			char *name = *last;

			last[0] = last[-1];
			last[-1] = name;
		}
	}
	if (directory != NULL)
		closedir(directory);
}

/* The operand for a reader, to free: a word of a request only chooses among what is there. */
static char *
choose_operand(const struct serve_pages *pages, const char *file, char **ret_why)
{
	struct names names = {0};
	char *operand = NULL;

	if (pages->directory == NULL && file != NULL) {
		*ret_why = xstrdup("there is no choice of files");
		return NULL;
	}
	if (pages->directory == NULL)
		return pages->process != NULL ? xstrdup(pages->process) : xstrdup("");
	list_names(pages, &names);
	for (size_t i = names.count; i > 0 && operand == NULL; i--)
		if (file == NULL || strcmp(names.items[i - 1], file) == 0)
			operand = xasprintf("%s/%s", pages->directory, names.items[i - 1]);
	if (operand == NULL)
		*ret_why = xstrdup(file != NULL ? "no such file in the directory"
						: "no recording and no tally in the directory yet");
	names_release(&names);
	return operand;
}

static int
load(const char *operand, bool for_page, bool resident, struct source *ret_source, char **ret_why)
{
	const struct source_request request = {
		.operand = *operand != '\0' ? operand : NULL,
		.moment = for_page ? NULL : "now",
		.history = for_page,
		.resident = resident,
	};

	return source_read(&request, ret_source, ret_why);
}

/* With the lock. */
static int
load_for_page(struct serve_pages *pages, const char *operand, struct source *ret_source,
	      char **ret_why)
{
	uint64_t began_ns = clock_get_ns(CLOCK_MONOTONIC);
	bool looks = resident_look_is_due(&pages->resident, began_ns);
	int result = load(operand, true, looks, ret_source, ret_why);

	if (result != 0)
		return result;
	if (looks)
		resident_look_note(&pages->resident, ret_source->profile, began_ns,
				   clock_get_ns(CLOCK_MONOTONIC));
	else
		resident_look_lend(&pages->resident, ret_source->profile);
	return 0;
}

static void
symbolize(struct serve_pages *pages, struct source *source)
{
	symbolize_profile(source->profile, &(struct symbolize_options){.cache = pages->cache});
}

/*** what is written ***/

static void
write_pprof(const struct term *term, const struct source *source, bool allocs, uint64_t from_ns)
{
	struct group_options options = {.by = GROUP_BY_STACK};
	struct place_options places = {.exact = true};
	struct place_table *table = place_table_new(&places);
	const struct column *column = column_find(allocs ? "total" : "live");
	struct group_set set;

	group_profile(source->profile, &source->at, &options, table, NULL, &set);
	rank_groups(&set, options.by, column, table);
	export_pprof(term, &(struct export_input){
				   .profile = source->profile,
				   .at = source->at,
				   .options = &options,
				   .column = column,
				   .set = &set,
				   .table = table,
				   .from_ns = from_ns,
				   .is_about_totals = allocs,
			   });
	group_set_release(&set);
	place_table_free(table);
}

static void
write_page(const struct term *term, const struct source *source, const char *operand)
{
	struct group_options options = {.by = GROUP_BY_LINE};

	view_page_html(term, &(struct view_page){
				     .operand = operand,
				     .profile = source->profile,
				     .at = source->at,
				     .options = &options,
				     .process_count = process_list_count(&source->processes),
				     .is_live = true,
			     });
}

static void
make(enum kind kind, const struct source *source, const char *operand, uint64_t from_ns,
     struct http_answer *answer)
{
	struct term term;
	FILE *stream = open_memstream(&answer->bytes, &answer->length);

	if (stream == NULL)
		return;
	term_init(&term, stream, TERM_COLOR_NEVER);
	term.width = 0;
	if (kind == KIND_PAGE)
		write_page(&term, source, operand);
	else
		write_pprof(&term, source, kind == KIND_ALLOCS, from_ns);
	fclose(stream);
	answer->status = 200;
	answer->type = kinds[kind].type;
	answer->name = kinds[kind].name;
}

static void
say(struct http_answer *answer, unsigned status, const char *why)
{
	char *safe = term_escape(why);

	answer->status = status;
	answer->type = "text/plain; charset=utf-8";
	answer->bytes = xasprintf("%s\n", safe);
	answer->length = strlen(answer->bytes);
	free(safe);
}

/*** answers ***/

static void
keep(struct kept *kept, const char *operand, const struct http_answer *answer)
{
	free(kept->operand);
	free(kept->bytes);
	kept->operand = xstrdup(operand);
	kept->bytes = xmalloc(answer->length + 1);
	memcpy(kept->bytes, answer->bytes, answer->length);
	kept->length = answer->length;
	kept->made_ns = clock_get_ns(CLOCK_MONOTONIC);
}

static bool
is_fresh(const struct kept *kept, const char *operand)
{
	return kept->operand != NULL && strcmp(kept->operand, operand) == 0 &&
	       clock_get_ns(CLOCK_MONOTONIC) - kept->made_ns < FRESH_NS;
}

/* With the lock. */
static void
answer_now(struct serve_pages *pages, enum kind kind, const char *operand,
	   struct http_answer *answer)
{
	struct kept *kept = &pages->kept[kind];
	struct source source;
	char *why = NULL;
	int result;

	if (is_fresh(kept, operand)) {
		answer->bytes = xmalloc(kept->length + 1);
		memcpy(answer->bytes, kept->bytes, kept->length);
		answer->length = kept->length;
		answer->status = 200;
		answer->type = kinds[kind].type;
		answer->name = kinds[kind].name;
		return;
	}
	result = kind == KIND_PAGE ? load_for_page(pages, operand, &source, &why)
				   : load(operand, false, false, &source, &why);
	if (result != 0) {
		say(answer, 503, why);
		free(why);
		return;
	}
	symbolize(pages, &source);
	make(kind, &source, operand, 0, answer);
	source_release(&source);
	if (answer->status == 200)
		keep(kept, operand, answer);
}

/* With the lock, and an earlier look. */
static void
answer_since(struct serve_pages *pages, enum kind kind, const char *operand,
	     const struct source *earlier, struct http_answer *answer)
{
	struct source source;
	char *why = NULL;

	if (load(operand, false, false, &source, &why) != 0) {
		say(answer, 503, why);
		free(why);
		return;
	}
	if (delta_subtract(source.profile, earlier->profile) == 0) {
		symbolize(pages, &source);
		make(kind, &source, operand, earlier->at.moment->time_ns, answer);
	} else {
		say(answer, 503, "it is another process now, or counts from zero");
	}
	source_release(&source);
}

static void
answer_change(struct serve_pages *pages, enum kind kind, const char *operand,
	      const struct http_request *request, struct http_answer *answer)
{
	unsigned seconds = (unsigned)strtoul(request->seconds, NULL, 10);
	struct source earlier = {0};
	char *why = NULL;
	bool goes_on;

	if (pages->waiting >= WAITING_MOST) {
		say(answer, 503, "too many wait for a change already");
		return;
	}
	if (load(operand, false, false, &earlier, &why) != 0) {
		say(answer, 503, why);
		free(why);
		return;
	}
	pages->waiting++;
	pthread_mutex_unlock(&pages->lock);
	goes_on = http_wait(request, seconds);
	pthread_mutex_lock(&pages->lock);
	pages->waiting--;
	if (goes_on)
		answer_since(pages, kind, operand, &earlier, answer);
	else
		say(answer, 503, "the server ends");
	source_release(&earlier);
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
	struct names names = {0};

	buffer_insert_string(&text, "/debug/pprof/heap    what is live; ?seconds=N the change "
				    "in N seconds\n"
				    "/debug/pprof/allocs  what was allocated; likewise\n"
				    "/                    a page for people\n");
	if (pages->directory != NULL)
		list_names(pages, &names);
	array_each (&names, name) {
		char *safe = term_escape(*name);

		buffer_insert_format(&text, "?file=%s\n", safe);
		free(safe);
	}
	answer->status = 200;
	answer->type = "text/plain; charset=utf-8";
	answer->bytes = xstrdup(buffer_string(&text));
	answer->length = strlen(answer->bytes);
	names_release(&names);
	buffer_release(&text);
}

static void
answer_kind(struct serve_pages *pages, enum kind kind, const struct http_request *request,
	    struct http_answer *answer)
{
	bool waits = request->seconds != NULL && kind != KIND_PAGE;
	char *operand, *why = NULL;

	if (waits && !is_time(request->seconds)) {
		say(answer, 400, "seconds is a number from 1 to 300");
		return;
	}
	operand = choose_operand(pages, request->file, &why);
	if (operand == NULL) {
		say(answer, request->file != NULL ? 404 : 503, why);
		free(why);
		return;
	}
	pthread_mutex_lock(&pages->lock);
	if (waits)
		answer_change(pages, kind, operand, request, answer);
	else
		answer_now(pages, kind, operand, answer);
	pthread_mutex_unlock(&pages->lock);
	free(operand);
	if (answer->bytes == NULL)
		say(answer, 500, "out of memory");
}

void
serve_pages_answer(void *context, const struct http_request *request,
		   struct http_answer *ret_answer)
{
	struct serve_pages *pages = context;

	for (int kind = 0; kind < KINDS; kind++) {
		if (strcmp(request->path, kinds[kind].path) == 0) {
			answer_kind(pages, (enum kind)kind, request, ret_answer);
			return;
		}
	}
	if (strcmp(request->path, "/debug/pprof/") == 0 ||
	    strcmp(request->path, "/debug/pprof") == 0)
		answer_index(pages, ret_answer);
	else
		say(ret_answer, 404, "there are /, /debug/pprof/heap and /debug/pprof/allocs");
}

struct serve_pages *
serve_pages_new(const char *process, const char *directory)
{
	struct serve_pages *pages = xcalloc(1, sizeof(*pages));

	pages->process = process;
	pages->directory = directory;
	pages->cache = debuginfo_cache_new();
	pthread_mutex_init(&pages->lock, NULL);
	return pages;
}

void
serve_pages_free(struct serve_pages *pages)
{
	for (int kind = 0; kind < KINDS; kind++) {
		free(pages->kept[kind].operand);
		free(pages->kept[kind].bytes);
	}
	debuginfo_cache_free(pages->cache);
	pthread_mutex_destroy(&pages->lock);
	free(pages);
}

int
serve_pages_check(struct serve_pages *pages, char **ret_why)
{
	struct source source;
	int result;

	if (pages->directory != NULL) {
		DIR *directory = opendir(pages->directory);

		result = directory != NULL ? 0 : -errno;
		if (directory != NULL)
			closedir(directory);
		else
			*ret_why = xasprintf("%s: %s", pages->directory, strerror(-result));
		return result;
	}
	result = load(pages->process != NULL ? pages->process : "", false, false, &source, ret_why);
	if (result == 0)
		source_release(&source);
	return result;
}
