/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "read/locate.h"
#include "read/tally.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xalloc.h"

static bool
is_of_ours(const char *name)
{
	return locate_is_recording_name(name) || text_ends_with(name, TALLY_SUFFIX);
}

int
folder_list(const char *path, struct folder_names *ret_names)
{
	DIR *directory = opendir(path);
	uint64_t newest_ns = 0;
	struct dirent *entry;

	*ret_names = (struct folder_names){0};
	if (directory == NULL)
		return -errno;
	while ((entry = readdir(directory)) != NULL) {
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
	closedir(directory);
	return 0;
}

void
folder_names_release(struct folder_names *names)
{
	array_each (names, name)
		free(*name);
	array_release(names);
}
