/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reentrant_malloc.c - an allocator that may be called anywhere, a signal handler included
 *
 * glibc's may not, so scenarios 12 and 13 put this one behind the tracer: one atomic addition, and
 * blocks are never used again. Each block has its size in front.
 */
#include "config.h"

#include <errno.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define AREA_BYTES ((size_t)32 << 30)

static char *area;
static size_t used;

/* Twice mapped in a race is harmless: the loser's area is given back. */
static char *
area_get(void)
{
	char *mine, *none = NULL;

	if (__atomic_load_n(&area, __ATOMIC_ACQUIRE) != NULL)
		return area;
	mine = (char *)syscall(SYS_mmap, NULL, AREA_BYTES, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (!__atomic_compare_exchange_n(&area, &none, mine, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		syscall(SYS_munmap, mine, AREA_BYTES);
	return area;
}

static void *
take(size_t alignment, size_t bytes)
{
	char *base = area_get();
	size_t room, end;
	char *block;

	if (alignment < 16)
		alignment = 16;
	if (bytes > AREA_BYTES / 4 || alignment > 1 << 20) {
		errno = ENOMEM;
		return NULL;
	}
	room = bytes + alignment + 32;
	end = __atomic_add_fetch(&used, room, __ATOMIC_RELAXED);
	if (end > AREA_BYTES) {
		errno = ENOMEM;
		return NULL;
	}
	block = base + end - room + 16;
	block = (char *)(((uintptr_t)block + alignment - 1) & ~(alignment - 1));
	((size_t *)(void *)block)[-1] = bytes;
	return block;
}

static size_t
size_of(void *block)
{
	return block != NULL ? ((size_t *)block)[-1] : 0;
}

/* No function below calls another: that would come back through the tracer. */
void *
memalign(size_t alignment, size_t bytes)
{
	return take(alignment, bytes);
}

void *
malloc(size_t bytes)
{
	return take(16, bytes);
}

void
free(void *block)
{
	(void)block;
}

void *
calloc(size_t count, size_t bytes)
{
	if (bytes != 0 && count > SIZE_MAX / bytes) {
		errno = ENOMEM;
		return NULL;
	}
	return take(16, count * bytes);
}

size_t
malloc_usable_size(void *block)
{
	return size_of(block);
}

void *
realloc(void *block, size_t bytes)
{
	void *moved = take(16, bytes);
	size_t old = size_of(block);

	if (moved != NULL && block != NULL)
		memcpy(moved, block, old < bytes ? old : bytes);
	return moved;
}

void *
aligned_alloc(size_t alignment, size_t bytes)
{
	return take(alignment, bytes);
}

int
posix_memalign(void **ret_block, size_t alignment, size_t bytes)
{
	void *block = take(alignment, bytes);

	if (block == NULL)
		return ENOMEM;
	*ret_block = block;
	return 0;
}
