/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "request.h"

#include <errno.h>

#include "own_anchor.h"
#include "data/counters.h"
#include "leaks.h"
#include "base/lock.h"
#include "base/os.h"
#include "recording/recording_map.h"
#include "data/trace_table.h"
#include "twin.h"

static struct lock request_lock;
static uint8_t paused; /* enum recording_pause; a copy for forked children */

static void
set_paused(enum recording_pause how)
{
	paused = (uint8_t)how;
	if (how != RECORDING_GOES_ON)
		leaks_note_pause();
	store(&recording.control->paused, paused);
}

/* The line about the request is written first: it says what was live before. */
static void
note_mark(enum recording_request_kind kind, const char *label)
{
	struct recording_extent *marks = &recording.header->sections[SECTION_MARKS];
	struct recording_control *control = recording.control;
	uint64_t i = marks->count;
	struct recording_mark *mark;

	if (!recording_reserve(SECTION_MARKS, i + 1))
		return;
	mark = &recording.marks[i];
	mark->time_ns = os_monotonic_ns() - recording.header->start_monotonic_ns;
	mark->live_bytes = counters_live() - control->live_offset;
	mark->peak_bytes = control->peak_bytes - control->live_offset;
	mark->kind = kind;
	mark->site_base = control->site_base;
	for (size_t j = 0; label != NULL && j < RECORDING_LABEL_BYTES - 1; j++) {
		mark->label[j] = label[j];
		if (label[j] == '\0')
			break;
	}
}

/* Readers see the line when all is done. False if there was no room for it. */
static bool
publish_mark(void)
{
	struct recording_extent *marks = &recording.header->sections[SECTION_MARKS];

	if (!recording_reserve(SECTION_MARKS, marks->count + 1))
		return false;
	recording.marks[marks->count].site_base = recording_site_base();
	store_release(&marks->count, marks->count + 1);
	return true;
}

static bool
clear(void)
{
	if (!trace_table_forget_sites())
		return false;
	counters_forget_sites();
	own_anchor_set_site_base(recording_site_base());
	return true;
}

/* Paused first, or what comes in between would stay. */
static bool
stop(void)
{
	uint8_t before = paused;
	bool stopped;

	set_paused(RECORDING_STOPPED);
	stopped = clear();
	if (!stopped)
		set_paused(before);
	return stopped;
}

static bool
carry_out(enum recording_request_kind kind)
{
	switch (kind) {
	case REQUEST_MARK:
		return true;
	case REQUEST_CLEAR:
		return clear();
	case REQUEST_RESET_PEAK:
		counters_reset_peak();
		return true;
	case REQUEST_PAUSE:
		set_paused(RECORDING_PAUSED);
		return true;
	case REQUEST_RESUME:
		set_paused(RECORDING_GOES_ON);
		return true;
	case REQUEST_STOP:
		return stop();
	default:
		return false;
	}
}

static int
carry_out_and_note(enum recording_request_kind kind, const char *label)
{
	note_mark(kind, label);
	if (!carry_out(kind))
		return -EAGAIN;
	/* Of a mark the line is all there is. */
	return publish_mark() || kind != REQUEST_MARK ? 0 : -EAGAIN;
}

int
request_carry_out(enum recording_request_kind kind, const char *label)
{
	int result;

	if (recording.header == NULL || !lock_take(&request_lock))
		return -EAGAIN;
	result = carry_out_and_note(kind, label);
	lock_drop(&request_lock);
	return result;
}

bool
request_hold(void)
{
	return lock_take(&request_lock);
}

void
request_let_go(void)
{
	lock_drop(&request_lock);
}

static COLD void
answer(void)
{
	static uint32_t passed;
	struct recording_control *control = recording.control;
	uint32_t serial;

	/* Whoever has it answers, which may take as long as a copy of the process. Whether that
	 * thread still lives is worth a question now and then; a lost count does no harm. */
	if (load(&request_lock.owner) != 0) {
		uint32_t count = load(&passed) + 1;

		store(&passed, count);
		if (count % 256 != 0)
			return;
	}
	if (!lock_try(&request_lock))
		return;
	/* Acquire: the request was filled in before its number. Zero: another thread was faster. */
	serial = load_acquire(&control->request);
	if (serial != 0) {
		if (recording.header->request.kind == REQUEST_LOOK)
			leaks_look(serial);
		else if (recording.header->request.kind == REQUEST_COLLECT)
			twin_collect();
		else
			carry_out_and_note(recording.header->request.kind,
					   recording.header->request.label);
		store(&control->answered, serial);
		/* Release: a tool that sees the zero sees the answer. */
		store_release(&control->request, 0);
	}
	lock_drop(&request_lock);
}

bool
request_goes_on(void)
{
	return load(&recording.control->paused) == RECORDING_GOES_ON;
}

bool
request_attend(void)
{
	if (load(&recording.control->request) != 0 && recording.header != NULL)
		answer();
	return request_goes_on();
}

void
request_reset(void)
{
	recording.control->paused = paused;
}

void
request_start_stopped(void)
{
	paused = RECORDING_STOPPED;
	leaks_note_pause();
}
