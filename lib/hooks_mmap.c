/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_mmap.c - what the program maps by itself, with the option `mmap`
 *
 * Without it these functions are reached by nobody: they are not exported. With it the addresses
 * that the loader has filled in are replaced at the start, and what later lookups find. So a
 * program that has mmap of its own keeps it, calls that libc makes for itself stay libc's, and
 * nothing passes here before libc and the runtime are ready.
 *
 * Each passes the call on to the function that it was meant for, libc's or that of an allocator
 * (tcmalloc has its own), which sets errno; nothing here touches it.
 */
#include "hooks.h"

#include <link.h>
#include <string.h>
#include <sys/mman.h>

#include "base/elf_patch.h"
#include "base/elf_symbol.h"
#include "base/loader.h"
#include "mapping_heritage.h"
#include "memory/real.h"
#include "record_mapping.h"
#include "start.h"
#include "thread_gate.h"

enum call {
	MMAP,
	MMAP64, /* the same function in libc, but may be another's in another object */
	MREMAP,
	MUNMAP,
	CALLS
};

typedef void *mmap_function(void *, size_t, int, int, int, int64_t);
typedef void *mremap_function(void *, size_t, size_t, int, void *);
typedef int munmap_function(void *, size_t);

static void *next[CALLS];

/* What the allocator maps is the heap, whose blocks are known. The kernel has given the pages, with
 * the gate open: the next function may be the program's own. */
static __attribute__((noinline)) void *
note(const struct mapping_removal *from, void *address, size_t bytes, const struct caller *caller)
{
	struct thread *t;

	if (address == MAP_FAILED)
		return address;
	if (unlikely(real_contains(caller->ip))) {
		record_mapping_forget(address, bytes);
		return address;
	}
	t = thread_enter(arch_stack_of(caller), true);
	if (likely(t != NULL)) {
		record_mapping_insert(t, from, address, bytes, caller);
		thread_leave(t);
	} else {
		record_mapping_nested_insert(from, address, bytes);
	}
	return address;
}

/* A child that has recorded nothing yet gives back, or moves, what it has from its parent: from
 * then on it has a table in which that is true. */
static void
begin_change(const void *address, size_t bytes, const struct caller *caller)
{
	struct thread *t;

	if (likely(!mapping_heritage_waits(address, bytes)))
		return;
	t = thread_enter(arch_stack_of(caller), true);
	if (t != NULL)
		thread_leave(t);
}

static void *
hook_mmap(void *where, size_t bytes, int protection, int flags, int fd, int64_t offset)
{
	mmap_function *function = (mmap_function *)next[MMAP];

	return note(NULL, function(where, bytes, protection, flags, fd, offset), bytes, CALLER);
}

static void *
hook_mmap64(void *where, size_t bytes, int protection, int flags, int fd, int64_t offset)
{
	mmap_function *function = (mmap_function *)next[MMAP64];

	return note(NULL, function(where, bytes, protection, flags, fd, offset), bytes, CALLER);
}

/* The last argument is not always given; the function does not look at it then. */
static void *
hook_mremap(void *old, size_t old_bytes, size_t bytes, int flags, void *where)
{
	mremap_function *function = (mremap_function *)next[MREMAP];
	struct mapping_removal removal;
	void *address;

	begin_change(old, old_bytes, CALLER);
	record_mapping_remove(old, old_bytes, &removal);
	address = function(old, old_bytes, bytes, flags, where);
	/* Then the pages are gone from there, but the place is still the program's. */
	if (address == MAP_FAILED || (flags & MREMAP_DONTUNMAP) != 0)
		record_mapping_restore(&removal);
	return note(&removal, address, bytes, CALLER);
}

static int
hook_munmap(void *address, size_t bytes)
{
	munmap_function *function = (munmap_function *)next[MUNMAP];
	struct mapping_removal removal;
	int result;

	begin_change(address, bytes, CALLER);
	record_mapping_remove(address, bytes, &removal);
	result = function(address, bytes);
	if (result != 0)
		record_mapping_restore(&removal);
	return result;
}

static const struct {
	char name[8];
	const void *hook;
} calls[CALLS] = {
	[MMAP] = {"mmap", hook_mmap},
	[MMAP64] = {"mmap64", hook_mmap64},
	[MREMAP] = {"mremap", hook_mremap},
	[MUNMAP] = {"munmap", hook_munmap},
};

/* The first definition in the search order is the one that is called. */
static const struct link_map *
find_next(enum call call)
{
	const struct link_map *object = loader_first();

	for (; object != NULL; object = object->l_next) {
		next[call] = elf_symbol_find(object, calls[call].name);
		if (next[call] != NULL)
			return object;
	}
	return NULL;
}

static bool
is_passed_over(const struct link_map *object)
{
	return object->l_ld == real_self()->l_ld || object == real_object() ||
	       object == loader_libc() || loader_is(object);
}

bool
start_take_mappings(const struct link_map *last)
{
	const struct link_map *owners[CALLS];
	struct elf_patch patches[CALLS];
	size_t count = 0;
	bool taken = true;

	for (enum call i = 0; i < CALLS; i++) {
		owners[i] = find_next(i);
		if (owners[i] == NULL)
			taken = false;
		else
			patches[count++] = (struct elf_patch){next[i], calls[i].hook};
	}
	for (const struct link_map *object = loader_first(); object != NULL;
	     object = object->l_next) {
		if (!is_passed_over(object))
			taken &= elf_patch_slots(object, patches, count);
		if (object == last)
			break;
	}
	for (enum call i = 0; i < CALLS; i++) {
		if (owners[i] != NULL)
			taken &= elf_patch_symbol(owners[i], calls[i].name, calls[i].hook);
	}
	return taken;
}
