/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "export/gzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "util/xalloc.h"

#define WINDOW_OF_GZIP (16 + 15)
#define MEMORY         8 /* zlib's own */

static void *
allocate(void *context, uInt count, uInt bytes)
{
	(void)context;
	return xcalloc(count, bytes);
}

static void
forget(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static void
write_out(struct gzip *gzip, int flush)
{
	unsigned char out[16384];
	int result;

	do {
		gzip->state.next_out = out;
		gzip->state.avail_out = sizeof(out);
		result = deflate(&gzip->state, flush);
		fwrite(out, 1, sizeof(out) - gzip->state.avail_out, gzip->stream);
	} while (gzip->state.avail_out == 0 && result == Z_OK);
}

void
gzip_init(struct gzip *gzip, FILE *stream)
{
	memset(gzip, 0, sizeof(*gzip));
	gzip->stream = stream;
	gzip->state.zalloc = allocate;
	gzip->state.zfree = forget;
	/* It can only fail for lack of memory, which ends in `allocate`. */
	deflateInit2(&gzip->state, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_OF_GZIP, MEMORY,
		     Z_DEFAULT_STRATEGY);
}

void
gzip_insert(struct gzip *gzip, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;

	while (length > 0) {
		uInt part = length < UINT_MAX ? (uInt)length : UINT_MAX;

		gzip->state.next_in = (unsigned char *)at;
		gzip->state.avail_in = part;
		write_out(gzip, Z_NO_FLUSH);
		at += part;
		length -= part;
	}
}

void
gzip_release(struct gzip *gzip)
{
	write_out(gzip, Z_FINISH);
	deflateEnd(&gzip->state);
}
