/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "model/memory.h"
#include "model/profile.h"
#include "read/identity.h"
#include "read/operand.h"
#include "read/snapshot.h"
#include "read/source_choice.h"
#include "read/source_explain.h"
#include "read/source_file.h"
#include "read/source_recording.h"
#include "read/tally.h"
#include "util/xalloc.h"

/* Read the file from here on. */
static int
open_reader(int fd, const struct source_choice *choice, struct tally_reader **ret_reader)
{
	int result = tally_reader_new(fd, ret_reader);

	if (result == 0 && choice->request->blocks)
		tally_reader_keep_blocks(*ret_reader);
	return result;
}

static int
read_profiles(int fd, struct source_choice *choice)
{
	struct tally_reader *reader;
	struct profile *profile;
	int result = open_reader(fd, choice, &reader);

	if (result != 0)
		return result;
	while ((result = tally_reader_next(reader, &profile)) == 1)
		source_choice_insert(choice, profile);
	tally_reader_free(reader);
	return result;
}

/* Put the profile of this index in the place of the best one. */
static int
read_one(int fd, struct source_choice *choice, size_t index)
{
	struct tally_reader *reader;
	struct profile *profile;
	int result = lseek(fd, 0, SEEK_SET) < 0 ? -errno : open_reader(fd, choice, &reader);

	if (result != 0)
		return result;
	for (size_t next = 0; (result = tally_reader_next(reader, &profile)) == 1;) {
		if (profile->unseen == 0 && next++ == index)
			break;
		profile_free(profile);
	}
	tally_reader_free(reader);
	if (result != 1)
		return result == 0 ? -EBADMSG : result;
	profile_free(choice->best);
	choice->best = profile;
	choice->best_index = index;
	return 0;
}

/* Most files have one process, or the largest is meant: then one reading does. */
static int
read_tally(int fd, struct source_choice *choice)
{
	int result = read_profiles(fd, choice);
	size_t index;

	if (result != 0 || choice->request->process != NULL || choice->request->graph != NULL ||
	    choice->best == NULL || choice->merge != NULL)
		return result;
	index = process_list_choose(&choice->processes);
	return index == choice->best_index ? 0 : read_one(fd, choice, index);
}

static int
read_file(const char *path, struct source_choice *choice, struct source *source)
{
	int fd = source_file_open(path);
	int result;

	if (fd < 0)
		return fd;
	source->is_tally = source_file_has_tally(fd);
	if (source->is_tally)
		result = read_tally(fd, choice);
	else
		result = source_recording_read(path, choice, source);
	close(fd);
	return result;
}

int
source_read(const struct source_request *request, struct source *ret_source, char **ret_why)
{
	const char *operand = request->operand;
	const char *at = operand != NULL ? operand_find_moment(operand) : NULL;
	struct source_choice choice;
	struct source source = {0};
	int result;

	if (operand != NULL)
		source.name =
			xstrndup(operand, at != NULL ? (size_t)(at - operand) : strlen(operand));
	result = operand_find_file(source.name, &source.path, ret_why);
	if (result != 0) {
		source_release(&source);
		return result;
	}
	if (source.name == NULL)
		source.name = xstrdup(source.path);
	source_choice_init(&choice, request, source.name, at != NULL ? at + 1 : request->moment);
	result = read_file(source.path, &choice, &source);
	if (result != 0)
		*ret_why = source_explain_file(source.name, source.path, result);
	else
		result = source_choice_finish(&choice, &source, ret_why);
	source_choice_release(&choice);
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
