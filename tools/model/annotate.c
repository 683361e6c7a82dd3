/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/annotate.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/array.h"
#include "util/text.h"
#include "util/xalloc.h"

#define SAME SIZE_MAX

/* The file that the user means, and how much of a path must fit it. */
struct wanted {
	annotate_resolve *resolve;
	char *path;
	size_t least;
};

/* Without links and dots if the file exists here, else as it is. The caller frees it. */
static char *
resolve_path(annotate_resolve *resolve, const char *path)
{
	char *real = resolve(path);

	while (!real && strncmp(path, "./", 2) == 0)
		path += 2;
	return real ? real : xstrdup(path);
}

static size_t
count_components(const char *path)
{
	size_t count = 0;

	for (; *path; path++)
		count += *path != '/' && (path[1] == '/' || path[1] == '\0');
	return count;
}

/* How many names at the end of both paths are equal; SAME if all are. */
static size_t
count_common(const char *left, const char *right)
{
	size_t i = strlen(left), k = strlen(right), common = 0;

	if (strcmp(left, right) == 0)
		return SAME;
	while (i > 0 && k > 0 && left[i - 1] == right[k - 1]) {
		i--;
		k--;
		common += left[i] == '/';
	}
	/* The name that ends here is common only when it begins in both. */
	if ((i == 0 || left[i - 1] == '/') && (k == 0 || right[k - 1] == '/') && left[i] != '/')
		common++;
	return common;
}

static size_t
rate_file(const struct wanted *wanted, const char *file)
{
	char *real;
	size_t rating;

	if (strcmp(text_base_name(wanted->path), text_base_name(file)) != 0)
		return 0;
	real = resolve_path(wanted->resolve, file);
	rating = count_common(wanted->path, real);
	free(real);
	return rating >= wanted->least ? rating : 0;
}

static const struct place *
get_key(const struct place_table *table, const struct group *group)
{
	return place_table_get(table, group->key);
}

/* The best file. All that are the same file here count as one. */
static int
find_file(const struct group_set *set, const struct place_table *table, const struct wanted *wanted,
	  struct annotation *annotation, size_t *ret_rating)
{
	size_t best = 0;

	annotation->file = annotation->other = NULL;
	for (size_t i = 0; i < set->count; i++) {
		const char *file = get_key(table, &set->groups[i])->file;
		size_t rating = file && file != annotation->file ? rate_file(wanted, file) : 0;

		if (rating > best) {
			best = rating;
			annotation->file = file;
			annotation->other = NULL;
		} else if (rating > 0 && rating == best && rating != SAME) {
			annotation->other = file;
		}
	}
	*ret_rating = best;
	if (!annotation->file)
		return -ENOENT;
	return annotation->other ? -ENOTUNIQ : 0;
}

static int
compare_lines(const void *a, const void *b)
{
	const struct annotate_line *left = a, *right = b;

	return (left->line > right->line) - (left->line < right->line);
}

static void
add_line(struct annotate_line *sum, const struct annotate_line *line)
{
	profile_values_add(&sum->values, &line->values);
	block_histogram_merge(&sum->lifetimes, &line->lifetimes);
}

/* One entry a line: the same file may have gone by several names. */
static void
merge_lines(struct annotation *annotation)
{
	size_t kept = 0;

	qsort(annotation->lines, annotation->count, sizeof(*annotation->lines), compare_lines);
	for (size_t i = 0; i < annotation->count; i++) {
		const struct annotate_line *line = &annotation->lines[i];

		if (kept > 0 && annotation->lines[kept - 1].line == line->line)
			add_line(&annotation->lines[kept - 1], line);
		else
			annotation->lines[kept++] = *line;
	}
	annotation->count = kept;
}

static void
collect_lines(const struct profile *profile, const struct group_set *set,
	      const struct place_table *table, const struct wanted *wanted, size_t rating,
	      struct annotation *annotation)
{
	ARRAY(struct annotate_line) lines = {0};
	uint64_t largest = 0;

	for (size_t i = 0; i < set->count; i++) {
		const struct group *group = &set->groups[i];
		const struct place *place = get_key(table, group);

		if (!place->file || (place->file != annotation->file &&
				     (rating != SAME || rate_file(wanted, place->file) != SAME)))
			continue;
		*array_push(&lines) =
			(struct annotate_line){.line = place->line, .values = group->values};
		if (set->has_lifetimes)
			group_get_lifetimes(set, group, profile,
					    &lines.items[lines.count - 1].lifetimes);
		profile_values_add(&annotation->sum, &group->values);
		if (!annotation->module || group->values.total_bytes > largest) {
			largest = group->values.total_bytes;
			place = place_table_get(table, place_table_get_place(table, group->stack));
			annotation->module = place->module;
		}
	}
	annotation->lines = lines.items;
	annotation->count = lines.count;
	merge_lines(annotation);
}

int
annotate_groups(const struct profile *profile, const struct group_set *set,
		const struct place_table *table, const char *name, annotate_resolve *resolve,
		struct annotation *ret_annotation)
{
	struct wanted wanted = {.resolve = resolve, .path = resolve_path(resolve, name)};
	struct annotation annotation = {.file = NULL};
	size_t rating;
	int result;

	/* A relative name that is no file here has to fit as it was typed. */
	wanted.least = wanted.path[0] == '/' ? 1 : count_components(wanted.path);
	result = find_file(set, table, &wanted, &annotation, &rating);
	annotation.same = rating == SAME;
	if (result == 0)
		collect_lines(profile, set, table, &wanted, rating, &annotation);
	free(wanted.path);
	*ret_annotation = annotation;
	return result;
}

void
annotation_release(struct annotation *annotation)
{
	free(annotation->lines);
	memset(annotation, 0, sizeof(*annotation));
}
