/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_file.c - where the file of a recording is, and what it is called
 *
 * The descriptor is closed at once, and names are put together in static buffers: a fiber that
 * forks may have a page of stack.
 */
#include "recording/recording_file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/executable.h"
#include "base/os.h"
#include "base/os_file.h"
#include "recording/recording_identity.h"
#include "recording/recording_map.h"
#include "recording/recording_output.h"

#define ROOM_MIN    ((uint64_t)8 << 20)
#define PATH_BYTES  1200
#define BEGIN_WAITS 3 /* of a millisecond */

static bool has_blocks, has_mappings;

static void
append_text(char *buffer, size_t bytes, const char *text)
{
	size_t used = strlen(buffer), length = strlen(text);

	if (used + length < bytes)
		memcpy(buffer + used, text, length + 1);
}

static void
append_number(char *buffer, size_t bytes, uint64_t number, unsigned base, int digits)
{
	char text[32] = {0};
	int at = sizeof text - 1;

	do {
		text[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0 || (int)sizeof text - 1 - at < digits);
	append_text(buffer, bytes, text + at);
}

/* The command's name with everything replaced that is no harmless part of a file name. */
static void
append_command(char *path, size_t bytes)
{
	char command[16] = {0};

	executable_read_command(command, sizeof command);
	for (char *c = command; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || *c == '_' || *c == '+' || *c == '-';

		if (!plain)
			*c = '_';
	}
	append_text(path, bytes, command);
}

static bool
start_at(const char *path)
{
	/* We alone may write: our descriptor is from before the mode. */
	int fd = recording_output_create(path, RECORDING_MODE);
	bool locked, started;

	if (fd < 0)
		return false;
	locked = os_lock_file(fd) == 0;
	started = recording_start_in_file(fd, has_blocks, has_mappings);
	if (!started)
		os_unlink(path);
	else if (!locked)
		recording_note(TROUBLE_UNLOCKED);
	os_close(fd);
	return started;
}

/* .PID.RANDOM, which no other recording has. */
static void
append_identity(char *path, size_t bytes, int digits)
{
	uint64_t random;

	os_random(&random, sizeof random);
	append_text(path, bytes, ".");
	append_number(path, bytes, os_process_id(), 10, 1);
	append_text(path, bytes, ".");
	append_number(path, bytes, random >> (64 - 4 * digits), 16, digits);
}

static bool
start_in_directory(const char *directory)
{
	static char path[PATH_BYTES];

	path[0] = '\0';
	append_text(path, sizeof path, directory);
	append_text(path, sizeof path, "/");
	append_command(path, sizeof path);
	append_identity(path, sizeof path, 16);
	append_text(path, sizeof path, RECORDING_SUFFIX);
	return start_at(path);
}

static bool
is_private_directory(const char *path)
{
	struct os_stat st = {0};

	return os_stat(path, false, &st) == 0 && S_ISDIR(st.mode) && st.uid == os_user_id() &&
	       (st.mode & 077) == 0;
}

/* parent + suffix as a directory of mode 0700 that is ours, with room. One that was made for
 * nothing does not stay. */
static bool
start_below(const char *parent, const char *suffix, bool with_uid)
{
	static char path[PATH_BYTES];
	bool made, started;

	if (parent[0] != '/')
		return false;
	path[0] = '\0';
	append_text(path, sizeof path, parent);
	append_text(path, sizeof path, suffix);
	if (with_uid)
		append_number(path, sizeof path, os_user_id(), 10, 1);
	made = os_make_directory(path, 0700) == 0;
	started = is_private_directory(path) && os_free_bytes(path) >= ROOM_MIN &&
		  start_in_directory(path);
	if (made && !started)
		os_remove_directory(path);
	return started;
}

/* Whether path is the recording of a process that has ended and is not the past of this one. */
static bool
is_stale_recording(const char *path)
{
	struct recording_header old;
	struct os_stat st = {0}, namespace = {0};
	bool stale;
	int fd;

	if (os_stat(path, false, &st) != 0 || !S_ISREG(st.mode) || st.uid != os_user_id())
		return false;
	fd = os_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return false;
	os_stat("/proc/self/ns/pid", true, &namespace);
	stale = os_is_unlocked(fd) && os_read(fd, &old, sizeof old) == (long)sizeof old &&
		memcmp(old.magic, RECORDING_MAGIC, sizeof old.magic) == 0 &&
		(old.pid != os_process_id() || old.pid_namespace != namespace.inode);
	os_close(fd);
	return stale;
}

/* Another process may do the same meanwhile: what is taken out is looked at before it is removed.
 */
static void
take_place(const char *own, const char *path)
{
	if (!is_stale_recording(path))
		return;
	if (os_exchange(own, path) != 0) {
		os_unlink(path);
		os_rename(own, path);
	} else if (is_stale_recording(own)) {
		os_unlink(own);
	} else {
		os_exchange(own, path);
	}
}

/* A file that is empty may be one that another process is just beginning. */
static enum recording_place
judge_place(const char *path)
{
	enum recording_place place = recording_output_judge(path);
	uint32_t word = 0;

	for (int i = 0; i < BEGIN_WAITS && place == RECORDING_PLACE_EMPTY; i++) {
		os_wait(&word, 0);
		place = recording_output_judge(path);
	}
	return place;
}

/* At path itself; when that is taken by a process of this run, at PATH.PID.RANDOM beside it. The
 * recording of an earlier run is replaced, but not by a child: its parent may have ended. False
 * when something else is there, and nothing is put beside it. */
static bool
start_at_or_beside(const char *path, bool forked)
{
	static char beside[PATH_BYTES];
	enum recording_place place;

	if (start_at(path))
		return true;
	place = judge_place(path);
	if (place != RECORDING_PLACE_LIVING && place != RECORDING_PLACE_ENDED)
		return false;
	beside[0] = '\0';
	append_text(beside, sizeof beside, path);
	append_identity(beside, sizeof beside, 8);
	if (!start_at(beside))
		return false;
	if (!forked)
		take_place(beside, path);
	return true;
}

/* out=PATH, with %p and %e replaced. Relative paths belong to the working directory of now. */
static bool
start_at_pattern(const char *pattern, bool forked)
{
	static char path[PATH_BYTES];

	path[0] = '\0';
	for (; *pattern != '\0'; pattern++) {
		char plain[2] = {*pattern, '\0'};

		if (pattern[0] == '%' && pattern[1] == 'p') {
			append_number(path, sizeof path, os_process_id(), 10, 1);
			pattern++;
		} else if (pattern[0] == '%' && pattern[1] == 'e') {
			append_command(path, sizeof path);
			pattern++;
		} else {
			append_text(path, sizeof path, plain);
		}
	}
	return start_at_or_beside(path, forked);
}

static bool
start_in_usual_place(const struct options *options)
{
	return start_below(options->runtime_directory, "/heaptally", false) ||
	       start_below("/dev/shm", "/heaptally-", true) ||
	       start_below(options->temporary_directory, "/heaptally-", true) ||
	       start_below("/tmp", "/heaptally-", true);
}

/* Where out= cannot be. */
static bool
start_elsewhere(const struct options *options)
{
	if (!start_in_usual_place(options))
		return false;
	recording_note(TROUBLE_OUT_REFUSED);
	return true;
}

bool
recording_create(const struct options *options, bool forked)
{
	has_blocks = options->blocks;
	has_mappings = options->mmap;
	if (options->out[0] != '\0')
		return start_at_pattern(options->out, forked) || start_elsewhere(options);
	if (options->directory[0] != '\0')
		return start_in_directory(options->directory);
	return start_in_usual_place(options);
}
