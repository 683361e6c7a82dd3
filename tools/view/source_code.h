/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/source_code.h - lines of source files, for reports that quote them
 */
#ifndef VIEW_SOURCE_CODE_H
#define VIEW_SOURCE_CODE_H

#include <stddef.h>
#include <stdint.h>

struct view_source_code;

/* Never NULL. Files that changed after newer_than_ns (realtime) are still read, but counted. */
struct view_source_code *view_source_code_new(uint64_t newer_than_ns);
void view_source_code_free(struct view_source_code *source);

/*
 * The line without blanks around it, escaped for terminals; NULL if the file cannot be read or has
 * no such line. Valid until the next call.
 */
const char *view_source_code_get(struct view_source_code *source, const char *path, uint32_t line);

/*
 * The whole file as it is, or NULL if it cannot be read. Valid as long as the source; length is
 * stored in ret_length.
 */
const char *view_source_code_get_text(struct view_source_code *source, const char *path,
				      size_t *ret_length);

/*
 * What a file is newer than, so that its lines may be others: "the recording", or `module`, which
 * was built from it (NULL: unknown). NULL if neither, or if it cannot be read.
 */
const char *view_source_code_newer_than(struct view_source_code *source, const char *path,
					const char *module);

/* Note that for `view_source_code_get_newer`. */
void view_source_code_compare(struct view_source_code *source, const char *path,
			      const char *module);

/*
 * "FILE is newer than the recording" of the first file that is, or newer than its module; escaped.
 * NULL if there is none.
 */
const char *view_source_code_get_newer(const struct view_source_code *source);

#endif
