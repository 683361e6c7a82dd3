/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * perf_map.h - names of generated code, by the map that its makers write for perf
 *
 * Node, Java, .NET and others write a line for each function that they compile, as "START SIZE
 * NAME" with numbers in hexadecimal, to /tmp/perf-PID.map, as the process sees that folder and its
 * number.
 */
#ifndef PERF_MAP_H
#define PERF_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;

/* An address that is looked for. */
struct perf_map_wanted {
	uint64_t address;
	uint32_t frame;   /* the caller's own */
	const char *name; /* NULL at first; of the last function that was there */
	bool is_reused;   /* functions of other names were there before */
};

/*
 * Read the map of the process of profile, and name those of count addresses, in ascending order,
 * that it knows; names are strings of the profile. A map of another user, or of another process
 * that had the same number, is none. 0, or -errno: -ENOENT when there is none.
 */
int perf_map_find(struct profile *profile, struct perf_map_wanted *wanted, size_t count);

/* What a name of V8 tells: "JS:*load /srv/app.js:12:5" is of the function load, declared in line 12
 * of the file. Others are functions as they are: then *ret_file is NULL. The texts are to be freed.
 */
void perf_map_parse_name(const char *name, char **ret_function, char **ret_file,
			 uint32_t *ret_line);

#endif
