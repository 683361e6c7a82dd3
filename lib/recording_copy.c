/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>

#include "data/block_details.h"
#include "data/counters.h"
#include "base/os.h"
#include "base/os_file.h"
#include "recording/recording_map.h"
#include "recording/recording_output.h"

#define PATH_BYTES     1200
#define PARTIAL_SUFFIX ".partial"

static int
write_at(int fd, const void *data, uint64_t bytes, uint64_t offset)
{
	const char *next = data;

	while (bytes != 0) {
		long n = os_write_at(fd, next, bytes, offset);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		next += n;
		bytes -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* Where the sections are in the copy; their records are those that count now. */
static void
lay_out(struct recording_header *copy)
{
	uint64_t offset = round_up(sizeof *copy, PAGE_BYTES);
	uint64_t rows;

	/* Users before what they use: what a counted record refers to has been counted, too. */
	for (int i = SECTION_COUNT - 1; i >= 0; i--)
		copy->sections[i].count = load_acquire(&recording.header->sections[i].count);
	/* They name pages of a process that lives. */
	copy->sections[SECTION_MAPPINGS].count = 0;
	rows = copy->sections[SECTION_SITES].count / SITES_PER_CHUNK + 1;
	for (int i = 0; i < SECTION_COUNT; i++) {
		struct recording_extent *s = &copy->sections[i];

		s->offset = offset;
		/* Shards are counted in the header, and readers ask for the row of any site. */
		s->capacity = i == SECTION_SHARDS   ? SHARDS_MAX
			      : i == SECTION_CHUNKS ? rows * SHARDS_MAX
						    : s->count;
		offset += round_up(s->capacity * s->record_bytes, PAGE_BYTES);
	}
	copy->file_bytes = offset;
}

struct piece_copy {
	int fd;
	uint64_t offset; /* of SECTION_BLOCKS in the copy */
	uint64_t count;
	int result;
};

static void
copy_piece(void *context, uint64_t first, uint64_t count)
{
	struct piece_copy *copy = context;
	const size_t bytes = sizeof(struct recording_block);

	if (copy->result == 0 && first + count <= copy->count)
		copy->result = write_at(copy->fd, &recording.blocks[first], count * bytes,
					copy->offset + first * bytes);
}

/* Other threads go on: chunks that were made since the counters were counted are left out. */
static int
copy_chunks(int fd, const struct recording_header *copy)
{
	static uint32_t piece[SHARDS_MAX * 16];
	const struct recording_extent *to = &copy->sections[SECTION_CHUNKS];
	uint64_t last = copy->sections[SECTION_COUNTERS].count;
	int result = 0;

	for (uint64_t at = 0; at < to->count && result == 0; at += sizeof piece / sizeof *piece) {
		uint64_t n = to->count - at;

		if (n > sizeof piece / sizeof *piece)
			n = sizeof piece / sizeof *piece;
		for (uint64_t i = 0; i < n; i++) {
			uint32_t number = load(&recording.chunks[at + i]);

			piece[i] = number <= last ? number : 0;
		}
		result = write_at(fd, piece, n * sizeof *piece, to->offset + at * sizeof *piece);
	}
	return result;
}

static int
copy_sections(int fd, const struct recording_header *copy)
{
	const struct recording_extent *blocks = &copy->sections[SECTION_BLOCKS];
	struct piece_copy pieces = {fd, blocks->offset, blocks->count, 0};
	const char *base = (const char *)recording.header;
	int result = 0;

	for (int i = 0; i < SECTION_BLOCKS && result == 0; i++) {
		const struct recording_extent *from = &recording.header->sections[i];
		const struct recording_extent *to = &copy->sections[i];

		uint64_t records = i == SECTION_SHARDS ? SHARDS_MAX : to->count;

		result = i == SECTION_CHUNKS ? copy_chunks(fd, copy)
					     : write_at(fd, base + from->offset,
							records * to->record_bytes, to->offset);
	}
	/* Only what has memory: to read a hole would fill it. */
	if (result == 0 && blocks->count != 0)
		block_details_each_piece(copy_piece, &pieces);
	return result != 0 ? result : pieces.result;
}

static int
copy_to(int fd)
{
	/* Not on the stack, which may be small; the caller holds a lock. */
	static struct recording_header copy;
	int result;

	copy = *recording.header;
	lay_out(&copy);
	/* Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ. */
	if (copy.file_bytes > os_limit(RLIMIT_FSIZE))
		return -EFBIG;
	result = os_truncate(fd, copy.file_bytes);
	if (result == 0)
		result = copy_sections(fd, &copy);
	/* The control line after the counters: it says which of their at-peak values hold. */
	copy.control = recording.header->control;
	copy.copied_ns = os_monotonic_ns() - copy.start_monotonic_ns;
	memset(&copy.request, 0, sizeof copy.request);
	copy.control.request = 0;
	return result != 0 ? result : write_at(fd, &copy, sizeof copy, 0);
}

/* path.XXXXXXXX.partial, which nobody else has. */
static bool
make_partial_path(const char *path, char *partial, size_t bytes)
{
	size_t length = strlen(path);
	uint64_t random;

	if (length + sizeof ".12345678" PARTIAL_SUFFIX > bytes)
		return false;
	os_random(&random, sizeof random);
	memcpy(partial, path, length);
	partial[length++] = '.';
	for (int i = 0; i < 8; i++)
		partial[length++] = "0123456789abcdef"[random >> 4 * i & 15];
	memcpy(partial + length, PARTIAL_SUFFIX, sizeof PARTIAL_SUFFIX);
	return true;
}

static int
refuse_place(const char *path)
{
	switch (recording_output_judge(path)) {
	case RECORDING_PLACE_FREE:
	case RECORDING_PLACE_EMPTY:
	case RECORDING_PLACE_ENDED:
		return 0;
	case RECORDING_PLACE_LIVING:
		return -EBUSY;
	default:
		return -EEXIST;
	}
}

int
recording_copy(const char *path)
{
	static char partial[PATH_BYTES];
	int fd, result = refuse_place(path);

	if (result != 0)
		return result;
	if (!make_partial_path(path, partial, sizeof partial))
		return -ENAMETOOLONG;
	fd = recording_output_create(partial, 0600);
	if (fd < 0)
		return fd;
	result = copy_to(fd);
	os_close(fd);
	if (result == 0)
		result = os_rename(partial, path);
	if (result != 0)
		os_unlink(partial);
	return result;
}
