/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "util/text.h"

#include <string.h>

const char *
text_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

const char *
text_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

bool
text_ends_with(const char *text, const char *ending)
{
	size_t length = strlen(text), bytes = strlen(ending);

	return length > bytes && strcmp(text + length - bytes, ending) == 0;
}
