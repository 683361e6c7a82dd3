/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resident_look.h - how often one may look where the resident memory of a process is
 *
 * The kernel walks all pages of the process for it, which of a large one takes long, and `serve`
 * may be asked for its page without end. So the looks take a twentieth of the time at most, and who
 * comes in between gets what the last one has found, and when that was.
 */
#ifndef RESIDENT_LOOK_H
#define RESIDENT_LOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "model/profile.h"

/* Zeroed at first. */
struct resident_look {
	uint64_t next_ns; /* of a clock that goes on: not before then */
	uint32_t pid;     /* whose last look this is */
	uint64_t start_realtime_ns;
	struct profile_resident last;
};

/* Whether it may look at this time. */
bool resident_look_is_due(const struct resident_look *look, uint64_t now_ns);

/* A look was made for the profile, and took this long; it may have found nothing. */
void resident_look_note(struct resident_look *look, const struct profile *profile,
			uint64_t began_ns, uint64_t ended_ns);

/* No look was made for the profile: it gets what is known of its process. */
void resident_look_lend(const struct resident_look *look, struct profile *profile);

#endif
