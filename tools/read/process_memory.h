/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process_memory.h - bytes of a process, or of an image of it
 */
#ifndef PROCESS_MEMORY_H
#define PROCESS_MEMORY_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct image;

enum {
	PROCESS_MEMORY_SPARSE_MAX = 1 << 20, /* bytes */
};

struct process_memory {
	const struct image *image; /* to be read instead of the process, or NULL */
	uint64_t budget;           /* of a core: bytes of tables that there can be */
	pid_t pid;
	int pagemap;
};

/* The bytes at address: all of them, or -EFAULT or another -errno. */
int process_memory_read(const struct process_memory *process, uint64_t address, void *buffer,
			size_t bytes);

/*
 * The same of a table that is sparse, PROCESS_MEMORY_SPARSE_MAX bytes at most: pages that have
 * nothing behind them are not touched and read as zero. -EBADMSG of a core that has more of it than
 * there can be.
 */
int process_memory_read_sparse(struct process_memory *process, uint64_t address, void *buffer,
			       size_t bytes);

#endif
