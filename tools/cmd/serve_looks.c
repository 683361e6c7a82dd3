/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "cmd/serve_looks.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/delta.h"
#include "model/resident_look.h"
#include "read/source.h"
#include "serve/answer.h"
#include "serve/http.h"
#include "symbols/debuginfo_cache.h"
#include "symbols/symbolize.h"
#include "util/clock.h"
#include "util/xalloc.h"

#define WAITING_MOST 4 /* answers that keep an earlier look in memory */
#define FRESH_NS     CLOCK_SECOND_NS

/* The last answer of a kind. */
struct kept {
	char *operand, *bytes;
	size_t length;
	uint64_t made_ns;
};

struct serve_looks {
	pthread_mutex_t lock; /* of all below, and of all that reads and writes */
	struct debuginfo_cache *cache;
	struct kept kept[SERVE_KINDS];
	unsigned waiting;
	struct resident_look resident;
};

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
load_for_page(struct serve_looks *looks, const char *operand, struct source *ret_source,
	      char **ret_why)
{
	uint64_t began_ns = clock_get_ns(CLOCK_MONOTONIC);
	bool is_due = resident_look_is_due(&looks->resident, began_ns);
	int result = load(operand, true, is_due, ret_source, ret_why);

	if (result != 0)
		return result;
	if (is_due)
		resident_look_note(&looks->resident, ret_source->profile, began_ns,
				   clock_get_ns(CLOCK_MONOTONIC));
	else
		resident_look_lend(&looks->resident, ret_source->profile);
	return 0;
}

static void
symbolize(struct serve_looks *looks, struct source *source)
{
	symbolize_profile(source->profile, &(struct symbolize_options){.cache = looks->cache});
}

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
answer_now(struct serve_looks *looks, enum serve_kind kind, const char *operand,
	   struct http_answer *answer)
{
	struct kept *kept = &looks->kept[kind];
	struct source source;
	char *why = NULL;
	int result;

	if (is_fresh(kept, operand)) {
		answer->bytes = xmalloc(kept->length + 1);
		memcpy(answer->bytes, kept->bytes, kept->length);
		answer->length = kept->length;
		answer->status = 200;
		answer->type = serve_kinds[kind].type;
		answer->name = serve_kinds[kind].name;
		return;
	}
	result = kind == SERVE_PAGE ? load_for_page(looks, operand, &source, &why)
				    : load(operand, false, false, &source, &why);
	if (result != 0) {
		answer_say(answer, 503, why);
		free(why);
		return;
	}
	symbolize(looks, &source);
	serve_kind_write(kind, &source, operand, 0, answer);
	source_release(&source);
	if (answer->status == 200)
		keep(kept, operand, answer);
}

/* With the lock, and an earlier look. */
static void
answer_since(struct serve_looks *looks, enum serve_kind kind, const char *operand,
	     const struct source *earlier, struct http_answer *answer)
{
	struct source source;
	char *why = NULL;

	if (load(operand, false, false, &source, &why) != 0) {
		answer_say(answer, 503, why);
		free(why);
		return;
	}
	if (delta_subtract(source.profile, earlier->profile) == 0) {
		symbolize(looks, &source);
		serve_kind_write(kind, &source, operand, earlier->at.moment->time_ns, answer);
	} else {
		answer_say(answer, 503, "it is another process now, or counts from zero");
	}
	source_release(&source);
}

/* With the lock, which it leaves to others while it waits. */
static void
answer_change(struct serve_looks *looks, enum serve_kind kind, const char *operand,
	      const struct http_request *request, unsigned seconds, struct http_answer *answer)
{
	struct source earlier = {0};
	char *why = NULL;
	bool goes_on;

	if (looks->waiting >= WAITING_MOST) {
		answer_say(answer, 503, "too many wait for a change already");
		return;
	}
	if (load(operand, false, false, &earlier, &why) != 0) {
		answer_say(answer, 503, why);
		free(why);
		return;
	}
	looks->waiting++;
	pthread_mutex_unlock(&looks->lock);
	goes_on = http_wait(request, seconds);
	pthread_mutex_lock(&looks->lock);
	looks->waiting--;
	if (goes_on)
		answer_since(looks, kind, operand, &earlier, answer);
	else
		answer_say(answer, 503, "the server ends");
	source_release(&earlier);
}

void
serve_looks_answer_now(struct serve_looks *looks, enum serve_kind kind, const char *operand,
		       struct http_answer *answer)
{
	pthread_mutex_lock(&looks->lock);
	answer_now(looks, kind, operand, answer);
	pthread_mutex_unlock(&looks->lock);
}

void
serve_looks_answer_change(struct serve_looks *looks, enum serve_kind kind, const char *operand,
			  const struct http_request *request, unsigned seconds,
			  struct http_answer *answer)
{
	pthread_mutex_lock(&looks->lock);
	answer_change(looks, kind, operand, request, seconds, answer);
	pthread_mutex_unlock(&looks->lock);
}

int
serve_looks_check(const char *operand, char **ret_why)
{
	struct source source;
	int result = load(operand, false, false, &source, ret_why);

	if (result == 0)
		source_release(&source);
	return result;
}

struct serve_looks *
serve_looks_new(void)
{
	struct serve_looks *looks = xcalloc(1, sizeof(*looks));

	looks->cache = debuginfo_cache_new();
	pthread_mutex_init(&looks->lock, NULL);
	return looks;
}

void
serve_looks_free(struct serve_looks *looks)
{
	for (int kind = 0; kind < SERVE_KINDS; kind++) {
		free(looks->kept[kind].operand);
		free(looks->kept[kind].bytes);
	}
	debuginfo_cache_free(looks->cache);
	pthread_mutex_destroy(&looks->lock);
	free(looks);
}
