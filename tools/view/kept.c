/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/kept.h"

#include <stdio.h>

#include "model/group.h"
#include "model/not_freed.h"
#include "model/system_rules.h"
#include "util/human.h"
#include "util/json_writer.h"
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

static void
write_rule(struct json_writer *json, const struct system_rule *rule,
	   const struct profile_values *values)
{
	json_writer_begin_object(json, NULL);
	json_writer_string(json, "what", rule->what);
	json_writer_string(json, "library", rule->library);
	json_writer_string(json, "function", rule->library != NULL ? rule->function : NULL);
	json_writer_signed(json, "live_bytes", values->live_bytes);
	json_writer_signed(json, "live_blocks", values->live_blocks);
	json_writer_end_object(json);
}

void
view_kept_json(struct json_writer *json, const char *key, const struct profile *profile,
	       const struct profile_at *at)
{
	struct not_freed rest;

	if (!group_is_end_of_run(profile, at)) {
		json_writer_null(json, key);
		return;
	}
	not_freed_get(profile, &(struct selection){.system_rules = true}, &rest);
	json_writer_begin_object(json, key);
	json_writer_signed(json, "live_bytes", rest.kept.live_bytes);
	json_writer_signed(json, "live_blocks", rest.kept.live_blocks);
	json_writer_begin_array(json, "rules");
	for (uint32_t i = 0; rest.kept_by_rule != NULL && i < system_rule_count; i++)
		if (rest.kept_by_rule[i].live_blocks != 0)
			write_rule(json, &system_rules[i], &rest.kept_by_rule[i]);
	json_writer_end_array(json);
	json_writer_end_object(json);
	not_freed_release(&rest);
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
