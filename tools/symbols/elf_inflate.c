/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * elf_inflate.c - a copy of the file, with the inflated sections after its end
 *
 * Nothing else moves: only the headers of these sections name another place and length. Files are
 * hostile: each offset is checked against the file, and what is inflated is bounded.
 */
#include "config.h"

#include "symbols/elf_inflate.h"

#include <elf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "util/xalloc.h"

#define COMPRESSED_BY_ZSTD 2 /* ELFCOMPRESS_ZSTD, which older elf.h do not have */
#define INFLATED_MAX       ((uint64_t)2 << 30)
/* Debug information shrinks to a tenth at best; a file of some bytes must not cost gigabytes. */
#define RATIO_MAX   200
#define SMALL_BYTES (16u << 20)
#define COPY_BYTES  (256u << 10)

struct image {
	int fd;
	uint64_t bytes; /* of the file */
	Elf64_Ehdr header;
	Elf64_Shdr *sections;
	uint64_t end; /* of the copy, so far */
};

static bool
read_at(const struct image *image, uint64_t offset, void *buffer, size_t bytes)
{
	char *at = buffer;

	if (offset > image->bytes || bytes > image->bytes - offset)
		return false;
	while (bytes > 0) {
		ssize_t done = pread(image->fd, at, bytes, (off_t)offset);

		if (done <= 0)
			return false;
		at += done;
		offset += (uint64_t)done;
		bytes -= (size_t)done;
	}
	return true;
}

static bool
write_at(int fd, uint64_t offset, const void *buffer, size_t bytes)
{
	const char *at = buffer;

	while (bytes > 0) {
		ssize_t done = pwrite(fd, at, bytes, (off_t)offset);

		if (done <= 0)
			return false;
		at += done;
		offset += (uint64_t)done;
		bytes -= (size_t)done;
	}
	return true;
}

/* The headers of its sections, if it is a file of our kind that has some. */
static bool
read_sections(struct image *image)
{
	const Elf64_Ehdr *header = &image->header;
	struct stat status;
	size_t bytes;

	if (fstat(image->fd, &status) != 0 || status.st_size <= 0)
		return false;
	image->bytes = image->end = (uint64_t)status.st_size;
	if (!read_at(image, 0, &image->header, sizeof(image->header)) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != ELFDATA2LSB ||
	    header->e_shentsize != sizeof(Elf64_Shdr) || header->e_shnum == 0)
		return false;
	bytes = (size_t)header->e_shnum * sizeof(Elf64_Shdr);
	image->sections = xmalloc(bytes);
	return read_at(image, header->e_shoff, image->sections, bytes);
}

static bool
is_zstd(const struct image *image, const Elf64_Shdr *section, Elf64_Chdr *ret_chunk)
{
	return (section->sh_flags & SHF_COMPRESSED) != 0 && section->sh_type != SHT_NOBITS &&
	       section->sh_size >= sizeof(*ret_chunk) &&
	       read_at(image, section->sh_offset, ret_chunk, sizeof(*ret_chunk)) &&
	       ret_chunk->ch_type == COMPRESSED_BY_ZSTD;
}

static bool
has_zstd(const struct image *image)
{
	Elf64_Chdr chunk;

	for (size_t i = 0; i < image->header.e_shnum; i++)
		if (is_zstd(image, &image->sections[i], &chunk))
			return true;
	return false;
}

/* Inflate one section to the end of the copy. */
static int
inflate_section(struct image *image, Elf64_Shdr *section, const Elf64_Chdr *chunk, int copy)
{
	size_t packed = section->sh_size - sizeof(*chunk), inflated;
	void *from, *to;
	int result = 0;

	if (section->sh_size > image->bytes || chunk->ch_size > INFLATED_MAX ||
	    chunk->ch_size > SMALL_BYTES + RATIO_MAX * (uint64_t)packed ||
	    image->end - image->bytes > INFLATED_MAX - chunk->ch_size)
		return -EFBIG;
	from = xmalloc(packed);
	to = xmalloc(chunk->ch_size);
	image->end = (image->end + 15) / 16 * 16;
	if (read_at(image, section->sh_offset + sizeof(*chunk), from, packed))
		inflated = ZSTD_decompress(to, chunk->ch_size, from, packed);
	else
		inflated = SIZE_MAX;
	if (ZSTD_isError(inflated) || inflated != chunk->ch_size)
		result = -EBADMSG;
	else if (!write_at(copy, image->end, to, inflated))
		result = -EIO;
	free(from);
	free(to);
	section->sh_offset = image->end;
	section->sh_size = chunk->ch_size;
	section->sh_addralign = chunk->ch_addralign;
	section->sh_flags &= ~(Elf64_Xword)SHF_COMPRESSED;
	image->end += chunk->ch_size;
	return result;
}

static int
copy_file(const struct image *image, int copy)
{
	char *buffer = xmalloc(COPY_BYTES);
	int result = 0;

	for (uint64_t at = 0; at < image->bytes && result == 0; at += COPY_BYTES) {
		uint64_t left = image->bytes - at;
		size_t part = left < COPY_BYTES ? (size_t)left : COPY_BYTES;

		if (!read_at(image, at, buffer, part) || !write_at(copy, at, buffer, part))
			result = -EIO;
	}
	free(buffer);
	return result;
}

static int
make_copy(struct image *image)
{
	int copy = memfd_create("heaptally", MFD_CLOEXEC);
	int result;

	if (copy < 0)
		return -errno;
	result = copy_file(image, copy);
	for (size_t i = 0; i < image->header.e_shnum && result == 0; i++) {
		Elf64_Chdr chunk;

		if (is_zstd(image, &image->sections[i], &chunk))
			result = inflate_section(image, &image->sections[i], &chunk, copy);
	}
	if (result == 0 && !write_at(copy, image->header.e_shoff, image->sections,
				     image->header.e_shnum * sizeof(*image->sections)))
		result = -EIO;
	if (result == 0)
		return copy;
	close(copy);
	return result;
}

int
elf_inflate(int fd)
{
	struct image image = {.fd = fd};
	int result = fd;

	if (read_sections(&image) && has_zstd(&image))
		result = make_copy(&image);
	free(image.sections);
	if (result >= 0 && result != fd)
		close(fd);
	return result;
}
