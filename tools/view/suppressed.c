/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/suppressed.h"

#include <stdio.h>
#include <stdlib.h>

#include "model/group.h"
#include "model/suppress.h"
#include "util/human.h"
#include "util/json_writer.h"
#include "util/term.h"
#include "util/text.h"

static void
print_rule(const struct term *term, const char *pattern, const struct group_suppressed *suppressed)
{
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];
	char *safe = term_escape(pattern);

	fprintf(term->stream, "          %s in %s block%s: leak:%s\n",
		human_size(suppressed->values.live_bytes, bytes),
		human_count((uint64_t)suppressed->values.live_blocks, blocks),
		text_plural((uint64_t)suppressed->values.live_blocks), safe);
	free(safe);
}

void
view_suppressed_text(const struct term *term, const struct suppress_list *rules,
		     const struct group_set *set)
{
	struct profile_values sum = {0};
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];
	size_t used = 0;

	if (rules->count == 0)
		return;
	for (size_t i = 0; i < rules->count; i++) {
		profile_values_add(&sum, &set->suppressed[i].values);
		used += set->suppressed[i].sites > 0;
	}
	fprintf(term->stream, "suppressed %s in %s block%s by %zu of %zu rule%s\n",
		human_size(sum.live_bytes, bytes), human_count((uint64_t)sum.live_blocks, blocks),
		text_plural((uint64_t)sum.live_blocks), used, rules->count,
		text_plural(rules->count));
	for (size_t i = 0; i < rules->count; i++) {
		if (set->suppressed[i].sites > 0)
			print_rule(term, rules->patterns[i], &set->suppressed[i]);
	}
}

void
view_suppressed_json(struct json_writer *json, const struct suppress_list *rules,
		     const struct group_set *set)
{
	if (rules->count == 0)
		return;
	json_writer_begin_array(json, "suppressed");
	for (size_t i = 0; i < rules->count; i++) {
		const struct group_suppressed *suppressed = &set->suppressed[i];

		json_writer_begin_object(json, NULL);
		json_writer_string(json, "pattern", rules->patterns[i]);
		json_writer_unsigned(json, "stack_count", suppressed->sites);
		json_writer_signed(json, "live_bytes", suppressed->values.live_bytes);
		json_writer_signed(json, "live_blocks", suppressed->values.live_blocks);
		json_writer_end_object(json);
	}
	json_writer_end_array(json);
}
