/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize.h - give the frames of a profile functions, files and lines
 */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <stdbool.h>
#include <stdint.h>

struct debuginfo_cache;
struct profile;

struct symbolize_options {
	bool online;                   /* ask the servers in DEBUGINFOD_URLS */
	struct debuginfo_cache *cache; /* over several profiles, or NULL */

	/* Called now and then, may be NULL. */
	void (*progress)(void *context, uint64_t done, uint64_t all);
	void *context;
};

/*
 * Fill `locations` of profile: each PROFILE_FRAME_CODE gets at least one, innermost first. Does
 * nothing when the profile already has them (a snapshot file made elsewhere). A frame whose module
 * cannot be read gets one location with nothing in it; that is no error, the report tells the
 * share. options may be NULL.
 */
void symbolize_profile(struct profile *profile, const struct symbolize_options *options);

/*
 * Modules with frames whose file on disk is no longer the one that was traced, so that its symbols
 * were not used. Returns how many; *ret_path is the first of them, of the profile, or NULL.
 */
uint32_t symbolize_count_stale(const struct profile *profile, const char **ret_path);

#endif
