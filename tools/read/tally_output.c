/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "read/tally_output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "util/hash_map.h"
#include "util/varint.h"
#include "util/xalloc.h"

enum {
	COMPRESSION_LEVEL = 3
};

/* The number of a string in the file. */
struct tally_name {
	UT_hash_handle hh;
	const char *text;
	uint32_t number;
};

static void
write_out(struct tally_output *out, const uint8_t *bytes, size_t length)
{
	while (length != 0 && out->error == 0) {
		ssize_t done = write(out->fd, bytes, length);

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0) {
			out->error = -errno;
			return;
		}
		bytes += done;
		length -= (size_t)done;
	}
}

static void
compress(struct tally_output *out, const void *bytes, size_t length, ZSTD_EndDirective end)
{
	ZSTD_inBuffer plain = {bytes, length, 0};
	size_t left;

	if (out->error != 0)
		return;
	do {
		ZSTD_outBuffer packed = {out->compressed.bytes, out->compressed.capacity, 0};

		left = ZSTD_compressStream2(out->context, &packed, &plain, end);
		if (ZSTD_isError(left))
			out->error = -EIO;
		write_out(out, out->compressed.bytes, packed.pos);
	} while (out->error == 0 &&
		 (plain.pos < plain.size || (end != ZSTD_e_continue && left != 0)));
}

void
tally_output_end_chunk(struct tally_output *out, enum tally_tag tag)
{
	uint8_t head[8];

	for (int i = 0; i < 4; i++) {
		head[i] = (uint8_t)(tag >> 8 * i);
		head[4 + i] = (uint8_t)(out->chunk.length >> 8 * i);
	}
	compress(out, head, sizeof(head), ZSTD_e_continue);
	compress(out, out->chunk.bytes, out->chunk.length, ZSTD_e_continue);
	buffer_clear(&out->chunk);
}

void
tally_output_split_chunk(struct tally_output *out, enum tally_tag tag)
{
	if (out->chunk.length >= TALLY_CHUNK_BYTES)
		tally_output_end_chunk(out, tag);
}

void
tally_output_put(struct tally_output *out, uint64_t value)
{
	varint_put(&out->chunk, value);
}

void
tally_output_put_signed(struct tally_output *out, int64_t value)
{
	varint_put_signed(&out->chunk, value);
}

void
tally_output_put_flag(struct tally_output *out, bool flag)
{
	tally_output_put(out, flag ? TALLY_YES : TALLY_NO);
}

void
tally_output_put_text(struct tally_output *out, const char *text)
{
	size_t length = strlen(text);

	tally_output_put(out, length);
	buffer_insert(&out->chunk, text, length);
}

void
tally_output_insert_name(struct tally_output *out, const char *text)
{
	struct tally_name *name;

	if (text == NULL)
		return;
	HASH_FIND_PTR(out->names, &text, name);
	if (name != NULL)
		return;
	name = xcalloc(1, sizeof(*name));
	name->text = text;
	name->number = HASH_COUNT(out->names) + 1;
	HASH_ADD_PTR(out->names, text, name);
	tally_output_split_chunk(out, TALLY_STRINGS);
	tally_output_put_text(out, text);
}

void
tally_output_put_name(struct tally_output *out, const char *text)
{
	struct tally_name *name = NULL;

	if (text != NULL)
		HASH_FIND_PTR(out->names, &text, name);
	tally_output_put(out, name != NULL ? name->number : 0);
}

void
tally_output_clear_names(struct tally_output *out)
{
	struct tally_name *name, *next;

	HASH_ITER (hh, out->names, name, next) {
		HASH_DEL(out->names, name);
		free(name);
	}
}

void
tally_output_init(struct tally_output *out, int fd)
{
	*out = (struct tally_output){.fd = fd, .context = ZSTD_createCCtx()};
	if (out->context == NULL) {
		out->error = -ENOMEM;
		return;
	}
	ZSTD_CCtx_setParameter(out->context, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
	ZSTD_CCtx_setParameter(out->context, ZSTD_c_checksumFlag, 1);
	buffer_reserve(&out->compressed, ZSTD_CStreamOutSize());
	buffer_insert_format(&out->chunk, "%s%d\n", TALLY_TITLE, TALLY_VERSION);
	compress(out, out->chunk.bytes, out->chunk.length, ZSTD_e_continue);
	buffer_clear(&out->chunk);
}

int
tally_output_flush(struct tally_output *out)
{
	compress(out, NULL, 0, ZSTD_e_flush);
	return out->error;
}

int
tally_output_finish(struct tally_output *out)
{
	compress(out, NULL, 0, ZSTD_e_end);
	return out->error;
}

void
tally_output_release(struct tally_output *out)
{
	tally_output_clear_names(out);
	ZSTD_freeCCtx(out->context);
	buffer_release(&out->chunk);
	buffer_release(&out->compressed);
}
