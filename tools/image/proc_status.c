/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "image/proc_status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/text.h"
#include "util/xalloc.h"

uint64_t
proc_status_read(pid_t pid, const char *title, unsigned place, int base)
{
	char *path =
		pid != 0 ? xasprintf("/proc/%d/status", (int)pid) : xstrdup("/proc/self/status");
	char *line = NULL;
	FILE *file = fopen(path, "re");
	uint64_t found = 0;
	size_t bytes = 0;

	free(path);
	while (file != NULL && getline(&line, &bytes, file) > 0) {
		char *word = line + strlen(title);

		if (!text_starts_with(line, title))
			continue;
		for (unsigned i = 0; i <= place; i++)
			found = strtoull(word, &word, base);
		break;
	}
	free(line);
	if (file != NULL)
		fclose(file);
	return found;
}
