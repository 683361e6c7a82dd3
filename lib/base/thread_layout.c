/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/thread_layout.h"

#include <string.h>

#include "base/elf_symbol.h"
#include "base/loader.h"

#define PREFIX "_thread_db_"

/* One of the constants: bits of an element, how many there are, and the place in bytes. */
struct field {
	uint32_t bits, count, place;
};

static const struct field *
find_field(const struct link_map *libc, const char *name)
{
	return elf_symbol_find(libc, name);
}

static bool
find_place(const struct link_map *libc, const char *name, uint32_t bits, uint32_t *ret_place)
{
	const struct field *field = find_field(libc, name);

	if (field == NULL || field->bits != bits)
		return false;
	*ret_place = field->place;
	return true;
}

static bool
is_at(const struct link_map *libc, const char *name, uint32_t place)
{
	const struct field *field = find_field(libc, name);

	return field != NULL && field->place == place;
}

/* Whether slots and tables are as they always were. */
static bool
is_known(const struct link_map *libc)
{
	const struct field *table = find_field(libc, PREFIX "dtv_dtv");

	return is_at(libc, PREFIX "dtv_slotinfo_list_len", offsetof(struct thread_slots, count)) &&
	       is_at(libc, PREFIX "dtv_slotinfo_list_next", offsetof(struct thread_slots, next)) &&
	       is_at(libc, PREFIX "dtv_slotinfo_list_slotinfo", sizeof(struct thread_slots)) &&
	       is_at(libc, PREFIX "dtv_slotinfo_gen", offsetof(struct thread_slot, generation)) &&
	       is_at(libc, PREFIX "dtv_slotinfo_map", offsetof(struct thread_slot, object)) &&
	       is_at(libc, PREFIX "dtv_t_counter", 0) &&
	       is_at(libc, PREFIX "dtv_t_pointer_val", 0) && table != NULL &&
	       table->bits == THREAD_TABLE_WORDS * 64;
}

/* The variable of the loader in which all that is. */
static uint64_t
find_loaders_own(void)
{
	const struct link_map *object = loader_itself();

	return object != NULL ? (uintptr_t)elf_symbol_find(object, "_rtld_global") : 0;
}

void
thread_layout_find(struct thread_layout *ret_layout)
{
	const struct link_map *libc = loader_libc();
	uint64_t own = find_loaders_own();
	struct thread_layout found = {0};
	uint32_t slots, used, user;

	*ret_layout = found;
	if (libc == NULL || own == 0 || !is_known(libc) ||
	    !find_place(libc, PREFIX "rtld_global__dl_tls_dtv_slotinfo_list", 64, &slots) ||
	    !find_place(libc, PREFIX "link_map_l_tls_offset", 64, &found.distance) ||
	    !find_place(libc, PREFIX "pthread_dtvp", 64, &found.table))
		return;
	found.slots = own + slots;
	if (find_place(libc, PREFIX "rtld_global__dl_stack_used", 128, &used) &&
	    find_place(libc, PREFIX "rtld_global__dl_stack_user", 128, &user) &&
	    find_place(libc, PREFIX "pthread_list", 128, &found.link) &&
	    find_place(libc, PREFIX "pthread_tid", 32, &found.id)) {
		found.lists[0] = own + used;
		found.lists[1] = own + user;
	}
	*ret_layout = found;
}
