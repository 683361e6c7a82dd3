/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/graph_writer.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "base/os.h"
#include "base/os_file.h"
#include "base/os_memory.h"
#include "include/recording.h"
#include "recording/recording_output.h"

#define BUFFER_BYTES ((size_t)256 << 10)
#define PARTIAL      ".partial"

/* Edges are put there one by one. */
static void
flush(struct graph_writer *writer)
{
	size_t done = 0;

	if (writer->offset + writer->used > writer->limit && writer->error == 0)
		writer->error = -EFBIG;
	while (done < writer->used && writer->error == 0) {
		long n = os_write_at(writer->fd, writer->buffer + done, writer->used - done,
				     writer->offset + done);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			writer->error = n < 0 ? (int)n : -EIO;
		else
			done += (size_t)n;
	}
	writer->offset += writer->used;
	writer->used = 0;
}

/* The ending of a recording gives way to that of a graph. */
static bool
make_paths(struct graph_writer *writer, const char *recording)
{
	size_t length = strlen(recording), ending = strlen(RECORDING_SUFFIX);

	if (length > ending && strcmp(recording + length - ending, RECORDING_SUFFIX) == 0)
		length -= ending;
	if (length + sizeof GRAPH_SUFFIX PARTIAL > GRAPH_PATH_BYTES)
		return false;
	memcpy(writer->path, recording, length);
	memcpy(writer->path + length, GRAPH_SUFFIX, sizeof GRAPH_SUFFIX);
	memcpy(writer->partial, writer->path, length + sizeof GRAPH_SUFFIX - 1);
	memcpy(writer->partial + length + sizeof GRAPH_SUFFIX - 1, PARTIAL, sizeof PARTIAL);
	return true;
}

int
graph_writer_init(struct graph_writer *writer, const char *recording)
{
	writer->fd = -1;
	writer->error = 0;
	writer->used = 0;
	writer->offset = round_up(sizeof writer->header, CACHE_LINE);
	/* Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ. */
	writer->limit = os_limit(RLIMIT_FSIZE);
	if (!make_paths(writer, recording))
		return -ENAMETOOLONG;
	writer->buffer = os_map(BUFFER_BYTES, false);
	if (writer->buffer == NULL)
		return -ENOMEM;
	/* One that was killed at it has left this. */
	os_unlink(writer->partial);
	writer->fd = recording_output_create(writer->partial, 0600);
	if (writer->fd >= 0)
		return 0;
	os_unmap(writer->buffer, BUFFER_BYTES);
	return writer->fd;
}

void
graph_writer_begin(struct graph_writer *writer, struct graph_extent *extent)
{
	size_t uneven = (writer->offset + writer->used) % 8;
	static const char zeroes[8];

	if (uneven != 0)
		graph_writer_put(writer, zeroes, 8 - uneven);
	extent->offset = writer->offset + writer->used;
}

void
graph_writer_put(struct graph_writer *writer, const void *records, size_t bytes)
{
	const char *next = records;

	while (bytes != 0) {
		size_t part = BUFFER_BYTES - writer->used;

		if (part > bytes)
			part = bytes;
		memcpy(writer->buffer + writer->used, next, part);
		writer->used += part;
		next += part;
		bytes -= part;
		if (writer->used == BUFFER_BYTES)
			flush(writer);
	}
}

static void
write_header(struct graph_writer *writer)
{
	struct graph_header *header = &writer->header;

	memcpy(header->magic, GRAPH_MAGIC, sizeof header->magic);
	header->byte_order = GRAPH_BYTE_ORDER;
	header->version = GRAPH_VERSION;
	header->file_bytes = writer->offset;
	/* Beyond a limit comes a signal, at the latest when they are let in again. */
	if (sizeof *header > writer->limit)
		writer->error = -EFBIG;
	else if (os_write_at(writer->fd, header, sizeof *header, 0) != (long)sizeof *header)
		writer->error = -EIO;
}

int
graph_writer_finish(struct graph_writer *writer, int error)
{
	int result;

	flush(writer);
	if (error == 0)
		error = writer->error;
	writer->header.error = error;
	if (error != 0) {
		/* The header alone; the room for it may be all there is. */
		memset(writer->header.sections, 0, sizeof writer->header.sections);
		writer->header.thread_table = writer->header.far_table = (struct graph_extent){0};
		writer->header.object_table = writer->header.class_table = (struct graph_extent){0};
		writer->header.local_table = writer->header.sum_table = (struct graph_extent){0};
		os_truncate(writer->fd, 0);
		writer->error = 0;
		writer->offset = sizeof writer->header;
	}
	write_header(writer);
	os_close(writer->fd);
	os_unmap(writer->buffer, BUFFER_BYTES);
	result = writer->error != 0 ? writer->error : os_rename(writer->partial, writer->path);
	if (result != 0)
		os_unlink(writer->partial);
	return result;
}
