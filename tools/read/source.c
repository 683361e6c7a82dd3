/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "model/memory.h"
#include "model/merge.h"
#include "model/moment.h"
#include "read/foreign.h"
#include "read/history.h"
#include "read/identity.h"
#include "read/locate.h"
#include "read/meant.h"
#include "read/named.h"
#include "read/snapshot.h"
#include "read/snapshot_process.h"
#include "read/tally.h"
#include "util/array.h"
#include "util/buffer.h"
#include "util/clock.h"
#include "util/output.h"
#include "util/text.h"
#include "util/xalloc.h"

/* Of a profile's marks, in a message. */
#define LABELS_SHOWN 5

/* What is being collected from a file. */
struct collection {
	const struct source_request *request;
	const char *moment; /* as named, or NULL */
	const char *name;   /* of the file */
	struct profile *best;
	size_t best_index;
	struct process_list processes;
	struct merge *merge; /* instead of `best`, or NULL */
	int moment_error;    /* of the last process that has no such moment, and the sentence */
	char *why;
};

/* --- operands --- */

static bool
is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 10;
}

/* A file comes before a process of the same number. A folder does not: it can be none of ours. */
static bool
is_process(const char *name)
{
	struct stat status;

	return is_number(name) && (stat(name, &status) != 0 || S_ISDIR(status.st_mode));
}

static bool
has_moment_form(const char *text)
{
	return strcmp(text, "exit") == 0 || strcmp(text, "peak") == 0 || strcmp(text, "now") == 0 ||
	       strncmp(text, "snap:", 5) == 0 || strncmp(text, "mark:", 5) == 0 ||
	       (isdigit((unsigned char)text[0]) && strchr(text, '/') == NULL &&
		text[strlen(text) - 1] == 's');
}

/* Whether the first length bytes of the operand name a file or a process. */
static bool
is_source(const char *operand, size_t length)
{
	char *name = xstrndup(operand, length);
	bool found = is_number(name) || access(name, F_OK) == 0;

	free(name);
	return found;
}

/* Where the @MOMENT of an operand begins, or NULL. A file that has such a name comes first. */
static const char *
find_moment_part(const char *operand)
{
	const char *at = strrchr(operand, '@');

	if (at == NULL || at == operand || access(operand, F_OK) == 0)
		return NULL;
	return has_moment_form(at + 1) || is_source(operand, (size_t)(at - operand)) ? at : NULL;
}

/* The newest tally of the working directory, to free, or NULL. */
static char *
find_newest(void)
{
	DIR *directory = opendir(".");
	uint64_t newest_ns = 0;
	struct dirent *entry;
	char *found = NULL;

	while (directory != NULL && (entry = readdir(directory)) != NULL) {
		struct stat status;

		if (!text_ends_with(entry->d_name, TALLY_SUFFIX) ||
		    stat(entry->d_name, &status) != 0 || !S_ISREG(status.st_mode))
			continue;
		if (found == NULL || clock_from(status.st_mtim) > newest_ns) {
			free(found);
			found = xstrdup(entry->d_name);
			newest_ns = clock_from(status.st_mtim);
		}
	}
	if (directory != NULL)
		closedir(directory);
	return found;
}

/* --- processes --- */

static bool
is_called(uint32_t pid, const char *command, const char *wanted)
{
	return (is_number(wanted) && strtoul(wanted, NULL, 10) == pid) ||
	       identity_is_called(command, wanted);
}

static bool
is_wanted(const struct profile *profile, const struct source_request *request)
{
	if (request->graph != NULL && !leak_set_is_of(&profile->leaks, request->graph))
		return false;
	return request->process == NULL ||
	       is_called(profile->pid, profile->command, request->process);
}

static bool
has_label(const struct profile_mark *const *marks, size_t count, const char *label)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(marks[i]->label, label) == 0)
			return true;
	}
	return false;
}

/* Names the first few labels, each once, and counts the marks with others. */
static char *
explain_no_mark(const char *name, const char *moment, const struct profile *profile)
{
	const struct profile_mark *shown[LABELS_SHOWN];
	struct buffer text = BUFFER_INIT;
	size_t count = 0, more = 0;
	char *why;

	buffer_insert_format(&text, "%s: no moment %s in it", name, moment);
	for (uint32_t i = 0; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (mark->kind != PROFILE_MARK_LABEL || has_label(shown, count, mark->label))
			continue;
		if (count == LABELS_SHOWN) {
			more++;
			continue;
		}
		buffer_insert_format(&text, "%smark:%s", count == 0 ? "; there is " : ", ",
				     mark->label);
		shown[count++] = mark;
	}
	if (count == 0)
		buffer_insert_string(&text, "; it has no marks");
	else if (more != 0)
		buffer_insert_format(&text, " and %zu more", more);
	why = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return why;
}

static char *
explain_no_moment(const char *name, const char *moment, const struct profile *profile, int error)
{
	uint32_t count = profile->moment_count;

	if (error == -EINVAL)
		return xasprintf(
			"\"%s\" is not a moment; moments are exit, peak, now, 12.5s, snap:N and "
			"mark:LABEL",
			moment);
	if (error == -ENODATA) {
		const struct profile_mark *mark = profile_find_mark(profile, moment + 5);

		return xasprintf("%s: %s was at %.3fs, but no snapshot was taken then; `heaptally "
				 "run` takes one at each mark",
				 name, moment, (double)mark->time_ns / 1e9);
	}
	if (strncmp(moment, "mark:", 5) == 0)
		return explain_no_mark(name, moment, profile);
	if (count == 0)
		return xasprintf("%s: no moment %s in it", name, moment);
	return xasprintf("%s: no moment %s in it; snap:1 is at %.3fs, the last is snap:%u at %.3fs",
			 name, moment, (double)profile->moments[0].time_ns / 1e9, count,
			 (double)profile->moments[count - 1].time_ns / 1e9);
}

/* The name of a moment that is not the last one. */
static const char *
get_label(const struct collection *collection)
{
	const char *moment = collection->moment;

	return moment == NULL || strcmp(moment, "peak") == 0 || strcmp(moment, "exit") == 0 ||
			       strcmp(moment, "now") == 0
		       ? NULL
		       : moment;
}

/* A process that has no such moment adds nothing; when none has it, that is an error. */
static void
add(struct collection *collection, const struct profile *profile)
{
	const char *moment = collection->moment != NULL ? collection->moment : "exit";
	struct profile_at at;
	int result = profile_find_moment(profile, moment, &at);

	if (result == 0) {
		merge_insert(collection->merge, profile, at.moment);
		return;
	}
	free(collection->why);
	collection->moment_error = result;
	collection->why = explain_no_moment(collection->name, moment, profile, result);
}

/* Take the profile over: keep it if it is the best so far, and sum it up. */
static void
collect(struct collection *collection, struct profile *profile)
{
	process_list_insert(&collection->processes, profile);
	if (collection->merge != NULL) {
		if (profile->unseen == 0 && is_wanted(profile, collection->request))
			add(collection, profile);
		profile_free(profile);
		return;
	}
	if (profile->unseen == 0 && is_wanted(profile, collection->request) &&
	    (collection->best == NULL ||
	     profile_get_peak(profile) > profile_get_peak(collection->best))) {
		profile_free(collection->best);
		collection->best = profile;
		collection->best_index = collection->processes.all.count - 1;
		return;
	}
	profile_free(profile);
}

/* --- files --- */

/* Moments that are there at any time need no history. */
static bool
needs_history(const struct source_request *request, const char *moment)
{
	return request->history || (moment != NULL && strcmp(moment, "now") != 0 &&
				    strcmp(moment, "exit") != 0 && strcmp(moment, "peak") != 0);
}

static int
look_once(struct snapshot *snapshot, const struct source_request *request)
{
	/* Of several moments what is mapped is that of each. */
	bool each = request->mapped && request->history && snapshot_notes_mappings(snapshot);
	int result = snapshot_update(snapshot, "");

	if (result == 0 && (each || request->resident))
		snapshot_update_resident(snapshot);
	return result;
}

/* One look, or as many as are asked for when the history is too short; fewer when it ends. */
static int
look(struct snapshot *snapshot, const struct source_request *request,
     const struct source_watch *watch)
{
	struct timespec wait = clock_to(watch != NULL ? watch->interval_ns : 0);
	int result = look_once(snapshot, request);

	if (watch == NULL)
		return result;
	for (uint32_t i = 1; result == 0 && i < watch->looks; i++) {
		if (watch->progress != NULL)
			watch->progress(watch->context, i, watch->looks);
		nanosleep(&wait, NULL);
		result = look_once(snapshot, request);
		if (!snapshot_get_identity(snapshot)->alive)
			break;
	}
	return result;
}

static int
read_moments(const char *path, struct snapshot *snapshot, const struct collection *collection,
	     struct source *source)
{
	const struct source_watch *watch = collection->request->watch;
	struct profile *history = NULL;
	bool is_alive = snapshot_get_identity(snapshot)->alive;
	uint32_t known = 1;
	int result;

	if (is_alive && needs_history(collection->request, collection->moment) &&
	    history_ask(path, &history) == 0)
		known += history->moment_count;
	if (!is_alive || watch == NULL || known >= watch->enough)
		watch = NULL;
	source->is_watched = watch != NULL && known == 1;
	result = look(snapshot, collection->request, watch);
	if (result == 0 && history != NULL)
		profile_insert_history(snapshot_get_profile(snapshot), history);
	profile_free(history);
	return result;
}

/* That it cannot be read is an answer, too. */
static void
read_memory(struct snapshot *snapshot, struct source *source)
{
	struct memory *memory = xmalloc(sizeof(*memory));

	memory_init(memory);
	source->memory_error = snapshot_read_process(snapshot, 0, memory);
	if (source->memory_error == 0) {
		source->memory = memory;
		return;
	}
	memory_release(memory);
	free(memory);
}

static int
read_recording(const char *path, struct collection *collection, struct source *source)
{
	struct snapshot *snapshot;
	int result = snapshot_open(path, SNAPSHOT_ANY_OWNER, &snapshot);

	if (result != 0)
		return result;
	result = read_moments(path, snapshot, collection, source);
	if (result == 0)
		result = snapshot_update_lifetimes(snapshot);
	if (result == 0 && collection->request->blocks)
		result = snapshot_update_blocks(snapshot, collection->request->freed_at);
	if (result == 0 && (collection->request->memory ||
			    (collection->request->mapped && snapshot_notes_mappings(snapshot))))
		read_memory(snapshot, source);
	if (result == 0)
		result = profile_finish(snapshot_get_profile(snapshot));
	if (result == 0) {
		source->is_live = snapshot_get_identity(snapshot)->alive;
		collect(collection, snapshot_take_profile(snapshot));
	}
	snapshot_free(snapshot);
	return result;
}

static int
read_profiles(int fd, struct collection *collection)
{
	struct tally_reader *reader;
	struct profile *profile;
	int result = tally_reader_new(fd, &reader);

	if (result != 0)
		return result;
	if (collection->request->blocks)
		tally_reader_keep_blocks(reader);
	while ((result = tally_reader_next(reader, &profile)) == 1)
		collect(collection, profile);
	tally_reader_free(reader);
	return result;
}

/* Put the profile of this index in the place of the best one. */
static int
read_one(int fd, struct collection *collection, size_t index)
{
	struct tally_reader *reader;
	struct profile *profile;
	int result = lseek(fd, 0, SEEK_SET) < 0 ? -errno : tally_reader_new(fd, &reader);

	if (result != 0)
		return result;
	if (collection->request->blocks)
		tally_reader_keep_blocks(reader);
	for (size_t next = 0; (result = tally_reader_next(reader, &profile)) == 1;) {
		if (profile->unseen == 0 && next++ == index)
			break;
		profile_free(profile);
	}
	tally_reader_free(reader);
	if (result != 1)
		return result == 0 ? -EBADMSG : result;
	profile_free(collection->best);
	collection->best = profile;
	collection->best_index = index;
	return 0;
}

/* Most files have one process, or the largest is meant: then one reading does. */
static int
read_tally(int fd, struct collection *collection)
{
	int result = read_profiles(fd, collection);
	size_t index;

	if (result != 0 || collection->request->process != NULL ||
	    collection->request->graph != NULL || collection->best == NULL ||
	    collection->merge != NULL)
		return result;
	index = process_list_choose(&collection->processes);
	return index == collection->best_index ? 0 : read_one(fd, collection, index);
}

/* O_NONBLOCK: a FIFO must not hang us. */
static int
open_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat status;
	int result = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (S_ISDIR(status.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(status.st_mode))
		result = -EBADMSG;
	if (result == 0) {
		output_note_input(fd);
		return fd;
	}
	close(fd);
	return result;
}

static bool
is_tally(int fd)
{
	uint8_t magic[4];

	return pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	       tally_has_magic(magic, sizeof(magic));
}

bool
source_is_tally(const char *path)
{
	int fd = open_file(path);
	bool result = fd >= 0 && is_tally(fd);

	if (fd >= 0)
		close(fd);
	return result;
}

static int
read_file(const char *path, struct collection *collection, struct source *source)
{
	int fd = open_file(path);
	int result;

	if (fd < 0)
		return fd;
	source->is_tally = is_tally(fd);
	if (source->is_tally)
		result = read_tally(fd, collection);
	else
		result = read_recording(path, collection, source);
	close(fd);
	return result;
}

/* --- the whole --- */

static char *
explain_no_process(const char *name, const char *wanted, const struct process_list *processes)
{
	struct buffer text = BUFFER_INIT;
	size_t count = processes->all.count;
	char *why;

	array_each (&processes->unseen, unseen) {
		if (is_called(unseen->pid, unseen->command, wanted))
			return xasprintf("%s: %s was not recorded: it %s", name, unseen->command,
					 unseen->why);
	}
	buffer_insert_format(&text, "%s: no process \"%s\" in it", name, wanted);
	for (size_t i = 0; i < count && i < 5; i++)
		buffer_insert_format(&text, "%s%s (%u)", i == 0 ? ", but " : ", ",
				     processes->all.items[i].command, processes->all.items[i].pid);
	if (count > 5)
		buffer_insert_format(&text, " and %zu more", count - 5);
	why = xstrdup(buffer_string(&text));
	buffer_release(&text);
	return why;
}

/* The sum, NULL of nothing. It is called after the process that a report would be about. */
static struct profile *
finish_sum(struct collection *collection)
{
	struct profile *sum = merge_finish(collection->merge, get_label(collection));

	collection->best_index = process_list_choose(&collection->processes);
	return sum;
}

/* Its own moment is the first one of a sum, whatever the name is. */
static int
find_moment(const struct collection *collection, const struct profile *profile, const char *moment,
	    struct profile_at *ret_at)
{
	if (collection->merge == NULL || get_label(collection) == NULL)
		return profile_find_moment(profile, moment, ret_at);
	*ret_at = (struct profile_at){.moment = &profile->moments[0]};
	return 0;
}

/*
 * Choose the process and the moment, NULL for the one that is meant. The collection's memory goes
 * to source or is freed.
 */
static int
finish(struct collection *collection, const char *moment, struct source *source, char **ret_why)
{
	int result;

	if (collection->merge != NULL)
		collection->best = finish_sum(collection);
	source->profile = collection->best;
	source->processes = collection->processes;
	source->chosen = collection->best_index;
	if (collection->best == NULL && collection->why != NULL) {
		*ret_why = collection->why;
		collection->why = NULL;
		return collection->moment_error;
	}
	if (collection->best == NULL) {
		*ret_why = collection->request->process != NULL
				   ? explain_no_process(source->name, collection->request->process,
							&collection->processes)
			   : collection->request->graph != NULL
				   ? xasprintf("%s: the graph is not of the same run", source->name)
				   : xasprintf("%s: contains no process", source->name);
		return -ENOENT;
	}
	source->is_named = moment != NULL;
	if (moment == NULL)
		moment = moment_get_default(source->profile);
	result = find_moment(collection, source->profile, moment, &source->at);
	if (result != 0)
		*ret_why = explain_no_moment(source->name, moment, source->profile, result);
	return result;
}

/* A forked child begins its recording with its first allocation, a program when it is loaded. */
static bool
has_runtime(const char *pid)
{
	char *path = xasprintf("/proc/%s/maps", pid), *line = NULL;
	FILE *maps = fopen(path, "re");
	size_t bytes = 0;
	bool found = false;

	free(path);
	if (maps == NULL)
		return false;
	while (!found && getline(&line, &bytes, maps) > 0)
		found = strstr(line, "/libheaptally") != NULL;
	free(line);
	fclose(maps);
	return found;
}

static char *
explain_no_recording(const char *pid)
{
	char *folder = xasprintf("/proc/%s", pid);
	struct stat status;
	bool lives = stat(folder, &status) == 0;

	free(folder);
	if (lives && status.st_uid != geteuid())
		return xasprintf("%s: belongs to another user", pid);
	if (lives && has_runtime(pid))
		return xasprintf("%s: traced, but there is no recording yet: it is only starting, "
				 "or has allocated nothing since its fork",
				 pid);
	if (lives)
		return xasprintf("%s: not a traced process, and heaptally cannot attach to one: "
				 "start it with \"heaptally run\", or with "
				 "LD_PRELOAD=$(heaptally --library)",
				 pid);
	return xasprintf("%s: not a traced process, and it left no recording "
			 "(\"heaptally list\" shows all)",
			 pid);
}

/* A program often lies in the folder that it is run from: a file that is none of ours is a name. */
static bool
is_name(const char *name)
{
	struct snapshot_identity identity;

	return strchr(name, '/') == NULL && !source_is_tally(name) &&
	       (access(name, F_OK) != 0 ||
		snapshot_identify(name, SNAPSHOT_ANY_OWNER, &identity) == -EBADMSG);
}

/* The file that an operand names, to free. */
static int
resolve(const char *name, bool given, char **ret_path, char **ret_why)
{
	int result;

	if (!given) {
		*ret_path = find_newest();
		if (*ret_path == NULL)
			*ret_why = xstrdup("no file given, and no *.tally in this directory");
		return *ret_path != NULL ? 0 : -ENOENT;
	}
	if (!is_process(name)) {
		result = is_name(name) ? named_find(name, ret_path, ret_why) : -ENOENT;
		/* What is neither is a file that will not open. */
		if (result == -ENOENT)
			*ret_path = xstrdup(name);
		return result == -ENOENT ? 0 : result;
	}
	result = locate_process((pid_t)strtol(name, NULL, 10), ret_path);
	if (result != 0)
		*ret_why = explain_no_recording(name);
	return result;
}

/* What of heaptally wrote a file that this version does not read. */
static char *
explain_version(const char *name, const char *path)
{
	struct snapshot_identity identity;

	if (path == NULL || snapshot_identify(path, SNAPSHOT_ANY_OWNER, &identity) != 0)
		return xasprintf("%s: written by a newer heaptally than this one, %s", name,
				 PACKAGE_VERSION);
	if (identity.layout == 0 || identity.layout == snapshot_get_layout())
		return xasprintf("%s: a recording from another kind of machine, or by another "
				 "heaptally than this one, %s",
				 name, PACKAGE_VERSION);
	return xasprintf("%s: a recording of layout %u, by another version of heaptally; this one, "
			 "%s, reads layout %u",
			 name, identity.layout, PACKAGE_VERSION, snapshot_get_layout());
}

/* A sentence for what went wrong with the file at path, or NULL, that is called name. */
static char *
explain_file(const char *name, const char *path, int error)
{
	const char *text = strerror(-error);
	char *meant, *sentence;

	if (error == -EPROTO)
		return explain_version(name, path);
	if (error == -EBADMSG && path != NULL && foreign_describe(path) != NULL)
		return xasprintf("%s: not a file of heaptally, but %s", name,
				 foreign_describe(path));
	if (error == -EBADMSG)
		text = "not a file of heaptally, or a damaged one";
	else if (error == -ENOMSG)
		text = "the file is empty";
	else if (error == -ENODATA)
		text = "cut: its end is missing";
	else if (error == -EAGAIN)
		text = "the process is only starting, try again";
	else if (error == -EFBIG)
		text = "expands to more than any real file does";
	meant = error == -ENOENT ? meant_suggest(name) : xstrdup("");
	sentence = xasprintf("%s: %s%s", name, text, meant);
	free(meant);
	return sentence;
}

char *
source_explain(const char *operand, int error)
{
	char *path = NULL, *why = NULL, *sentence;

	if ((error == -EPROTO || error == -EBADMSG) && resolve(operand, true, &path, &why) != 0)
		path = NULL;
	sentence = explain_file(operand, path, error);
	free(path);
	free(why);
	return sentence;
}

int
source_find_recording(const char *operand, char **ret_path, char **ret_why)
{
	return resolve(operand, true, ret_path, ret_why);
}

int
source_read(const struct source_request *request, struct source *ret_source, char **ret_why)
{
	const char *operand = request->operand;
	const char *at = operand != NULL ? find_moment_part(operand) : NULL;
	const char *moment = at != NULL ? at + 1 : request->moment;
	struct collection collection = {.request = request, .moment = moment};
	struct source source = {0};
	char *path = NULL;
	int result;

	if (request->sums)
		collection.merge = merge_new(request->by_process);
	if (operand != NULL)
		source.name =
			xstrndup(operand, at != NULL ? (size_t)(at - operand) : strlen(operand));
	result = resolve(source.name, operand != NULL, &path, ret_why);
	if (result == 0) {
		if (source.name == NULL)
			source.name = xstrdup(path);
		collection.name = source.name;
		result = read_file(path, &collection, &source);
		if (result != 0)
			*ret_why = explain_file(source.name, path, result);
	}
	source.path = path;
	if (result == 0) {
		result = finish(&collection, moment, &source, ret_why);
	} else {
		profile_free(collection.best);
		process_list_release(&collection.processes);
	}
	merge_free(collection.merge);
	free(collection.why);
	if (result != 0) {
		source_release(&source);
		return result;
	}
	*ret_source = source;
	return 0;
}

bool
source_is_now(const struct source *source)
{
	const struct profile *profile = source->profile;

	return source->memory != NULL &&
	       source->at.moment == &profile->moments[profile->moment_count - 1];
}

void
source_take_look_error(const struct source *source)
{
	struct profile *profile = source->profile;
	struct snapshot_identity identity;

	if (snapshot_identify(source->path, SNAPSHOT_ANY_OWNER, &identity) == 0 &&
	    identity.readable && identity.exit_look_error != 0)
		leak_set_init_refused(&profile->leaks, identity.exit_look_error,
				      profile->site_count);
}

void
source_release(struct source *source)
{
	if (source->memory != NULL)
		memory_release(source->memory);
	free(source->memory);
	free(source->name);
	free(source->path);
	profile_free(source->profile);
	process_list_release(&source->processes);
	*source = (struct source){0};
}
