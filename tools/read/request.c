/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.c - ask something of the runtime in a living process
 *
 *     lock RECORDING_TOOL_LOCK       tools take turns
 *     wait for control.request == 0  what was asked before is done
 *     write header.request           what is wanted
 *     write control.request          its number, one byte: from here on the runtime may see it
 *     wait for control.request == 0  done, if `answered` is our number
 *
 * What was done is read off the new marks. All waiting is looking again and again, so there is
 * nothing to clean up when we are interrupted: the kernel drops the lock with our descriptor. The
 * file is written with pwrite and never mapped: it may shrink, and a mapping would then kill us.
 */
#include "config.h"
#include "read/request.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "read/graph_file.h"
#include "read/snapshot.h"
#include "read/snapshot_private.h"
#include "util/clock.h"

#define LOOK_FIRST_NS 50000u
#define LOOK_LAST_NS  10000000u

static const uint32_t recorded_kinds[PROFILE_MARK_KINDS] = {
	[PROFILE_MARK_CLEAR] = REQUEST_CLEAR,   [PROFILE_MARK_RESET_PEAK] = REQUEST_RESET_PEAK,
	[PROFILE_MARK_LABEL] = REQUEST_MARK,    [PROFILE_MARK_PAUSE] = REQUEST_PAUSE,
	[PROFILE_MARK_RESUME] = REQUEST_RESUME, [PROFILE_MARK_STOP] = REQUEST_STOP,
};

static uint32_t
get_kind(const struct request *request)
{
	if (request->look)
		return REQUEST_LOOK;
	return request->collect ? REQUEST_COLLECT : recorded_kinds[request->kind];
}

/* --- waiting --- */

struct wait {
	uint64_t end_ns, step_ns;
};

static struct wait
begin_wait(uint64_t wait_ns)
{
	return (struct wait){clock_get_ns(CLOCK_MONOTONIC) + wait_ns, LOOK_FIRST_NS};
}

/* False when it has been long enough. */
static bool
wait_a_little(struct wait *wait)
{
	uint64_t now = clock_get_ns(CLOCK_MONOTONIC);
	struct timespec step = {0, (long)wait->step_ns};

	if (now >= wait->end_ns)
		return false;
	if (wait->end_ns - now < wait->step_ns)
		step.tv_nsec = (long)(wait->end_ns - now);
	nanosleep(&step, NULL);
	wait->step_ns = wait->step_ns < LOOK_LAST_NS / 2 ? 2 * wait->step_ns : LOOK_LAST_NS;
	return true;
}

/* --- the file --- */

#define PLACE_REQUEST offsetof(struct recording_header, request)
#define PLACE_NUMBER  offsetof(struct recording_header, control.request)
#define PLACE_ANSWER  offsetof(struct recording_header, control.answered)

static int
write_exactly(const struct snapshot *snapshot, const void *bytes, size_t length, size_t place)
{
	ssize_t done;

	do
		done = pwrite(snapshot->file.fd, bytes, length, (off_t)place);
	while (done < 0 && errno == EINTR);
	return done == (ssize_t)length ? 0 : done < 0 ? -errno : -EIO;
}

/* Our turn among the tools: 0, -ETIMEDOUT, or what fcntl(2) says. */
static int
take_turn(const struct snapshot *snapshot, uint64_t wait_ns)
{
	struct flock lock = {
		.l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)RECORDING_TOOL_LOCK,
		.l_len = 1,
	};
	struct wait wait = begin_wait(wait_ns);

	while (fcntl(snapshot->file.fd, F_OFD_SETLK, &lock) != 0) {
		if (errno != EAGAIN && errno != EACCES && errno != EINTR)
			return -errno;
		if (!wait_a_little(&wait))
			return -ETIMEDOUT;
	}
	return 0;
}

/* Until no request is pending: 0, -ETIMEDOUT, -ESRCH when the process ended, or -errno. */
static int
await_none(struct snapshot *snapshot, uint64_t wait_ns)
{
	struct wait wait = begin_wait(wait_ns);
	uint8_t number;

	for (;;) {
		/* Whether it lives is looked at first: what a dead one has done was done before. */
		int alive = snapshot_refresh(snapshot);
		int result = snapshot_file_read(&snapshot->file, &number, 1, PLACE_NUMBER);

		if (alive != 0 || result != 0)
			return alive != 0 ? alive : result;
		if (number == 0)
			return 0;
		if (!snapshot->identity.alive)
			return -ESRCH;
		if (!wait_a_little(&wait))
			return -ETIMEDOUT;
	}
}

static int
write_request(const struct snapshot *snapshot, const struct request *request, uint32_t number)
{
	struct recording_request record = {.kind = get_kind(request), .key = request->key};
	uint8_t byte = (uint8_t)number;
	int result;

	if (request->label != NULL)
		snprintf(record.label, sizeof(record.label), "%s", request->label);
	result = write_exactly(snapshot, &record, sizeof(record), PLACE_REQUEST);
	return result == 0 ? write_exactly(snapshot, &byte, sizeof(byte), PLACE_NUMBER) : result;
}

/* --- answers --- */

/* The third word of /proc/PID/stat; the second, in brackets, may hold anything. */
static bool
is_stopped(const struct snapshot *snapshot)
{
	char path[64], text[256];
	const char *bracket;
	size_t length;
	FILE *stream;

	if (!snapshot->identity.this_namespace)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/stat", snapshot->identity.pid);
	stream = fopen(path, "re");
	if (stream == NULL)
		return false;
	length = fread(text, 1, sizeof(text) - 1, stream);
	fclose(stream);
	text[length] = '\0';
	bracket = strrchr(text, ')');
	return bracket != NULL &&
	       (strncmp(bracket, ") T", 3) == 0 || strncmp(bracket, ") t", 3) == 0);
}

static bool
is_the_same(const struct request *request, const struct recording_request *record)
{
	const char *label = request->label != NULL ? request->label : "";

	return record->kind == get_kind(request) && strcmp(record->label, label) == 0;
}

/* Something is pending from before: what we want, or something else. */
static int
tell_earlier(const struct snapshot *snapshot, const struct request *request,
	     struct request_answer *answer)
{
	struct recording_request record;
	int result = snapshot_file_read(&snapshot->file, &record, sizeof(record), PLACE_REQUEST);

	if (result != 0)
		return result;
	record.label[sizeof(record.label) - 1] = '\0';
	answer->is_stopped = is_stopped(snapshot);
	answer->outcome = is_the_same(request, &record) ? REQUEST_IS_PENDING : REQUEST_IS_BEHIND;
	memcpy(answer->earlier_label, record.label, sizeof(answer->earlier_label));
	for (int kind = PROFILE_MARK_CLEAR; kind < PROFILE_MARK_KINDS; kind++)
		if (record.kind == recorded_kinds[kind])
			answer->earlier = (enum profile_mark_kind)kind;
	return 0;
}

/* The number was taken back: what we asked for is among the new marks, if it was done. */
static int
tell_done(struct snapshot *snapshot, const struct request *request, uint32_t known,
	  struct request_answer *answer)
{
	const struct profile *profile = snapshot->profile;
	const char *label = request->label != NULL ? request->label : "";
	int result = snapshot_read_marks(snapshot);

	answer->outcome = REQUEST_IS_REFUSED;
	for (uint32_t i = known; i < profile->mark_count; i++) {
		const struct profile_mark *mark = &profile->marks[i];

		if (mark->kind != request->kind || strcmp(mark->label, label) != 0)
			continue;
		answer->outcome = REQUEST_IS_DONE;
		answer->mark = *mark;
		answer->mark.label = NULL;
	}
	return result;
}

/* A look leaves no mark. */
static int
tell_look(const struct snapshot *snapshot, uint32_t number, struct request_answer *answer)
{
	struct recording_header header;
	int result = snapshot_file_read(&snapshot->file, &header, sizeof(header), 0);

	if (result != 0)
		return result;
	answer->outcome = header.look_serial == number ? REQUEST_IS_DONE : REQUEST_IS_REFUSED;
	answer->serial = number;
	answer->look_error = header.look_error;
	answer->look_process = header.look_process;
	answer->look_pause_ns = header.look_pause_ns;
	return 0;
}

/* Who carries it out just now does so all the same. */
static void
retract(const struct snapshot *snapshot)
{
	static const uint8_t none;

	write_exactly(snapshot, &none, sizeof(none), PLACE_NUMBER);
}

static int
await_answer(struct snapshot *snapshot, const struct request *request, uint32_t known,
	     uint32_t number, struct request_answer *answer)
{
	uint32_t answered;
	int result = await_none(snapshot, request->wait_ns);

	if (result == -ETIMEDOUT || result == -ESRCH) {
		answer->outcome = result == -ESRCH ? REQUEST_IS_LATE : REQUEST_IS_PENDING;
		answer->is_stopped = is_stopped(snapshot);
		if (request->retracts && result == -ETIMEDOUT)
			retract(snapshot);
		return 0;
	}
	if (result == 0)
		result = snapshot_file_read(&snapshot->file, &answered, sizeof(answered),
					    PLACE_ANSWER);
	if (result != 0)
		return result;
	answer->outcome = REQUEST_IS_REFUSED;
	if (answered == number && request->collect)
		answer->outcome = REQUEST_IS_DONE;
	if (answered == number && request->look)
		return tell_look(snapshot, number, answer);
	return answered == number ? tell_done(snapshot, request, known, answer) : 0;
}

static int
ask(struct snapshot *snapshot, const struct request *request, struct request_answer *answer)
{
	uint32_t known, answered, number;
	int result = take_turn(snapshot, request->wait_ns);

	if (result == -ETIMEDOUT) {
		answer->outcome = REQUEST_IS_LOCKED;
		return 0;
	}
	if (result == 0)
		result = await_none(snapshot, request->wait_ns);
	if (result == -ETIMEDOUT)
		return tell_earlier(snapshot, request, answer);
	if (result == 0 && !snapshot->identity.alive)
		result = -ESRCH;
	if (result == 0)
		result = snapshot_read_marks(snapshot);
	if (result == 0)
		result = snapshot_file_read(&snapshot->file, &answered, sizeof(answered),
					    PLACE_ANSWER);
	if (result != 0)
		return result;
	known = snapshot->profile->mark_count;
	number = answered % UINT8_MAX + 1;
	if (request->graph != NULL)
		graph_file_remove_stale(request->graph, number);
	result = write_request(snapshot, request, number);
	return result == 0 ? await_answer(snapshot, request, known, number, answer) : result;
}

int
request_make(const char *path, const struct request *request, struct request_answer *ret_answer)
{
	struct request_answer answer = {.outcome = REQUEST_IS_PENDING};
	struct snapshot *snapshot;
	int result = snapshot_open(path, SNAPSHOT_WRITABLE, &snapshot);

	if (result != 0)
		return result;
	answer.pid = snapshot->identity.pid;
	memcpy(answer.command, snapshot->identity.command, sizeof(answer.command));
	result = snapshot->identity.alive ? ask(snapshot, request, &answer) : -ESRCH;
	snapshot_free(snapshot);
	if (result == 0)
		*ret_answer = answer;
	return result;
}
