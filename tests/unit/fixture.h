/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fixture.h - profiles of invented programs, from stacks written as text
 *
 *     static const struct fixture_site sites[] = {
 *             {"parse@src/json.c:12 < main@src/main.c:3", 100, 2},
 *             {"libx.so+0x1f0", 8, 1},
 *     };
 *     struct profile *profile = fixture_profile(sites, 2);
 *
 * A stack is a list of places, the most recent first, joined by " < ". A place is one of
 *
 *     FILE:LINE   FUNCTION@FILE:LINE   FUNCTION@   MODULE+0xOFFSET
 *
 * each of which may end in "/N", the line of the function's declaration, and is joined by " ^ "
 * instead of " < " when it is inlined into the next one. The module is /bin/app but for the last
 * form. Every distinct text is one frame; equal sites are kept apart.
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

struct fixture_site {
	const char *stack;
	int64_t bytes, blocks; /* live, at the peak, and in all */
	const char *allocator; /* "malloc" when NULL */
};

/* Symbolized, with one moment and its sums. To be freed with `profile_free`. */
struct profile *fixture_profile(const struct fixture_site *sites, size_t count);

/* The only moment; peak as given. */
struct profile_at fixture_at(const struct profile *profile, bool peak);

#endif
