/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * real.h - the next allocator in line
 *
 * The functions behind our hooks are those of the first object after ours in the loader's search
 * order that defines `malloc`: libc's, or those of another preloaded or linked allocator.
 */
#ifndef REAL_H
#define REAL_H

#include <spawn.h>

#include "base/base.h"

struct real {
	void *(*malloc)(size_t);
	void (*free)(void *);
	void *(*calloc)(size_t, size_t);
	void *(*realloc)(void *, size_t);
	void *(*reallocarray)(void *, size_t, size_t);
	int (*posix_memalign)(void **, size_t, size_t);
	void *(*aligned_alloc)(size_t, size_t);
	void *(*memalign)(size_t, size_t);
	void *(*valloc)(size_t);
	void *(*pvalloc)(size_t);
	size_t (*malloc_usable_size)(void *);
	int (*dlclose)(void *); /* NULL until `real_find_dlclose` has found it */
	int (*fork)(void);      /* _Fork; NULL where libc has none */
	int (*execve)(const char *, char *const *, char *const *);
	int (*execv)(const char *, char *const *);
	int (*execvp)(const char *, char *const *);
	int (*execvpe)(const char *, char *const *, char *const *);
	int (*system)(const char *);
	void *(*popen)(const char *, const char *);
	int (*fexecve)(int, char *const *, char *const *);
	int (*execveat)(int, const char *, char *const *, char *const *, int); /* or NULL */
	int (*posix_spawn)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			   const posix_spawnattr_t *, char *const *, char *const *);
	int (*posix_spawnp)(pid_t *, const char *, const posix_spawn_file_actions_t *,
			    const posix_spawnattr_t *, char *const *, char *const *);
	int (*access)(const char *, int);
	int (*faccessat)(int, const char *, int, int);
	int (*mlockall)(int);
	const char *path;               /* of the object that defines malloc */
	uintptr_t start, end;           /* where it is mapped; nowhere for libc */
	uintptr_t self_start, self_end; /* where we are */
	bool is_glibc;                  /* blocks have glibc's chunk header */
	bool malloc_is_ours;            /* the program's calls of malloc reach our hook */
	bool knows_sizes;               /* malloc_usable_size is of the object that has malloc */
	bool has_own_new; /* C++ gets memory of an allocator past its malloc, unseen */
};

/* Valid once `real_ready`; constant from then on. */
extern struct real real;

/* Whether the functions can be called. [hot] [signal] */
static inline bool
real_ready(void)
{
	return load_acquire(&real.malloc) != NULL;
}

/* Find them. Allocates nothing and takes no lock; harmless to repeat. False if the loader is not
 * ready for it. [signal] */
bool real_find(void);

/* Before 2.34 it is not in libc, but in a library that may be loaded later. False if there is none.
 * [signal] */
bool real_find_dlclose(void);

struct link_map;

/* The object that defines malloc, if that is not libc; NULL if it is. */
const struct link_map *real_object(void);

/* The runtime itself. */
const struct link_map *real_self(void);

/* What the allocator offers besides malloc is seen, too. [init] */
void real_own_is_seen(bool seen);

/* Learn how its blocks look; calls them. [init] */
void real_examine(void);

/* Whether code at an address belongs to the real allocator: its own calls of the public names come
 * from there, or from the hook that called it if the call is its last act. Of libc that is nothing:
 * what our hooks call there calls none, and all else in libc is called by anybody. [signal] */
static inline bool
real_contains(uintptr_t address)
{
	return address - real.start < real.end - real.start ||
	       address - real.self_start < real.self_end - real.self_start;
}

/* malloc/malloc.c, "chunk": size in the word before the block, flags in the low bits; bit 1 is set
 * for a chunk of its own mapping. Checked by `real_examine`. */
static inline size_t
real_usable_size_of_head(size_t head)
{
	return (head & ~(size_t)7) - 8 - ((head & 2) << 2);
}

/* Usable bytes of a block that the real allocator made. [hot] */
static inline size_t
real_usable_size(void *block)
{
	if (likely(real.is_glibc))
		return real_usable_size_of_head(((const size_t *)block)[-1]);
	return real.malloc_usable_size(block);
}

/* The same of a block that another thread may free meanwhile: false if that is seen. Another
 * allocator than glibc's is asked all the same, if it can be. [signal] */
bool real_find_usable_size(void *block, size_t *ret_usable);

#endif
