/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/gzip.h - compress what is written to a stream
 *
 * The same bytes make the same file: it carries no name and no time. Write errors stay in the
 * stream.
 */
#ifndef EXPORT_GZIP_H
#define EXPORT_GZIP_H

#include <stddef.h>
#include <stdio.h>
#include <zlib.h>

struct gzip {
	FILE *stream;
	z_stream state;
};

void gzip_init(struct gzip *gzip, FILE *stream);
void gzip_insert(struct gzip *gzip, const void *bytes, size_t length);

/* Write the end, and release. */
void gzip_release(struct gzip *gzip);

#endif
