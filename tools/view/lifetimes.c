/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/lifetimes.h"

#include <inttypes.h>
#include <stdlib.h>

#include "model/block.h"
#include "model/group.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"

/* The first and the last bucket that is not empty; false if all are. */
static bool
find_range(const struct block_histogram *histogram, unsigned *ret_first, unsigned *ret_last)
{
	bool found = false;

	for (unsigned i = 0; i < BLOCK_BUCKETS; i++) {
		if (histogram->freed[i] == 0)
			continue;
		if (!found)
			*ret_first = i;
		*ret_last = i;
		found = true;
	}
	return found;
}

void
view_lifetimes_line(const struct term *term, const struct block_histogram *histogram,
		    const char *indent)
{
	int64_t values[BLOCK_BUCKETS];
	char count[HUMAN_BYTES], mean[HUMAN_BYTES], from[HUMAN_BYTES], to[HUMAN_BYTES];
	unsigned first = 0, last = 0;
	char *bars;

	if (!find_range(histogram, &first, &last)) {
		fprintf(term->stream, "%snone was freed\n", indent);
		return;
	}
	for (unsigned i = first; i <= last; i++)
		values[i - first] =
			histogram->freed[i] < INT64_MAX ? (int64_t)histogram->freed[i] : INT64_MAX;
	bars = term_sparkline(term, values, last - first + 1, last - first + 1);
	fprintf(term->stream, "%sfreed %s after %s on average  %s %s to %s%s\n", indent,
		human_count(histogram->blocks, count),
		human_duration(block_histogram_mean_ns(histogram), mean), bars,
		human_duration(block_bucket_from_ns(first), from),
		last == BLOCK_BUCKETS - 1 ? "any" : "<",
		last == BLOCK_BUCKETS - 1 ? "" : human_duration(block_bucket_to_ns(last), to));
	free(bars);
}

void
view_lifetimes_ages_line(const struct term *term, const struct group_ages *ages, const char *indent)
{
	char oldest[HUMAN_BYTES], median[HUMAN_BYTES], youngest[HUMAN_BYTES];

	if (ages->blocks == 0)
		return;
	fprintf(term->stream, "%slive for %s (oldest), %s (median), %s (youngest)\n", indent,
		human_duration(ages->oldest_ns, oldest), human_duration(ages->median_ns, median),
		human_duration(ages->youngest_ns, youngest));
}

void
view_lifetimes_csv(FILE *stream, const struct group_ages *ages,
		   const struct block_histogram *lifetimes)
{
	if (ages->blocks != 0)
		fprintf(stream, "%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",", ages->oldest_ns,
			ages->median_ns, ages->youngest_ns);
	else
		fputs(",,,", stream);
	if (lifetimes == NULL)
		fputs(",,", stream);
	else if (lifetimes->blocks == 0)
		fputs("0,,", stream);
	else
		fprintf(stream, "%" PRIu64 ",%" PRIu64 ",", lifetimes->blocks,
			block_histogram_mean_ns(lifetimes));
}

void
view_lifetimes_ages_json(struct json_writer *json, const struct group_ages *ages)
{
	if (ages == NULL || ages->blocks == 0) {
		json_writer_null(json, "ages");
		return;
	}
	json_writer_begin_object(json, "ages");
	json_writer_unsigned(json, "live_blocks", ages->blocks);
	json_writer_seconds(json, "oldest_seconds", ages->oldest_ns);
	json_writer_seconds(json, "median_seconds", ages->median_ns);
	json_writer_seconds(json, "youngest_seconds", ages->youngest_ns);
	json_writer_end_object(json);
}

void
view_lifetimes_json(struct json_writer *json, const struct block_histogram *histogram)
{
	if (histogram->blocks == 0) {
		json_writer_null(json, "lifetimes");
		return;
	}
	json_writer_begin_object(json, "lifetimes");
	json_writer_unsigned(json, "freed_blocks", histogram->blocks);
	json_writer_seconds(json, "average_seconds", block_histogram_mean_ns(histogram));
	json_writer_begin_array(json, "histogram");
	for (unsigned i = 0; i < BLOCK_BUCKETS; i++) {
		if (histogram->freed[i] == 0)
			continue;
		json_writer_begin_object(json, NULL);
		json_writer_seconds(json, "from_seconds", block_bucket_from_ns(i));
		if (i < BLOCK_BUCKETS - 1)
			json_writer_seconds(json, "below_seconds", block_bucket_to_ns(i));
		else
			json_writer_null(json, "below_seconds");
		json_writer_unsigned(json, "freed_blocks", histogram->freed[i]);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
	json_writer_end_object(json);
}
