/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * image.h - the memory of a process as it is read without its help: in a core file, or from outside
 *
 * Both are a list of mappings, what is known of the threads, and a way to read at an address. What
 * is read is untrusted, and of a process that goes on it is of no single moment.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "util/array.h"

#define IMAGE_PAGE_BYTES     4096u
#define IMAGE_WORDS_PER_TASK 64
#define IMAGE_CACHED_PAGES   64

struct intern;

struct image_mapping {
	uint64_t start, end;
	uint64_t known_end; /* memory from here on is not to be had */
	uint64_t place;     /* of the start, in a core file */
	const char *name;   /* interned; "" without one */
	const char *object; /* the same, of the file whose variables these are */
	bool readable, writable, executable;
	bool is_file;
	bool is_shared;    /* a core does not tell */
	bool is_device;    /* reading it may do something */
	bool is_untouched; /* all zero, and not to be read */
};

struct image_thread {
	uint32_t id;
	uint64_t sp;      /* 0: not known */
	uint64_t control; /* where libc keeps what it knows of it; 0: not known */
	uint64_t words[IMAGE_WORDS_PER_TASK]; /* of its registers */
	unsigned word_count;
};

struct image_page {
	uint64_t address; /* 0: none */
	uint8_t bytes[IMAGE_PAGE_BYTES];
};

struct image {
	ARRAY(struct image_mapping) mappings; /* in ascending order, none in another */
	ARRAY(struct image_thread) threads;
	ARRAY(uint64_t) kernel; /* words that the kernel keeps for it */
	struct intern *strings;
	struct image_page *cache;

	bool is_core;
	int fd; /* of a core, or negative */
	uint64_t file_bytes;
	uint64_t cut_bytes; /* of a core: that it should have and has not */
	pid_t process;      /* living, as we know it; or 0 */
	int pagemap;        /* of that, or negative */
};

/* Nothing is known yet. */
void image_init(struct image *image);
void image_release(struct image *image);

/* Put the mappings in order, and cut what overlaps; find out whose variables have no name. */
void image_finish_mappings(struct image *image);

/* Whether the name of a mapping is that of a device, or of what the kernel maps for all. */
bool image_is_device(const char *name);

/* The mapping that holds address, or NULL. */
const struct image_mapping *image_find(const struct image *image, uint64_t address);

/* The number of the first mapping that ends above address. */
size_t image_find_index(const struct image *image, uint64_t address);

/* How many bytes from the start on could be read. */
size_t image_read(const struct image *image, uint64_t address, void *buffer, size_t bytes);

/* The same for a few bytes, of which the neighbours will be wanted, too. False if not all of them
 * could be read. */
bool image_peek(const struct image *image, uint64_t address, void *buffer, size_t bytes);

/* Where memory that cannot be read at address ends: no sooner can the next be. */
uint64_t image_skip(const struct image *image, uint64_t address);

/* Of a page and those behind it, up to end: whether it may have been written to, and how many bytes
 * are like it. */
uint64_t image_get_run(const struct image *image, uint64_t address, uint64_t end,
		       bool *ret_is_there);

#endif
