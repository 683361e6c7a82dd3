/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/path_map.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/path_ends.h"
#include "model/profile.h"
#include "util/intern.h"
#include "util/text.h"
#include "util/xalloc.h"

static struct path_rule *
insert(struct path_map *map, const char *from, size_t from_length, const char *to, size_t to_length)
{
	struct path_rule *rule;

	for (size_t i = 0; i < map->count; i++) {
		rule = &map->rules[i];
		if (strlen(rule->from) == from_length && strlen(rule->to) == to_length &&
		    memcmp(rule->from, from, from_length) == 0 &&
		    memcmp(rule->to, to, to_length) == 0)
			return rule;
	}
	map->rules = xreallocarray(map->rules, map->count + 1, sizeof(*map->rules));
	rule = &map->rules[map->count++];
	*rule = (struct path_rule){xstrndup(from, from_length), xstrndup(to, to_length), 0};
	return rule;
}

static size_t
get_length_without_slash(const char *folder, size_t length)
{
	while (length > 1 && folder[length - 1] == '/')
		length--;
	return length;
}

int
path_map_insert(struct path_map *map, const char *text)
{
	const char *sign = strchr(text, '=');

	if (sign == NULL || sign == text || sign[1] == '\0')
		return -EINVAL;
	insert(map, text, get_length_without_slash(text, (size_t)(sign - text)), sign + 1,
	       get_length_without_slash(sign + 1, strlen(sign + 1)));
	return 0;
}

/* What of the file is below the folder, or NULL. */
static const char *
get_below(const char *file, const char *folder)
{
	size_t length = strlen(folder);

	if (length == 0)
		return file[0] != '/' ? file : NULL;
	if (strncmp(file, folder, length) != 0)
		return NULL;
	if (folder[length - 1] == '/')
		return file + length;
	return file[length] == '/' ? file + length + 1 : NULL;
}

static char *
make_path(const char *folder, const char *below)
{
	size_t length = strlen(folder);

	return xasprintf("%s%s%s", folder, length == 0 || folder[length - 1] == '/' ? "" : "/",
			 below);
}

/* Of the longest folder that the file is below, or NULL. */
static struct path_rule *
find_rule(const struct path_map *map, const char *file)
{
	struct path_rule *longest = NULL;

	for (size_t i = 0; i < map->count; i++) {
		struct path_rule *rule = &map->rules[i];

		if (get_below(file, rule->from) != NULL &&
		    (longest == NULL || strlen(rule->from) > strlen(longest->from)))
			longest = rule;
	}
	return longest;
}

static const char *
rename_file(const struct path_rule *rule, struct profile *profile, const char *file)
{
	char *path = make_path(rule->to, get_below(file, rule->from));
	const char *result = intern_insert_string(profile->strings, path);

	free(path);
	return result;
}

/* --- the files of a profile --- */

struct file {
	const char *path, *renamed;
};

static int
compare_files(const void *a, const void *b)
{
	const struct file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static struct file *
collect_files(const struct profile *profile, size_t *ret_count)
{
	struct file *files = xcalloc((size_t)profile->location_count + 1, sizeof(*files));
	size_t count = 0, kept = 0;

	for (uint32_t i = 0; i < profile->location_count; i++)
		if (profile->locations[i].file != NULL)
			files[count++].path = profile->locations[i].file;
	if (count > 1)
		qsort(files, count, sizeof(*files), compare_files);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(files[kept - 1].path, files[i].path) != 0)
			files[kept++] = files[i];
	*ret_count = kept;
	return files;
}

static const struct file *
find_file(const struct file *files, size_t count, const char *path)
{
	const struct file wanted = {path, NULL};

	return bsearch(&wanted, files, count, sizeof(*files), compare_files);
}

static void
rename_locations(struct profile *profile, const struct file *files, size_t count)
{
	for (uint32_t i = 0; i < profile->location_count; i++) {
		struct profile_location *location = &profile->locations[i];
		const struct file *file =
			location->file != NULL ? find_file(files, count, location->file) : NULL;

		if (file != NULL && file->renamed != NULL)
			location->file = file->renamed;
	}
}

size_t
path_map_apply(struct path_map *map, struct profile *profile)
{
	size_t count, renamed = 0;
	struct file *files = collect_files(profile, &count);

	for (size_t i = 0; i < count; i++) {
		struct path_rule *rule = find_rule(map, files[i].path);

		if (rule == NULL)
			continue;
		rule->files++;
		files[i].renamed = rename_file(rule, profile, files[i].path);
		renamed += strcmp(files[i].renamed, files[i].path) != 0;
	}
	rename_locations(profile, files, count);
	free(files);
	return renamed;
}

/* --- what is told by the files --- */

/* Leave only the files that the other side has not. */
static size_t
keep_own(struct file *files, size_t count, const struct file *others, size_t other_count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (find_file(others, other_count, files[i].path) == NULL)
			files[kept++] = files[i];
	return kept;
}

static void
note_rule(struct path_map *map, const char *old, const char *new)
{
	size_t common = path_ends_get_common(old, new), from = strlen(old) - common,
	       to = strlen(new) - common;

	insert(map, old, from > 1 ? from - 1 : from, new, to > 1 ? to - 1 : to)->files++;
}

static const char **
get_paths(const struct file *files, size_t count)
{
	const char **paths = xcalloc(count + 1, sizeof(*paths));

	for (size_t i = 0; i < count; i++)
		paths[i] = files[i].path;
	return paths;
}

/* Files of the same name that no end tells apart are where the others of their folder are now. */
static void
follow_rules(struct path_map *map, struct profile *old, struct file *files, size_t count,
	     const struct file *others, size_t other_count)
{
	for (size_t i = 0; i < count; i++) {
		struct path_rule *rule;
		const char *renamed;

		if (files[i].renamed != NULL)
			continue;
		rule = find_rule(map, files[i].path);
		if (rule == NULL)
			continue;
		renamed = rename_file(rule, old, files[i].path);
		if (find_file(others, other_count, renamed) == NULL)
			continue;
		files[i].renamed = renamed;
		rule->files++;
	}
}

void
path_map_match(struct path_map *map, struct profile *old, const struct profile *new)
{
	size_t old_count, new_count, own_count, other_count;
	struct file *olds = collect_files(old, &old_count), *news = collect_files(new, &new_count);
	struct file *others = xcalloc(new_count + 1, sizeof(*others));
	const char **own_paths, **other_paths;
	size_t *pairs;

	memcpy(others, news, new_count * sizeof(*others));
	other_count = keep_own(others, new_count, olds, old_count);
	own_count = keep_own(olds, old_count, news, new_count);
	own_paths = get_paths(olds, own_count);
	other_paths = get_paths(others, other_count);
	pairs = xcalloc(own_count + 1, sizeof(*pairs));
	path_ends_pair(own_paths, own_count, other_paths, other_count, pairs);
	for (size_t i = 0; i < own_count; i++) {
		if (pairs[i] == PATH_ENDS_NONE)
			continue;
		note_rule(map, olds[i].path, others[pairs[i]].path);
		olds[i].renamed = intern_insert_string(old->strings, others[pairs[i]].path);
	}
	follow_rules(map, old, olds, own_count, others, other_count);
	rename_locations(old, olds, own_count);
	free(pairs);
	free(own_paths);
	free(other_paths);
	free(olds);
	free(news);
	free(others);
}

void
path_map_release(struct path_map *map)
{
	for (size_t i = 0; i < map->count; i++) {
		free(map->rules[i].from);
		free(map->rules[i].to);
	}
	free(map->rules);
	memset(map, 0, sizeof(*map));
}
