/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/thread_name.h"

#include <stdlib.h>

#include "model/profile.h"

/* Of one number, the last frame comes first. */
static int
compare_threads(const void *a, const void *b)
{
	const struct thread_name *left = a, *right = b;

	if (left->id != right->id)
		return left->id < right->id ? -1 : 1;
	return (left->frame < right->frame) - (left->frame > right->frame);
}

void
thread_names_init(struct thread_names *names, const struct profile *profile)
{
	size_t kept = 0;

	*names = (struct thread_names){0};
	for (uint32_t i = 0; i < profile->frame_count; i++) {
		const struct profile_frame *frame = &profile->frames[i];

		if (frame->kind == PROFILE_FRAME_THREAD)
			*array_push(&names->all) =
				(struct thread_name){frame->offset, frame->name, i};
	}
	if (names->all.count > 1)
		qsort(names->all.items, names->all.count, sizeof(*names->all.items),
		      compare_threads);
	for (size_t i = 0; i < names->all.count; i++)
		if (i == 0 || names->all.items[i].id != names->all.items[kept - 1].id)
			names->all.items[kept++] = names->all.items[i];
	names->all.count = kept;
}

const char *
thread_names_find(const struct thread_names *names, uint64_t id)
{
	size_t low = 0, high = names->all.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (names->all.items[middle].id == id)
			return names->all.items[middle].name;
		if (names->all.items[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

void
thread_names_release(struct thread_names *names)
{
	array_release(&names->all);
}
