/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot_file.c - below all that reads recordings: it knows the header and sections, no profile
 */
#include "config.h"
#include "read/snapshot_file.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/clock.h"
#include "util/intern.h"
#include "util/xalloc.h"

enum {
	PATH_BYTES = 4096,
	STORED_UNIT = 512,     /* of st_blocks */
	TEXT_BYTES = 32 << 10, /* a command line may be as long */
};

int
snapshot_file_open(struct snapshot_file *file, const char *path, bool any_owner)
{
	struct stat status;
	int result = 0;
	/* O_NONBLOCK: a FIFO in the way must not hang us. */
	int fd = open(path,
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (any_owner ? 0 : O_NOFOLLOW));

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) != 0)
		result = -errno;
	else if (S_ISDIR(status.st_mode))
		result = -EISDIR;
	else if (!S_ISREG(status.st_mode))
		result = -EBADMSG;
	else if (!any_owner && status.st_uid != geteuid())
		result = -EPERM;
	else if (status.st_size == 0)
		result = -ENOMSG;
	if (result != 0) {
		close(fd);
		return result;
	}
	*file = (struct snapshot_file){.fd = fd, .bytes = (uint64_t)status.st_size};
	return 0;
}

void
snapshot_file_close(struct snapshot_file *file)
{
	close(file->fd);
	file->fd = -1;
}

int
snapshot_file_read_status(struct snapshot_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status) != 0)
		return -errno;
	file->bytes = (uint64_t)status.st_size;
	file->stored_bytes = (uint64_t)status.st_blocks * STORED_UNIT;
	file->modified_ns = clock_from(status.st_mtim);
	return 0;
}

int
snapshot_file_read_fixed(const struct snapshot_file *file, struct recording_header *ret_header)
{
	struct recording_header header = {0};
	int result = snapshot_file_read(file, &header, RECORDING_FIXED_BYTES, 0);

	if (result != 0)
		return result;
	if (memcmp(header.magic, RECORDING_MAGIC, sizeof(header.magic)) != 0)
		return -EBADMSG;
	if (header.byte_order != RECORDING_BYTE_ORDER)
		return -EPROTO;
	*ret_header = header;
	return 0;
}

int
snapshot_file_read_header(struct snapshot_file *file)
{
	struct recording_header header;
	int result = snapshot_file_read_fixed(file, &header);

	if (result != 0)
		return result;
	/* The header of another version may be shorter, and so may its file. */
	if (header.version != RECORDING_VERSION || header.machine != EM_X86_64)
		return -EPROTO;
	result = snapshot_file_read(file, &header, sizeof(header), 0);
	if (result != 0)
		return result;
	/* All of it came with the second reading: the first part is looked at again. */
	if (memcmp(header.magic, RECORDING_MAGIC, sizeof(header.magic)) != 0)
		return -EBADMSG;
	if (header.byte_order != RECORDING_BYTE_ORDER || header.version != RECORDING_VERSION ||
	    header.header_bytes != sizeof(header) || header.features_incompatible != 0 ||
	    header.machine != EM_X86_64)
		return -EPROTO;
	file->header = header;
	return 0;
}

int
snapshot_file_read(const struct snapshot_file *file, void *buffer, size_t bytes, uint64_t offset)
{
	char *next = buffer;

	if (offset > file->bytes)
		return -EBADMSG;
	while (bytes != 0) {
		ssize_t got = pread(file->fd, next, bytes, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return -EBADMSG;
		next += got;
		offset += (uint64_t)got;
		bytes -= (size_t)got;
	}
	return 0;
}

int
snapshot_file_read_extent(const struct snapshot_file *file, enum recording_section section,
			  size_t record_bytes, uint32_t max, struct snapshot_extent *ret_extent)
{
	size_t place = offsetof(struct recording_header, sections) +
		       section * sizeof(struct recording_extent);
	struct recording_extent extent;
	uint64_t end;
	int result = snapshot_file_read(file, &extent, sizeof(extent), place);

	if (result != 0)
		return result;
	if (extent.count > extent.capacity || extent.count > max)
		return -EBADMSG;
	*ret_extent = (struct snapshot_extent){0, 0};
	if (extent.count == 0)
		return 0;
	if (extent.record_bytes != record_bytes)
		return -EBADMSG;
	if (__builtin_add_overflow(extent.offset, extent.count * record_bytes, &end) ||
	    end > file->bytes)
		return -EBADMSG;
	*ret_extent = (struct snapshot_extent){extent.offset, (uint32_t)extent.count};
	return 0;
}

/* The string behind the end of the one before it, in so many bytes from start on. */
static int
read_string(const struct snapshot_file *file, struct intern *strings, uint64_t start, char *text,
	    size_t bytes, const char **ret_text)
{
	int result = snapshot_file_read(file, text, bytes, start);
	const char *end;

	if (result != 0)
		return result;
	end = memchr(text + 1, '\0', bytes - 1);
	if (text[0] != '\0' || end == NULL)
		return -EBADMSG;
	*ret_text = intern_insert(strings, text + 1, (size_t)(end - text - 1));
	return 0;
}

int
snapshot_file_read_string(const struct snapshot_file *file, struct intern *strings, uint32_t place,
			  const char **ret_text)
{
	const struct recording_extent *section = &file->header.sections[SECTION_STRINGS];
	char text[1 + PATH_BYTES], *long_text;
	uint64_t start, left;
	int result;

	if (place == 0) {
		*ret_text = intern_insert(strings, "", 0);
		return 0;
	}
	if (place >= section->capacity || section->record_bytes != 1 ||
	    __builtin_add_overflow(section->offset, place - 1, &start) || start >= file->bytes)
		return -EBADMSG;
	left = file->bytes - start;
	if (left > section->capacity - place + 1)
		left = section->capacity - place + 1;
	result = read_string(file, strings, start, text, left < sizeof(text) ? left : sizeof(text),
			     ret_text);
	if (result != -EBADMSG || left <= sizeof(text) || text[0] != '\0')
		return result;
	long_text = xmalloc(1 + TEXT_BYTES);
	result = read_string(file, strings, start, long_text,
			     left < 1 + TEXT_BYTES ? left : 1 + TEXT_BYTES, ret_text);
	free(long_text);
	return result;
}

int
snapshot_file_read_row(const struct snapshot_file *file, uint32_t row, uint32_t *numbers)
{
	const struct recording_extent *extent = &file->header.sections[SECTION_CHUNKS];
	const size_t row_bytes = SHARDS_MAX * sizeof(numbers[0]);
	uint64_t capacity_bytes, place;

	if (__builtin_mul_overflow(extent->capacity, extent->record_bytes, &capacity_bytes) ||
	    ((uint64_t)row + 1) * row_bytes > capacity_bytes ||
	    __builtin_add_overflow(extent->offset, row * row_bytes, &place) || place >= file->bytes)
		return -EBADMSG;
	return snapshot_file_read(file, numbers, row_bytes, place);
}
