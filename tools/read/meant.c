/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/meant.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "read/locate.h"
#include "read/tally.h"
#include "util/nearest.h"
#include "util/text.h"
#include "util/xalloc.h"

#define FILES_MAX 10000 /* that are looked at */

struct meant {
	char *word;   /* without its folder, and the end that tallies have */
	bool is_stem; /* it had that end */
	size_t slips;
	char *best; /* to free */
};

/* To free. */
static char *
make_stem(const char *name)
{
	return xstrndup(name,
			strlen(name) -
				(text_ends_with(name, TALLY_SUFFIX) ? strlen(TALLY_SUFFIX) : 0));
}

static void
consider(struct meant *meant, const char *word, const char *name)
{
	if (!nearest_is_nearer(meant->word, word, &meant->slips))
		return;
	free(meant->best);
	meant->best = xstrdup(name);
}

static void
consider_file(struct meant *meant, const char *name)
{
	char *stem;

	if (!text_ends_with(name, TALLY_SUFFIX) && !locate_is_recording_name(name))
		return;
	/* A word without the end may have it misspelt. */
	if (!meant->is_stem)
		consider(meant, name, name);
	stem = make_stem(name);
	consider(meant, stem, name);
	free(stem);
}

static void
consider_folder(struct meant *meant, const char *path)
{
	DIR *folder = opendir(path);
	struct dirent *entry;

	for (int i = 0; folder != NULL && i < FILES_MAX && (entry = readdir(folder)) != NULL; i++)
		consider_file(meant, entry->d_name);
	if (folder != NULL)
		closedir(folder);
}

static void
consider_programs(struct meant *meant)
{
	struct recording_list list;

	locate_all(&list);
	for (size_t i = 0; i < list.count; i++)
		if (list.files[i].identity.readable)
			consider(meant, list.files[i].identity.command,
				 list.files[i].identity.command);
	recording_list_release(&list);
}

char *
meant_suggest(const char *operand)
{
	const char *slash = strrchr(operand, '/');
	size_t prefix = slash != NULL ? (size_t)(slash + 1 - operand) : 0;
	char *folder = prefix > 0 ? xstrndup(operand, prefix) : xstrdup(".");
	struct meant meant = {
		.word = make_stem(operand + prefix),
		.is_stem = text_ends_with(operand + prefix, TALLY_SUFFIX),
	};
	char *text;

	meant.slips = nearest_limit(meant.word);
	consider_folder(&meant, folder);
	if (slash == NULL && !meant.is_stem)
		consider_programs(&meant);
	text = meant.best != NULL
		       ? xasprintf("; did you mean %.*s%s?", (int)prefix, operand, meant.best)
		       : xstrdup("");
	free(meant.best);
	free(meant.word);
	free(folder);
	return text;
}
