/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * path_ends.c - pair the files of two trees by the ends of their paths
 *
 * All paths are sorted by their components, the last one first. What two of them have in common
 * shrinks with their distance in that order, so the best partner of a path is its nearest neighbour
 * of the other side, before or behind it; and it is the only one when the second nearest have less
 * in common.
 */
#include "config.h"

#include "model/path_ends.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

struct end {
	const char *path;
	size_t length;
	size_t index; /* in the list of its side */
	bool is_new;
	size_t best; /* index in the other side's list, or PATH_ENDS_NONE */
};

/* The nearest ones of one side. */
struct nearest {
	const struct end *first, *second; /* or NULL */
};

size_t
path_ends_get_common(const char *left, const char *right)
{
	size_t left_length = strlen(left), right_length = strlen(right), length = 0, common = 0;

	while (length < left_length && length < right_length &&
	       left[left_length - length - 1] == right[right_length - length - 1]) {
		length++;
		if (left[left_length - length] == '/')
			common = length - 1;
	}
	if ((length == left_length &&
	     (length == right_length || right[right_length - length - 1] == '/')) ||
	    (length == right_length && left[left_length - length - 1] == '/'))
		common = length;
	return common;
}

/* The byte so far from the end: a component ends before any other byte. */
static unsigned
get_byte(const struct end *end, size_t distance)
{
	unsigned char byte;

	if (distance >= end->length)
		return 0;
	byte = (unsigned char)end->path[end->length - distance - 1];
	return byte == '/' ? 1 : byte + 2u;
}

static int
compare_ends(const void *a, const void *b)
{
	const struct end *left = a, *right = b;
	bool absolute = left->path[0] == '/';

	if (absolute != (right->path[0] == '/'))
		return absolute ? 1 : -1;
	for (size_t i = 0;; i++) {
		unsigned one = get_byte(left, i), other = get_byte(right, i);

		if (one != other)
			return one < other ? -1 : 1;
		if (one == 0)
			return (int)left->is_new - (int)right->is_new;
	}
}

static size_t
get_common(const struct end *end, const struct end *other)
{
	if (other == NULL || (end->path[0] == '/') != (other->path[0] == '/'))
		return 0;
	return path_ends_get_common(end->path, other->path);
}

/* What lies before an end has been looked at; better of that and what lies behind. */
static void
choose(struct end *end, const struct nearest *before, const struct nearest *behind)
{
	size_t one = get_common(end, before->first), other = get_common(end, behind->first);
	const struct nearest *best = one > other ? before : behind;
	size_t most = one > other ? one : other;

	end->best = PATH_ENDS_NONE;
	if (most != 0 && one != other && get_common(end, best->second) < most)
		end->best = best->first->index;
}

static void
push(struct nearest *nearest, const struct end *end)
{
	nearest->second = nearest->first;
	nearest->first = end;
}

static void
choose_all(struct end *ends, size_t count)
{
	struct nearest *behind = xcalloc(count + 1, sizeof(*behind));
	struct nearest sides[2] = {{NULL, NULL}, {NULL, NULL}};

	for (size_t i = count; i > 0; i--) {
		behind[i - 1] = sides[!ends[i - 1].is_new];
		push(&sides[ends[i - 1].is_new], &ends[i - 1]);
	}
	memset(sides, 0, sizeof(sides));
	for (size_t i = 0; i < count; i++) {
		choose(&ends[i], &sides[!ends[i].is_new], &behind[i]);
		push(&sides[ends[i].is_new], &ends[i]);
	}
	free(behind);
}

static void
insert_ends(struct end *ends, const char *const *paths, size_t count, bool is_new)
{
	for (size_t i = 0; i < count; i++)
		ends[i] = (struct end){paths[i], strlen(paths[i]), i, is_new, PATH_ENDS_NONE};
}

void
path_ends_pair(const char *const *old, size_t old_count, const char *const *new, size_t new_count,
	       size_t *ret_new)
{
	size_t count = old_count + new_count;
	struct end *ends = xcalloc(count + 1, sizeof(*ends));
	size_t *best_of_new = xcalloc(new_count + 1, sizeof(*best_of_new));

	insert_ends(ends, old, old_count, false);
	insert_ends(ends + old_count, new, new_count, true);
	if (count > 1)
		qsort(ends, count, sizeof(*ends), compare_ends);
	choose_all(ends, count);
	for (size_t i = 0; i < count; i++)
		if (ends[i].is_new)
			best_of_new[ends[i].index] = ends[i].best;
		else
			ret_new[ends[i].index] = ends[i].best;
	for (size_t i = 0; i < old_count; i++)
		if (ret_new[i] != PATH_ENDS_NONE && best_of_new[ret_new[i]] != i)
			ret_new[i] = PATH_ENDS_NONE;
	free(best_of_new);
	free(ends);
}
