/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/kept.h"

#include <stdio.h>

#include "model/group.h"
#include "model/system_rules.h"
#include "util/human.h"
#include "util/term.h"
#include "util/text.h"

void
view_kept_line(const struct term *term, const char *indent, const struct profile_values *kept)
{
	char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];

	if (kept->live_blocks == 0)
		return;
	fprintf(term->stream, "%skept by system libraries %s in %s block%s\n", indent,
		human_size(kept->live_bytes, bytes),
		human_count((uint64_t)kept->live_blocks, blocks),
		text_plural((uint64_t)kept->live_blocks));
}

void
view_kept_rules(const struct term *term, const struct group_set *set)
{
	if (set->kept == NULL)
		term_wrap(
			term, "",
			"the rules for system libraries are for the end of a process (--at exit)");
	for (uint32_t i = 0; set->kept != NULL && i < system_rule_count; i++) {
		const struct profile_values *values = &set->kept[i].values;
		const struct system_rule *rule = &system_rules[i];
		char bytes[HUMAN_BYTES], blocks[HUMAN_BYTES];

		fprintf(term->stream, "          %s in %s block%s: %s%s%s%s%s\n",
			human_size(values->live_bytes, bytes),
			human_count((uint64_t)values->live_blocks, blocks),
			text_plural((uint64_t)values->live_blocks), rule->what,
			rule->library != NULL ? ": " : "",
			rule->library != NULL ? rule->function : "",
			rule->library != NULL ? " of " : "",
			rule->library != NULL ? rule->library : "");
	}
}
