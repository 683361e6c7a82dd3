/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.c - a core is read with pread and never mapped: it may shrink
 */
#include "config.h"
#include "image/image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "util/intern.h"
#include "util/span.h"
#include "util/text.h"
#include "util/xalloc.h"

#define PAGES_AT_ONCE 512

/* /proc/PID/pagemap: the page is in memory, or in swap. */
#define PAGE_IS_THERE ((uint64_t)3 << 62)

void
image_init(struct image *image)
{
	*image = (struct image){.fd = -1, .pagemap = -1};
	image->strings = intern_new();
	image->cache = xcalloc(IMAGE_CACHED_PAGES, sizeof(*image->cache));
}

void
image_release(struct image *image)
{
	array_release(&image->mappings);
	array_release(&image->threads);
	array_release(&image->kernel);
	intern_free(image->strings);
	free(image->cache);
	if (image->fd >= 0)
		close(image->fd);
	if (image->pagemap >= 0)
		close(image->pagemap);
	*image = (struct image){.fd = -1, .pagemap = -1};
}

/* What follows a file's data without a name of its own are variables that begin as zero. */
static void
set_object(const struct image_mapping *before, struct image_mapping *mapping)
{
	mapping->object = mapping->name;
	if (before != NULL && mapping->name[0] == '\0' && !mapping->is_file &&
	    before->end == mapping->start && before->is_file && before->writable &&
	    !before->is_shared)
		mapping->object = before->object;
}

void
image_finish_mappings(struct image *image)
{
	size_t kept = 0;
	uint64_t end = 0;

	span_sort(image->mappings.items, image->mappings.count, sizeof(struct image_mapping));
	for (size_t i = 0; i < image->mappings.count; i++) {
		struct image_mapping mapping = image->mappings.items[i];

		if (mapping.start < end || mapping.start >= mapping.end)
			continue;
		end = mapping.end;
		set_object(kept != 0 ? &image->mappings.items[kept - 1] : NULL, &mapping);
		image->mappings.items[kept++] = mapping;
	}
	image->mappings.count = kept;
}

bool
image_is_device(const char *name)
{
	return (text_starts_with(name, "/dev/") && !text_starts_with(name, "/dev/zero") &&
		!text_starts_with(name, "/dev/shm/")) ||
	       text_starts_with(name, "[v");
}

size_t
image_find_index(const struct image *image, uint64_t address)
{
	return span_find(image->mappings.items, image->mappings.count, sizeof(struct image_mapping),
			 address);
}

const struct image_mapping *
image_find(const struct image *image, uint64_t address)
{
	size_t i = image_find_index(image, address);

	return i < image->mappings.count && address >= image->mappings.items[i].start
		       ? &image->mappings.items[i]
		       : NULL;
}

/* --- reading --- */

static size_t
read_file(const struct image *image, void *buffer, size_t bytes, uint64_t offset)
{
	size_t done = 0;

	while (done < bytes) {
		ssize_t got = pread(image->fd, (char *)buffer + done, bytes - done,
				    (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		done += (size_t)got;
	}
	return done;
}

static size_t
read_core(const struct image *image, uint64_t address, void *buffer, size_t bytes)
{
	size_t done = 0;

	for (size_t i = image_find_index(image, address); done < bytes; i++) {
		const struct image_mapping *mapping = &image->mappings.items[i];
		uint64_t at = address + done;
		size_t part = bytes - done, got;

		if (i >= image->mappings.count || at < mapping->start || at >= mapping->known_end)
			break;
		if (part > mapping->known_end - at)
			part = (size_t)(mapping->known_end - at);
		got = read_file(image, (char *)buffer + done, part,
				mapping->place + (at - mapping->start));
		done += got;
		if (got < part || at + part < mapping->end)
			break;
	}
	return done;
}

static size_t
read_process(const struct image *image, uint64_t address, void *buffer, size_t bytes)
{
	struct iovec local = {buffer, bytes}, remote = {(void *)(uintptr_t)address, bytes};
	ssize_t got = process_vm_readv(image->process, &local, 1, &remote, 1, 0);

	return got > 0 ? (size_t)got : 0;
}

size_t
image_read(const struct image *image, uint64_t address, void *buffer, size_t bytes)
{
	return image->is_core ? read_core(image, address, buffer, bytes)
			      : read_process(image, address, buffer, bytes);
}

/* The page of an address, or NULL. */
static const struct image_page *
get_page(const struct image *image, uint64_t address)
{
	struct image_page *page;

	address &= ~(uint64_t)(IMAGE_PAGE_BYTES - 1);
	page = &image->cache[address / IMAGE_PAGE_BYTES % IMAGE_CACHED_PAGES];
	if (address == 0)
		return NULL;
	if (page->address != address) {
		page->address = 0;
		if (image_read(image, address, page->bytes, IMAGE_PAGE_BYTES) != IMAGE_PAGE_BYTES)
			return NULL;
		page->address = address;
	}
	return page;
}

bool
image_peek(const struct image *image, uint64_t address, void *buffer, size_t bytes)
{
	size_t done = 0;

	while (done < bytes) {
		const struct image_page *page = get_page(image, address + done);
		size_t at = (size_t)((address + done) % IMAGE_PAGE_BYTES);
		size_t part = IMAGE_PAGE_BYTES - at;

		/* Of a page whose end is not to be had. */
		if (page == NULL)
			return image_read(image, address, buffer, bytes) == bytes;
		if (part > bytes - done)
			part = bytes - done;
		memcpy((char *)buffer + done, page->bytes + at, part);
		done += part;
	}
	return true;
}

uint64_t
image_skip(const struct image *image, uint64_t address)
{
	const struct image_mapping *mapping = image->is_core ? image_find(image, address) : NULL;

	return mapping != NULL && address >= mapping->known_end
		       ? mapping->end
		       : (address | (IMAGE_PAGE_BYTES - 1)) + 1;
}

/* What was never touched is a hole in the file. */
static uint64_t
get_run_of_core(const struct image *image, uint64_t address, uint64_t end, bool *ret_is_there)
{
	const struct image_mapping *mapping = image_find(image, address);
	uint64_t most, offset, run;
	off_t next;

	*ret_is_there = true;
	if (mapping == NULL || address >= mapping->known_end)
		return end - address;
	most = mapping->known_end < end ? mapping->known_end - address : end - address;
	offset = mapping->place + (address - mapping->start);
	next = lseek(image->fd, (off_t)offset, SEEK_DATA);
	if (next < 0 && errno != ENXIO)
		return most;
	*ret_is_there = next == (off_t)offset;
	if (*ret_is_there)
		next = lseek(image->fd, (off_t)offset, SEEK_HOLE);
	/* Words are not cut in two. */
	run = next < 0 ? most : ((uint64_t)next - offset) & ~(uint64_t)(sizeof(uint64_t) - 1);
	if (run != 0)
		return run < most ? run : most;
	*ret_is_there = true;
	return most < IMAGE_PAGE_BYTES ? most : IMAGE_PAGE_BYTES;
}

uint64_t
image_get_run(const struct image *image, uint64_t address, uint64_t end, bool *ret_is_there)
{
	uint64_t first = address / IMAGE_PAGE_BYTES, flags[PAGES_AT_ONCE], stop;
	size_t count = PAGES_AT_ONCE, like = 1;
	ssize_t got;

	if (image->is_core)
		return get_run_of_core(image, address, end, ret_is_there);
	*ret_is_there = true;
	if (image->pagemap < 0)
		return end - address;
	if (count > (end - 1) / IMAGE_PAGE_BYTES - first + 1)
		count = (size_t)((end - 1) / IMAGE_PAGE_BYTES - first + 1);
	got = pread(image->pagemap, flags, count * sizeof(*flags), (off_t)(first * sizeof(*flags)));
	if (got < (ssize_t)sizeof(*flags))
		return end - address;
	count = (size_t)got / sizeof(*flags);
	*ret_is_there = (flags[0] & PAGE_IS_THERE) != 0;
	while (like < count && ((flags[like] & PAGE_IS_THERE) != 0) == *ret_is_there)
		like++;
	stop = (first + like) * IMAGE_PAGE_BYTES;
	return (stop < end ? stop : end) - address;
}
