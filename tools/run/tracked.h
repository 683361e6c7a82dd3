/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tracked.h - a recording that is watched while its process lives
 *
 * Of its profile, moments are read by `snapshot.h`; the samples of the curve are kept here, and
 * named is the moment that was read after a mark.
 */
#ifndef TRACKED_H
#define TRACKED_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/hash_map.h"

struct profile_sample;
struct snapshot;

struct tracked {
	UT_hash_handle hh;
	char *name; /* of the file */
	struct snapshot *snapshot;
	struct profile_sample *samples;
	uint32_t sample_count;
	int statm;      /* /proc/PID/statm, or -1 */
	uint64_t marks; /* that are in the profile, or were passed over */
	bool failed;    /* damaged: left as it is */
	bool ended;     /* of the main process: it is another program now, or gone */
	bool kept;      /* taken in, but its process lives on */
};

/* Watch the recording of this name; the snapshot is taken over. */
struct tracked *tracked_new(const char *name, struct snapshot *snapshot);

/* Whether it is one of the process `pid`, of which there may be several, by exec. */
bool tracked_is_of(const struct tracked *tracked, pid_t pid);

/* Append a sample of now to the curve. */
void tracked_sample(struct tracked *tracked);

/* Name the moment that was taken after the last new mark, if there is any. */
void tracked_label_moment(struct tracked *tracked);

/* Take a moment after the marks that are new; if that fails they are passed over. */
void tracked_take_marked(struct tracked *tracked);

/* Give the samples to the profile; or only for a while, and take them back. */
void tracked_give_samples(struct tracked *tracked);
void tracked_lend_samples(struct tracked *tracked);
void tracked_take_samples_back(struct tracked *tracked);

/* The memory that the values of its moments take; keep the last one and every second before it. */
uint64_t tracked_get_values_bytes(const struct tracked *tracked);
void tracked_thin_moments(struct tracked *tracked);

void tracked_free(struct tracked *tracked);

#endif
