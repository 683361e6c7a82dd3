/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "model/group_blocks.h"

#include <stdlib.h>

#include "util/array.h"
#include "util/xalloc.h"

static int
compare_times(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

void
group_marks_init(struct group_marks *marks, const struct profile *profile)
{
	ARRAY(uint64_t) times = {0};

	for (uint32_t i = 0; i < profile->mark_count; i++)
		if (profile->marks[i].kind == PROFILE_MARK_LABEL)
			*array_push(&times) = profile->marks[i].time_ns;
	/* A moment with a label was taken at a mark. */
	for (uint32_t i = 0; i + 1 < profile->moment_count; i++)
		if (profile->moments[i].label[0] == '\0')
			*array_push(&times) = profile->moments[i].time_ns;
	if (times.count > 1)
		qsort(times.items, times.count, sizeof(*times.items), compare_times);
	*marks = (struct group_marks){times.items, times.count};
}

void
group_marks_release(struct group_marks *marks)
{
	free(marks->times_ns);
	*marks = (struct group_marks){0};
}

void
group_describe_block(const struct block *block, const struct group_marks *marks, uint64_t now_ns,
		     struct filter_block *ret_described)
{
	*ret_described = (struct filter_block){
		.bytes = block->bytes,
		.age_ns = block_get_age_ns(block, now_ns),
		.thread = block->thread,
		.generation = block_get_generation(block, marks->times_ns, marks->count),
	};
}

/* Ages, ascending. Of an even number of blocks the median is the older one of the middle two. */
static void
fill_group(struct group_ages *ages, const uint64_t *sorted, size_t count)
{
	ages->blocks = count;
	if (count == 0)
		return;
	ages->youngest_ns = sorted[0];
	ages->median_ns = sorted[count / 2];
	ages->oldest_ns = sorted[count - 1];
}

/* Ages are laid out group by group, then each group's part is sorted. */
void
group_fill_ages(struct group_ages *groups, size_t count, struct group_ages *all_groups,
		const struct block_set *blocks, const uint32_t *group_of_block, uint64_t now_ns)
{
	size_t *next = xcalloc(count + 1, sizeof(*next)), all = 0, first = 0;
	uint64_t *ages;

	for (size_t i = 0; i < blocks->count; i++)
		if (group_of_block[i] < count)
			next[group_of_block[i] + 1]++;
	for (size_t group = 1; group <= count; group++)
		next[group] += next[group - 1];
	all = next[count];
	ages = xmalloc((all + 1) * sizeof(*ages));
	for (size_t i = 0; i < blocks->count; i++)
		if (group_of_block[i] < count)
			ages[next[group_of_block[i]]++] =
				block_get_age_ns(&blocks->blocks[i], now_ns);
	/* Now `next` is where the next group begins. */
	for (size_t group = 0; group < count; first = next[group++]) {
		if (next[group] - first > 1)
			qsort(ages + first, next[group] - first, sizeof(*ages), compare_times);
		fill_group(&groups[group], ages + first, next[group] - first);
	}
	if (all > 1)
		qsort(ages, all, sizeof(*ages), compare_times);
	fill_group(all_groups, ages, all);
	free(ages);
	free(next);
}
