/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_file.h - what was found at addresses of one module, as bytes to keep
 *
 *     header | sources | addresses, ascending | locations of each | strings
 *
 * Sources are the files that this depends on, and where one of them was looked for in vain. What is
 * read may be any bytes: it is refused unless all of it is in order.
 */
#ifndef NAME_FILE_H
#define NAME_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/profile.h"

struct buffer;

#define NAME_LOCATIONS_MAX 64 /* at one address */
#define NAME_SOURCES_MAX   8

/* A file as it was; `inode` is 0 if there was none. */
struct name_source {
	uint64_t device, inode, bytes, modified_ns, changed_ns;
	const char *path;
};

struct name_file;

/* Empty; `maker` says who finds names, and how: what another one has found is refused. Both stay
 * the caller's. Never NULL. */
struct name_file *name_file_new(const char *maker, const struct name_source *sources, size_t count);

/* From bytes, which it takes over even if it refuses them: -EBADMSG. */
int name_file_parse(const char *maker, struct buffer *bytes, struct name_file **ret_names);

/* NULL is accepted. */
void name_file_free(struct name_file *names);

const struct name_source *name_file_get_sources(const struct name_file *names, size_t *ret_count);

/* Whether it is known what is at an address, perhaps nothing. Strings live as long as the names. */
bool name_file_find(const struct name_file *names, uint64_t address,
		    struct profile_location locations[NAME_LOCATIONS_MAX], size_t *ret_count);

/* Of an address that is not known yet; copied. */
void name_file_insert(struct name_file *names, uint64_t address,
		      const struct profile_location *locations, size_t count);

/* Whether something was inserted. */
bool name_file_has_changed(const struct name_file *names);

/* Append all as bytes. */
void name_file_write(struct name_file *names, struct buffer *bytes);

#endif
