/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "reach/parked.h"

#include <string.h>

#include "base/os.h"
#include "base/os_memory.h"
#include "base/proc_text.h"
#include "reach/proc_list.h"

#define TASKS      "/proc/self/task"
#define TEXT_BYTES 256
#define WAITS      100 /* of a millisecond */

struct parked {
	uint32_t is_confirmed;
	uint32_t count;
	uint32_t threads[PARKED_MAX];
	struct root_stack stacks[PARKED_MAX];
	uint64_t places[PARKED_MAX]; /* hash of all that the kernel says of a thread */
};

/* "202 0x7f.. 0x0 ... SP PC", or "running". */
static bool
ask(uint32_t thread, uint64_t *ret_sp, uint64_t *ret_place)
{
	char text[TEXT_BYTES];
	const char *last, *pc;
	uint64_t hash = 0xcbf29ce484222325u;

	proc_list_read_text(TASKS, thread, "syscall", text, sizeof text);
	pc = strrchr(text, 'x');
	if (pc == NULL || (text[0] != '-' && (text[0] < '0' || text[0] > '9')))
		return false;
	last = pc - 2;
	while (last > text && last[-1] != 'x')
		last--;
	if (last <= text)
		return false;
	for (const char *c = text; *c != '\0'; c++)
		hash = (hash ^ (uint8_t)*c) * 0x100000001b3u;
	*ret_place = hash;
	*ret_sp = proc_text_take_hexadecimal(&last);
	return *ret_sp != 0;
}

struct parked *
parked_new(uint32_t own_thread)
{
	struct parked *parked = os_map_shared(sizeof *parked);
	uint32_t threads[PARKED_MAX];
	int count = parked != NULL ? proc_list_read(TASKS, threads, PARKED_MAX) : 0;

	for (int i = 0; i < count; i++) {
		uint32_t next = parked->count;

		if (threads[i] == own_thread ||
		    !ask(threads[i], &parked->stacks[next].sp, &parked->places[next]))
			continue;
		parked->threads[next] = threads[i];
		parked->count++;
	}
	return parked;
}

void
parked_free(struct parked *parked)
{
	if (parked != NULL)
		os_unmap(parked, sizeof *parked);
}

void
parked_confirm(struct parked *parked)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < parked->count; i++) {
		uint64_t sp, place;

		if (!ask(parked->threads[i], &sp, &place) || place != parked->places[i])
			continue;
		parked->threads[kept] = parked->threads[i];
		parked->stacks[kept++] = parked->stacks[i];
	}
	parked->count = kept;
	/* Release: who sees it sees the stacks. */
	store_release(&parked->is_confirmed, 1);
}

const struct root_stack *
parked_await(struct parked *parked, size_t *ret_count)
{
	uint32_t word = 0;

	for (int i = 0; i < WAITS && load_acquire(&parked->is_confirmed) == 0; i++)
		os_wait(&word, 0);
	*ret_count = load_acquire(&parked->is_confirmed) != 0 ? parked->count : 0;
	return parked->stacks;
}
