/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * loader.c - what the dynamic loader knows of the objects that it has loaded
 *
 * Between the segments of a library the loader keeps the addresses. The program, and the loader,
 * are mapped by the kernel, which leaves gaps free for others, so that the loader tells of the
 * single segment that holds an address: neither the file's head nor all of the object. Both are
 * where they are for ever, so what they are is asked once.
 */
#include "base/loader.h"

#include <dlfcn.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/elf_symbol.h"
#include "base/os_memory.h"

/* An object that may have gaps. */
struct image {
	const ElfW(Phdr) * headers; /* NULL: not known */
	size_t count;
	uintptr_t start, end;
};

static struct {
	bool known; /* as far as the kernel and the loader tell */
	struct image program, loader;
} images;

static int find_first(void *address, struct dl_find_object *ret_object);

/* `_dl_find_object`, or what always fails where there is none. Set by the first call. */
static int (*find_object)(void *, struct dl_find_object *) = find_first;

static int
find_nothing(void *address, struct dl_find_object *ret_object)
{
	(void)address, (void)ret_object;
	return -1;
}

static int
find_first(void *address, struct dl_find_object *ret_object)
{
	const struct link_map *libc = loader_libc();
	void *function;

	if (libc == NULL)
		return -1;
	/* Of libc alone: a program may bring a function of that name. */
	function = elf_symbol_find(libc, "_dl_find_object");
	store((void **)&find_object, function != NULL ? function : (void *)find_nothing);
	return find_object(address, ret_object);
}

/* --- program headers --- */

/* Those of a file that is mapped from its head on, as every linker lays it out. One whose headers
 * were moved later has none here. */
static bool
find_headers(const ElfW(Ehdr) * header, const ElfW(Phdr) * *ret_headers, size_t *ret_count)
{
	if (!os_readable((uintptr_t)header) || memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 ||
	    header->e_phentsize != sizeof **ret_headers ||
	    header->e_phoff % sizeof(uint64_t) != 0 || header->e_phoff > PAGE_BYTES ||
	    header->e_phoff + header->e_phnum * sizeof **ret_headers > PAGE_BYTES)
		return false;
	*ret_headers = (const void *)((const char *)header + header->e_phoff);
	*ret_count = header->e_phnum;
	return true;
}

/* Whether these are headers, and of this object: both name the same dynamic section. */
static bool
are_headers_of(const struct link_map *object, const ElfW(Phdr) * headers, size_t count)
{
	const char *end = (const char *)(headers + count);

	if (headers == NULL || count == 0 || count > PAGE_BYTES / sizeof *headers ||
	    (uintptr_t)headers % sizeof(uint64_t) != 0 || !os_readable((uintptr_t)headers) ||
	    !os_readable((uintptr_t)end - sizeof(uint64_t)))
		return false;
	for (size_t i = 0; i < count; i++)
		if (headers[i].p_type == PT_DYNAMIC &&
		    object->l_addr + headers[i].p_vaddr == (uintptr_t)object->l_ld)
			return true;
	return false;
}

static void
set_image(struct image *image, const struct link_map *object, const ElfW(Phdr) * headers,
	  size_t count)
{
	uintptr_t start = UINTPTR_MAX, end = 0;

	if (object == NULL || !are_headers_of(object, headers, count))
		return;
	for (size_t i = 0; i < count; i++) {
		uintptr_t first = object->l_addr + headers[i].p_vaddr;

		if (headers[i].p_type != PT_LOAD)
			continue;
		start = first < start ? first & ~(PAGE_BYTES - 1) : start;
		end = first + headers[i].p_memsz > end ? first + headers[i].p_memsz : end;
	}
	if (start >= end)
		return;
	image->count = count;
	image->start = start;
	image->end = end;
	/* Release: who sees the headers sees the rest. Others may write the same at the same time.
	 */
	store_release(&image->headers, headers);
}

static COLD void
find_images(void)
{
	const ElfW(Phdr) * headers;
	size_t count;

	/* Told to execute the loader, the kernel knows the loader's alone. */
	if (getauxval(AT_BASE) != 0)
		set_image(&images.program, loader_first(), (const void *)getauxval(AT_PHDR),
			  getauxval(AT_PHNUM));
	if (find_headers((const void *)_r_debug.r_ldbase, &headers, &count))
		set_image(&images.loader, loader_itself(), headers, count);
	store(&images.known, true);
}

void
loader_note_program(const void *start)
{
	const ElfW(Phdr) * headers;
	size_t count;

	if (find_headers(start, &headers, &count))
		set_image(&images.program, loader_first(), headers, count);
}

/* NULL for an object of which the loader tells all. */
static const struct image *
find_image(const struct link_map *object)
{
	const struct image *image = object == loader_first() ? &images.program
				    : loader_is(object)      ? &images.loader
							     : NULL;

	if (image == NULL)
		return NULL;
	if (unlikely(!load(&images.known)))
		find_images();
	return load_acquire(&image->headers) != NULL ? image : NULL;
}

int
loader_find_object(const void *address, struct dl_find_object *ret_object)
{
	const struct image *image;

	if (find_object((void *)(uintptr_t)address, ret_object) != 0)
		return -1;
	image = find_image(ret_object->dlfo_link_map);
	if (image != NULL) {
		ret_object->dlfo_map_start = (void *)image->start;
		ret_object->dlfo_map_end = (void *)image->end;
	}
	return 0;
}

bool
loader_get_headers(const struct dl_find_object *object, const ElfW(Phdr) * *ret_headers,
		   size_t *ret_count)
{
	const struct image *image = find_image(object->dlfo_link_map);

	if (image == NULL)
		return find_headers(object->dlfo_map_start, ret_headers, ret_count);
	*ret_headers = image->headers;
	*ret_count = image->count;
	return true;
}

bool
loader_finds_objects(void)
{
	struct dl_find_object self;

	return loader_find_object((const void *)(uintptr_t)&loader_finds_objects, &self) == 0;
}

bool
loader_is(const struct link_map *object)
{
	return object->l_addr == _r_debug.r_ldbase;
}

const struct link_map *
loader_first(void)
{
	return _r_debug.r_map;
}

const struct link_map *
loader_itself(void)
{
	const struct link_map *object = loader_first();

	while (object != NULL && !loader_is(object))
		object = object->l_next;
	return object;
}

const struct link_map *
loader_self(void)
{
	const struct link_map *object = loader_first();

	while (object != NULL && object->l_ld != _DYNAMIC)
		object = object->l_next;
	return object;
}

const struct link_map *
loader_libc(void)
{
	const struct link_map *object = loader_first();

	for (; object != NULL; object = object->l_next) {
		const char *name = strrchr(object->l_name, '/');

		if (strcmp(name != NULL ? name + 1 : object->l_name, "libc.so.6") == 0)
			break;
	}
	return object;
}
