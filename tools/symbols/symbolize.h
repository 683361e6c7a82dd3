/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * symbolize.h - give the frames of a profile functions, files and lines
 */
#ifndef SYMBOLIZE_H
#define SYMBOLIZE_H

#include <stdbool.h>
#include <stdint.h>

struct debuginfo_cache;
struct name_cache;
struct profile;

struct symbolize_options {
	bool online;                   /* ask the servers in DEBUGINFOD_URLS */
	struct debuginfo_cache *cache; /* over several profiles, or NULL */
	struct name_cache *names;      /* over several runs, or NULL; not asked if online */

	/* Called now and then, may be NULL. */
	void (*progress)(void *context, uint64_t done, uint64_t all);
	void *context;
};

/*
 * Fill `locations` of profile: each PROFILE_FRAME_CODE gets at least one, innermost first. Those
 * that it already has, from a file that was made elsewhere, are kept; only if online, frames
 * without a line are looked up again. A frame whose module
 * cannot be read gets one location with nothing in it; that is no error, the report tells the
 * share. options may be NULL.
 */
void symbolize_profile(struct profile *profile, const struct symbolize_options *options);

#endif
