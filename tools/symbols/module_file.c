/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * module_file.c - where the file of a module may be, and whether it is the one that was mapped
 *
 * In this order, those of the living process first:
 *
 *     /proc/PID/root/PATH           if its root or its mounts are not ours
 *     the path in /proc/PID/maps    for a name that was relative
 *     /proc/PID/map_files/RANGE     if the path leads elsewhere by now; needs privileges
 *     /proc/PID/exe                 the same of the program itself, without privileges
 *     /proc/PID/fd/N                the same of what is open still
 *     PATH
 */
#include "config.h"

#include "symbols/module_file.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "model/profile.h"
#include "util/array.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xalloc.h"

#define DELETED " (deleted)"

struct mapping {
	uint64_t start, end, inode;
	unsigned device_major, device_minor;
	bool deleted;
	char *path; /* without the mark that it was deleted */
};

struct module_files {
	const struct profile *profile;
	ARRAY(struct mapping) mappings; /* of files, of the living process */
	bool elsewhere;                 /* a path means something else to the process */
};

enum place {
	PLACE_ROOT,
	PLACE_MAPPED_PATH,
	PLACE_MAP_FILES,
	PLACE_EXE,
	PLACE_DESCRIPTOR,
	PLACE_PATH,
	PLACES
};

/*** the living process ***/

static void
insert_mapping(struct module_files *files, const char *line)
{
	struct mapping mapping = {0};
	size_t length, mark = strlen(DELETED);
	int at = 0;

	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %*s %*s %x:%x %" SCNu64 " %n", &mapping.start,
		   &mapping.end, &mapping.device_major, &mapping.device_minor, &mapping.inode,
		   &at) < 5 ||
	    mapping.inode == 0 || at == 0)
		return;
	mapping.path = xstrdup(line + at);
	length = strcspn(mapping.path, "\n");
	if (length > mark && strncmp(mapping.path + length - mark, DELETED, mark) == 0) {
		mapping.deleted = true;
		length -= mark;
	}
	mapping.path[length] = '\0';
	*array_push(&files->mappings) = mapping;
}

static void
read_mappings(struct module_files *files)
{
	char path[64], *line = NULL;
	size_t bytes = 0;
	FILE *stream;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/maps", files->profile->pid_here);
	stream = fopen(path, "re");
	if (stream == NULL)
		return;
	while (getline(&line, &bytes, stream) > 0)
		insert_mapping(files, line);
	free(line);
	fclose(stream);
}

static bool
differs(const char *ours, uint32_t pid, const char *name)
{
	struct stat own, other;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	return stat(ours, &own) == 0 && stat(path, &other) == 0 &&
	       (own.st_dev != other.st_dev || own.st_ino != other.st_ino);
}

struct module_files *
module_files_new(const struct profile *profile)
{
	struct module_files *files = xcalloc(1, sizeof(*files));
	uint32_t pid = profile->pid_here;

	files->profile = profile;
	if (pid == 0)
		return files;
	read_mappings(files);
	files->elsewhere =
		differs("/proc/self/ns/mnt", pid, "ns/mnt") || differs("/", pid, "root/");
	return files;
}

void
module_files_free(struct module_files *files)
{
	if (files == NULL)
		return;
	array_each (&files->mappings, mapping)
		free(mapping->path);
	array_release(&files->mappings);
	free(files);
}

static const struct mapping *
find_mapping(const struct module_files *files, const struct profile_module *module)
{
	if (module->unloaded)
		return NULL;
	for (size_t i = 0; i < files->mappings.count; i++) {
		const struct mapping *mapping = &files->mappings.items[i];

		if (mapping->start >= module->start && mapping->end <= module->end)
			return mapping;
	}
	return NULL;
}

/*** the places ***/

static bool
is_of_mapping(const struct stat *status, const struct mapping *mapping)
{
	return status->st_ino == mapping->inode && major(status->st_dev) == mapping->device_major &&
	       minor(status->st_dev) == mapping->device_minor;
}

static char *
find_descriptor(const struct module_files *files, const struct mapping *mapping)
{
	char *directory = xasprintf("/proc/%" PRIu32 "/fd", files->profile->pid_here);
	DIR *entries = opendir(directory);
	struct dirent *entry;
	char *found = NULL;

	while (entries != NULL && found == NULL && (entry = readdir(entries)) != NULL) {
		struct stat status;

		found = xasprintf("%s/%s", directory, entry->d_name);
		if (stat(found, &status) == 0 && S_ISREG(status.st_mode) &&
		    is_of_mapping(&status, mapping))
			break;
		free(found);
		found = NULL;
	}
	if (entries != NULL)
		closedir(entries);
	free(directory);
	return found;
}

static char *
make_proc_path(const struct module_files *files, const char *name)
{
	return xasprintf("/proc/%" PRIu32 "/%s", files->profile->pid_here, name);
}

/* The file that was mapped, whatever its name leads to now. */
static char *
make_kept_path(const struct module_files *files, const struct profile_module *module,
	       const struct mapping *mapping, enum place place)
{
	char name[64];

	if (mapping == NULL || !mapping->deleted)
		return NULL;
	switch (place) {
	case PLACE_MAP_FILES:
		snprintf(name, sizeof(name), "map_files/%" PRIx64 "-%" PRIx64, mapping->start,
			 mapping->end);
		return make_proc_path(files, name);
	case PLACE_EXE:
		return module->is_main ? make_proc_path(files, "exe") : NULL;
	default:
		return find_descriptor(files, mapping);
	}
}

static char *
make_path(const struct module_files *files, const struct profile_module *module,
	  const struct mapping *mapping, enum place place)
{
	/* Of another process this is another file. */
	bool own = text_starts_with(module->path, "/proc/self/");
	bool absolute = module->path[0] == '/' && !own;

	switch (place) {
	case PLACE_ROOT:
		return files->elsewhere && absolute
			       ? xasprintf("/proc/%" PRIu32 "/root%s", files->profile->pid_here,
					   module->path)
			       : NULL;
	case PLACE_MAPPED_PATH:
		if (mapping == NULL || absolute || mapping->deleted)
			return NULL;
		return files->elsewhere ? xasprintf("/proc/%" PRIu32 "/root%s",
						    files->profile->pid_here, mapping->path)
					: xstrdup(mapping->path);
	case PLACE_MAP_FILES:
	case PLACE_EXE:
	case PLACE_DESCRIPTOR:
		return make_kept_path(files, module, mapping, place);
	case PLACE_PATH:
		/* From here a relative name may lead to another file, and only a build-id tells. */
		return absolute || (module->build_id_bytes > 0 && !own) ? xstrdup(module->path)
									: NULL;
	case PLACES:
		break;
	}
	return NULL;
}

/*** whether it is the same file ***/

/*
 * Without an identity, a file that changed in any way since the module was seen is another one. Of
 * a deleted file, which the kernel has kept, that it was deleted is the last change.
 */
static bool
is_mapped_file(const struct module_files *files, const struct profile_module *module,
	       const struct stat *status, bool kept)
{
	const struct profile *profile = files->profile;
	uint64_t seen_ns = module->seen_ns != 0 ? module->seen_ns
						: profile->start_realtime_ns + profile->duration_ns;

	if (module->build_id_bytes > 0)
		return true;
	if (module->inode != 0)
		return module->device == status->st_dev && module->inode == status->st_ino &&
		       module->file_bytes == (uint64_t)status->st_size &&
		       module->modified_ns == clock_from(status->st_mtim);
	if (seen_ns == 0)
		return true;
	return clock_from(status->st_mtim) <= seen_ns &&
	       (kept || clock_from(status->st_ctim) <= seen_ns);
}

static int
check_file(const struct module_files *files, const struct profile_module *module,
	   const struct mapping *mapping, const char *path, enum place place)
{
	bool kept = place == PLACE_MAP_FILES || place == PLACE_EXE || place == PLACE_DESCRIPTOR;
	struct stat status;

	if (stat(path, &status) != 0)
		return -errno;
	/* The kernel may have written the name as of another root than that of the process. */
	if (place == PLACE_MAPPED_PATH && files->elsewhere && !is_of_mapping(&status, mapping))
		return -ESTALE;
	return is_mapped_file(files, module, &status, kept) ? 0 : -ESTALE;
}

char *
module_files_next(struct module_files *files, const struct profile_module *module, size_t *index,
		  int *ret_error)
{
	const struct mapping *mapping = find_mapping(files, module);

	while (*index < PLACES) {
		enum place place = (enum place)(*index)++;
		char *path = make_path(files, module, mapping, place);
		int error;

		/* A relative name of which nothing can be verified leads nowhere. */
		if (path == NULL && place == PLACE_PATH && *ret_error == 0)
			*ret_error = -ENOENT;
		if (path == NULL)
			continue;
		error = check_file(files, module, mapping, path, place);
		/* Where the file is gone, a debug file may be found by the build-id. */
		if (error == 0 || (module->build_id_bytes > 0 && place == PLACE_PATH))
			return path;
		if (error == -ESTALE || place == PLACE_PATH)
			*ret_error = error;
		free(path);
	}
	return NULL;
}
