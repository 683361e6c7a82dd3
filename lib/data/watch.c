/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "data/watch.h"

#include <errno.h>

#include "memory/arena.h"
#include "base/lock.h"
#include "recording/recording_map.h"

static struct {
	struct lock lock;
	uint32_t count;
	struct watch *list; /* [WATCH_MAX], or NULL */
} watches;

static struct watch *
find(const void *address)
{
	for (uint32_t i = 0; i < watches.count; i++) {
		if (watches.list[i].address == address)
			return &watches.list[i];
	}
	return NULL;
}

static void
drop(struct watch *w)
{
	*w = watches.list[--watches.count];
	store(&recording.control->watched, watches.count != 0);
}

static bool
has_room(void)
{
	if (watches.list == NULL)
		watches.list = arena_allocate(WATCH_MAX * sizeof *watches.list, false);
	return watches.list != NULL && watches.count < WATCH_MAX;
}

int
watch_set(const struct watch *watch)
{
	int result = 0;
	struct watch *w;

	if (!lock_take(&watches.lock))
		return -EAGAIN;
	w = find(watch->address);
	if (watch->callback == NULL) {
		if (w != NULL)
			drop(w);
	} else if (w != NULL || has_room()) {
		bool is_new = w == NULL;

		if (is_new)
			w = &watches.list[watches.count];
		*w = *watch;
		/* Counted when it is there: a handler may leave in between by siglongjmp. */
		__atomic_signal_fence(__ATOMIC_SEQ_CST);
		watches.count += is_new;
		store(&recording.control->watched, 1);
	} else {
		result = -ENOMEM;
	}
	lock_drop(&watches.lock);
	return result;
}

bool
watch_take(const void *address, struct watch *ret_watch)
{
	struct watch *w;

	if (!lock_take(&watches.lock))
		return false;
	w = find(address);
	if (w != NULL) {
		*ret_watch = *w;
		drop(w);
	}
	lock_drop(&watches.lock);
	return w != NULL;
}

void
watch_reset(void)
{
	watches.list = NULL;
	watches.count = 0;
}
