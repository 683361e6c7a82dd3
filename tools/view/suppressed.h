/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/suppressed.h - what the rules of --suppressions left out of a report
 */
#ifndef VIEW_SUPPRESSED_H
#define VIEW_SUPPRESSED_H

struct group_set;
struct json_writer;
struct suppress_list;
struct term;

/* A line, and one for each rule that matched; nothing without rules. */
void view_suppressed_text(const struct term *term, const struct suppress_list *rules,
			  const struct group_set *set);

/* The member "suppressed", for every rule; nothing without rules. */
void view_suppressed_json(struct json_writer *json, const struct suppress_list *rules,
			  const struct group_set *set);

#endif
