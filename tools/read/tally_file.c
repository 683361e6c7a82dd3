/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_file.h"

#include <stdlib.h>
#include <string.h>

#include "read/tally.h"
#include "util/output.h"
#include "util/xalloc.h"

char *
tally_file_make_path(const char *command, long pid)
{
	char *stem = xasprintf("heaptally.%.64s.%ld", command, pid);
	char *path;

	for (char *c = stem; *c != '\0'; c++)
		if (strchr("_+-.", *c) == NULL && (*c < '0' || *c > '9') &&
		    ((*c | 0x20) < 'a' || (*c | 0x20) > 'z'))
			*c = '_';
	path = xasprintf("%s" TALLY_SUFFIX, stem);
	for (unsigned n = 2; output_is_taken(path); n++) {
		free(path);
		path = xasprintf("%s-%u" TALLY_SUFFIX, stem, n);
	}
	free(stem);
	return path;
}
