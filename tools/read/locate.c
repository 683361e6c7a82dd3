/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/locate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "util/array.h"
#include "util/clock.h"
#include "util/text.h"
#include "util/xalloc.h"

#define RECORDING_NAME_SUFFIX ".recording"
#define RUN_PREFIX            "run."

enum {
	PLACES_MAX = 4,
	KEEP_SECONDS = 24 * 60 * 60
};

typedef ARRAY(struct recording_file) recording_files;

/* The directories that the runtime may choose, best first. Returns how many; each is to free. */
static size_t
get_places(char *places[PLACES_MAX])
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *temporary = getenv("TMPDIR");
	unsigned uid = (unsigned)geteuid();
	size_t count = 0;

	if (runtime != NULL && runtime[0] == '/')
		places[count++] = xasprintf("%s/heaptally", runtime);
	places[count++] = xasprintf("/dev/shm/heaptally-%u", uid);
	if (temporary != NULL && temporary[0] == '/' && strcmp(temporary, "/tmp") != 0)
		places[count++] = xasprintf("%s/heaptally-%u", temporary, uid);
	places[count++] = xasprintf("/tmp/heaptally-%u", uid);
	return count;
}

static bool
is_private_directory(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == geteuid() &&
	       (status.st_mode & 077) == 0;
}

/* Never through a link, and only if it is ours alone. NULL otherwise. */
static DIR *
open_private_directory(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *directory = NULL;

	if (fd >= 0 && is_private_directory(fd))
		directory = fdopendir(fd);
	if (directory == NULL && fd >= 0)
		close(fd);
	return directory;
}

bool
locate_is_recording_name(const char *name)
{
	return text_ends_with(name, RECORDING_NAME_SUFFIX);
}

static void
insert_file(recording_files *files, char *path)
{
	struct snapshot_identity identity;
	struct stat status;

	if (snapshot_identify(path, 0, &identity) != 0 || lstat(path, &status) != 0) {
		free(path);
		return;
	}
	*array_push(files) =
		(struct recording_file){path, identity, (uint64_t)status.st_blocks * 512};
}

static bool
search_directory(recording_files *files, const char *path, bool with_runs)
{
	DIR *directory = open_private_directory(path);
	struct dirent *entry;

	if (directory == NULL)
		return false;
	while ((entry = readdir(directory)) != NULL) {
		char *child = xasprintf("%s/%s", path, entry->d_name);

		if (locate_is_recording_name(entry->d_name)) {
			insert_file(files, child);
			continue;
		}
		if (with_runs && text_starts_with(entry->d_name, RUN_PREFIX))
			search_directory(files, child, false);
		free(child);
	}
	closedir(directory);
	return true;
}

static int
compare_newest_first(const void *left, const void *right)
{
	const struct recording_file *a = left, *b = right;

	if (a->identity.start_realtime_ns != b->identity.start_realtime_ns)
		return a->identity.start_realtime_ns < b->identity.start_realtime_ns ? 1 : -1;
	return strcmp(a->path, b->path);
}

static void
give_list(recording_files *files, struct recording_list *ret_list)
{
	if (files->count != 0)
		qsort(files->items, files->count, sizeof(files->items[0]), compare_newest_first);
	*ret_list = (struct recording_list){files->items, files->count};
}

bool
locate_in(const char *directory, struct recording_list *ret_list)
{
	recording_files files = {0};
	bool found = search_directory(&files, directory, true);

	give_list(&files, ret_list);
	return found;
}

void
locate_all(struct recording_list *ret_list)
{
	char *places[PLACES_MAX];
	size_t place_count = get_places(places);
	recording_files files = {0};

	for (size_t i = 0; i < place_count; i++) {
		search_directory(&files, places[i], true);
		free(places[i]);
	}
	give_list(&files, ret_list);
}

void
recording_list_release(struct recording_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->files[i].path);
	free(list->files);
	*list = (struct recording_list){0};
}

/* The path, in the view of the process, of a file that a line of /proc/PID/maps shares. */
static const char *
get_shared_path(char *line)
{
	char permissions[8] = "";
	int place = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%*s %7s %*s %*s %*s %n", permissions, &place) < 1 || place == 0)
		return NULL;
	return strcmp(permissions, "rw-s") == 0 && line[place] == '/' ? line + place : NULL;
}

static bool
is_recording_of(const char *path, pid_t pid)
{
	struct snapshot_identity identity;

	return snapshot_identify(path, 0, &identity) == 0 && identity.alive &&
	       identity.pid == (uint32_t)pid;
}

/* A recording that lies where we do not look: its process has it mapped. */
static char *
find_mapped(pid_t pid)
{
	char *maps_path = xasprintf("/proc/%d/maps", (int)pid);
	FILE *maps = fopen(maps_path, "re");
	char *line = NULL, *found = NULL;
	size_t line_bytes = 0;

	free(maps_path);
	if (maps == NULL)
		return NULL;
	while (found == NULL && getline(&line, &line_bytes, maps) > 0) {
		const char *path = get_shared_path(line);

		if (path == NULL)
			continue;
		found = xasprintf("/proc/%d/root%s", (int)pid, path);
		if (!is_recording_of(found, pid)) {
			free(found);
			found = NULL;
		}
	}
	free(line);
	fclose(maps);
	return found;
}

uint64_t
locate_get_start_ns(pid_t pid)
{
	char *path = xasprintf("/proc/%d/stat", (int)pid), line[1024];
	FILE *stat = fopen(path, "re");
	unsigned long long ticks = 0;
	const char *rest = NULL;

	free(path);
	/* The name in it may have spaces and brackets. */
	if (stat != NULL && fgets(line, sizeof(line), stat) != NULL)
		rest = strrchr(line, ')');
	if (rest != NULL)
		sscanf(rest,
		       ") %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		       "%*s %llu",
		       &ticks);
	if (stat != NULL)
		fclose(stat);
	return ticks * (CLOCK_SECOND_NS / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* Numbers of processes come again: whether the living one began after this recording did. */
static bool
is_of_earlier_process(const struct snapshot_identity *identity)
{
	uint64_t asleep_ns = clock_get_ns(CLOCK_BOOTTIME) - clock_get_ns(CLOCK_MONOTONIC);

	return locate_get_start_ns((pid_t)identity->pid) > identity->start_monotonic_ns + asleep_ns;
}

static char *
find_listed(const struct recording_list *list, pid_t pid, bool alive)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct snapshot_identity *identity = &list->files[i].identity;

		if (identity->pid == (uint32_t)pid && identity->alive == alive &&
		    identity->this_boot && identity->this_namespace &&
		    (alive || !is_of_earlier_process(identity)))
			return xstrdup(list->files[i].path);
	}
	return NULL;
}

int
locate_process(pid_t pid, char **ret_path)
{
	struct recording_list list;
	char *path;

	locate_all(&list);
	path = find_listed(&list, pid, true);
	if (path == NULL)
		path = find_mapped(pid);
	if (path == NULL)
		path = find_listed(&list, pid, false);
	recording_list_release(&list);
	if (path == NULL)
		return -ENOENT;
	*ret_path = path;
	return 0;
}

/* A name of ours in a run's directory that nothing living needs. */
static bool
is_left_behind(int directory, const char *directory_path, const char *name)
{
	struct stat status;
	char *path;
	bool needed;

	if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    status.st_uid != geteuid() || S_ISDIR(status.st_mode))
		return false;
	path = xasprintf("%s/%s", directory_path, name);
	needed = S_ISREG(status.st_mode) && snapshot_may_live(path);
	free(path);
	return !needed;
}

/* Remove the directory of a run whose launcher was killed, unless its recordings may be wanted. */
static void
remove_old_run(const char *path)
{
	DIR *directory = open_private_directory(path);
	struct dirent *entry;
	struct stat status;
	bool all = true;

	if (directory == NULL)
		return;
	if (fstat(dirfd(directory), &status) == 0 && status.st_mtime < time(NULL) - KEEP_SECONDS &&
	    flock(dirfd(directory), LOCK_EX | LOCK_NB) == 0) {
		while (all && (entry = readdir(directory)) != NULL)
			if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
				all = is_left_behind(dirfd(directory), path, entry->d_name);
		rewinddir(directory);
		while (all && (entry = readdir(directory)) != NULL)
			unlinkat(dirfd(directory), entry->d_name, 0);
		if (all)
			rmdir(path);
	}
	closedir(directory);
}

int
locate_remove(const struct recording_file *file)
{
	const char *slash = strrchr(file->path, '/');
	char *folder = xasprintf("%.*s", (int)(slash - file->path), file->path);
	bool in_run = text_starts_with(text_base_name(folder), RUN_PREFIX);
	DIR *directory = open_private_directory(folder);
	int result = 0;

	if (directory == NULL)
		result = -EPERM;
	else if ((in_run && flock(dirfd(directory), LOCK_EX | LOCK_NB) != 0) ||
		 snapshot_may_live(file->path))
		result = -EBUSY;
	else if (unlinkat(dirfd(directory), slash + 1, 0) != 0)
		result = -errno;
	/* Not while anything is left in it. */
	if (result == 0 && in_run)
		rmdir(folder);
	if (directory != NULL)
		closedir(directory);
	free(folder);
	return result;
}

static void
remove_old_runs(const char *place, DIR *directory)
{
	struct dirent *entry;

	while ((entry = readdir(directory)) != NULL) {
		char *path = xasprintf("%s/%s", place, entry->d_name);

		if (text_starts_with(entry->d_name, RUN_PREFIX))
			remove_old_run(path);
		free(path);
	}
}

static int
make_run_directory_in(const char *place, uint64_t room_bytes, char **ret_path, int *ret_lock)
{
	struct statvfs room;
	char *path;
	DIR *directory;
	int result = 0;

	if (mkdir(place, 0700) != 0 && errno != EEXIST)
		return -errno;
	directory = open_private_directory(place);
	if (directory == NULL)
		return -EPERM;
	remove_old_runs(place, directory);
	if (fstatvfs(dirfd(directory), &room) != 0 ||
	    (uint64_t)room.f_bavail * room.f_frsize < room_bytes)
		result = -ENOSPC;
	closedir(directory);
	if (result != 0)
		return result;
	path = xasprintf("%s/%sXXXXXX", place, RUN_PREFIX);
	if (mkdtemp(path) == NULL) {
		result = -errno;
		free(path);
		return result;
	}
	*ret_lock = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (*ret_lock >= 0)
		flock(*ret_lock, LOCK_EX | LOCK_NB);
	*ret_path = path;
	return 0;
}

int
locate_make_run_directory(char **ret_path, int *ret_lock)
{
	/* 64 MiB of /dev/shm is normal in containers, and less may be left: look for a place where
	 * a long run fits before a place where a short one does. */
	static const uint64_t rooms[] = {(uint64_t)48 << 20, (uint64_t)8 << 20, 0};
	char *places[PLACES_MAX];
	size_t place_count = get_places(places);
	int result = -ENOENT;

	for (size_t room = 0; room < 3 && result != 0; room++)
		for (size_t i = 0; i < place_count && result != 0; i++)
			result = make_run_directory_in(places[i], rooms[room], ret_path, ret_lock);
	for (size_t i = 0; i < place_count; i++)
		free(places[i]);
	return result;
}
