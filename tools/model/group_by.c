/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/group_by.h"

#include <errno.h>
#include <string.h>

const char *const group_by_names[] = {
	[GROUP_BY_LINE] = "line",
	[GROUP_BY_FUNCTION] = "function",
	[GROUP_BY_FILE] = "file",
	[GROUP_BY_MODULE] = "module",
	[GROUP_BY_STACK] = "stack",
	[GROUP_BY_ALLOCATOR] = "allocator",
	[GROUP_BY_DOMAIN] = "domain",
	[GROUP_BY_PROCESS] = "process",
	[GROUP_BY_THREAD] = "thread",
	[GROUP_BY_SIZE] = "size",
	[GROUP_BY_GENERATION] = "generation",
	NULL,
};

int
group_by_parse(const char *name, enum group_by *ret_by)
{
	for (unsigned i = 0; group_by_names[i]; i++) {
		if (strcmp(group_by_names[i], name) == 0) {
			*ret_by = (enum group_by)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *
group_get_name(const struct group_options *options)
{
	return options->by == GROUP_BY_LINE && options->selection.native
		       ? GROUP_NATIVE
		       : group_by_names[options->by];
}

const char *
group_get_noun(const struct group_options *options, size_t count)
{
	static const char *const nouns[][2] = {
		[GROUP_BY_LINE] = {"line", "lines"},
		[GROUP_BY_FUNCTION] = {"function", "functions"},
		[GROUP_BY_FILE] = {"file", "files"},
		[GROUP_BY_MODULE] = {"module", "modules"},
		[GROUP_BY_STACK] = {"stack", "stacks"},
		[GROUP_BY_ALLOCATOR] = {"allocator", "allocators"},
		[GROUP_BY_DOMAIN] = {"domain", "domains"},
		[GROUP_BY_PROCESS] = {"process", "processes"},
		[GROUP_BY_THREAD] = {"thread", "threads"},
		[GROUP_BY_SIZE] = {"size", "sizes"},
		[GROUP_BY_GENERATION] = {"generation", "generations"},
	};

	return nouns[options->by][count != 1];
}
