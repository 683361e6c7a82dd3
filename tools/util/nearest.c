/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/nearest.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

#define LETTERS_MAX 63
#define SEPARATORS  ", "

static size_t
least_of(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* How many slips of the fingers make one word of the other. */
static size_t
count_slips(const char *left, const char *right)
{
	size_t rows = strlen(left), columns = strlen(right);
	size_t slips[LETTERS_MAX + 1][LETTERS_MAX + 1];

	if (rows > LETTERS_MAX || columns > LETTERS_MAX)
		return SIZE_MAX;
	for (size_t i = 0; i <= rows; i++)
		slips[i][0] = i;
	for (size_t k = 0; k <= columns; k++)
		slips[0][k] = k;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t k = 1; k <= columns; k++) {
			size_t changed = slips[i - 1][k - 1] + (left[i - 1] != right[k - 1]);
			size_t moved = least_of(slips[i - 1][k], slips[i][k - 1]) + 1;

			slips[i][k] = least_of(changed, moved);
			if (i > 1 && k > 1 && left[i - 1] == right[k - 2] &&
			    left[i - 2] == right[k - 1])
				slips[i][k] = least_of(slips[i][k], slips[i - 2][k - 2] + 1);
		}
	}
	return slips[rows][columns];
}

size_t
nearest_limit(const char *word)
{
	/* Of a short word two changed letters leave nothing. */
	return strlen(word) > 3 ? 3 : 2;
}

bool
nearest_is_nearer(const char *word, const char *name, size_t *slips)
{
	size_t count = count_slips(word, name);

	if (count == 0 || count >= *slips)
		return false;
	*slips = count;
	return true;
}

char *
nearest_find(const char *word, const char *names)
{
	size_t least = nearest_limit(word);
	char *copy = xstrdup(names), *rest, *best = NULL;

	for (char *name = strtok_r(copy, SEPARATORS, &rest); name != NULL;
	     name = strtok_r(NULL, SEPARATORS, &rest)) {
		size_t slips = count_slips(word, name);

		if (slips < least) {
			least = slips;
			best = name;
		}
	}
	best = best != NULL && least > 0 ? xstrdup(best) : NULL;
	free(copy);
	return best;
}

char *
nearest_suggest(const char *word, const char *names)
{
	char *nearest = nearest_find(word, names);
	char *text = nearest != NULL ? xasprintf("; did you mean %s?", nearest) : xstrdup("");

	free(nearest);
	return text;
}
