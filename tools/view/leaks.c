/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/leaks.h"

#include <errno.h>
#include <string.h>

#include "util/xalloc.h"

char *
view_leaks_explain(int error)
{
	switch (-error) {
	case EAGAIN:
		return xstrdup("no copy of the process could be made: a limit on processes");
	case EACCES:
		return xstrdup("it filters its system calls, and might have been killed for making "
			       "a copy");
	case EPERM:
		return xstrdup("it was not allowed to open files any more, as in a sandbox that it "
			       "makes for itself");
	case ENOMEM:
		return xstrdup("there was no memory for it");
	case ETIMEDOUT:
		return xstrdup("it took more than a minute and was given up");
	case ENOSPC:
		return xstrdup("there was no room for the file");
	case EFBIG:
		return xstrdup("a limit on the size of files is too small for it");
	default:
		return xstrdup(strerror(-error));
	}
}

const struct owner_growth_row *
view_leaks_find_growth(const struct view_leaks *view, const struct leak_row *row)
{
	const struct site_group_set *groups = view->names.groups;
	uint32_t group;

	if (view->growth == NULL || row->verdict != LEAK_GROWING ||
	    row->site + 1 >= groups->site_count)
		return NULL;
	group = groups->of_site[row->site + 1];
	if (group == SITE_GROUP_NONE || view->growth->of_group[group] == OWNER_GROWTH_NONE)
		return NULL;
	return &view->growth->rows[view->growth->of_group[group]];
}

const char *
view_leaks_get_look_end(const struct leak_row_look *look)
{
	return look->is_array ? "[]" : look->is_node ? " node" : "";
}

uint32_t
view_leaks_count_unseen(const struct profile *profile)
{
	return profile->process_count - profile->leaks.process_count;
}
