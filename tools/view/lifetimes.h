/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/lifetimes.h - how long blocks lived, in text and JSON
 */
#ifndef VIEW_LIFETIMES_H
#define VIEW_LIFETIMES_H

#include <stdio.h>

struct block_histogram;
struct group_ages;
struct json_writer;
struct term;

/* "freed 1,204 after 3.1 ms on average  [bars] 2 us to 8.4 s", with a newline. */
void view_lifetimes_line(const struct term *term, const struct block_histogram *histogram,
			 const char *indent);

/* "live for 5.1 s (oldest), 2 s (median), 3 us (youngest)"; nothing when none lives. */
void view_lifetimes_ages_line(const struct term *term, const struct group_ages *ages,
			      const char *indent);

/* The fields of this header; those of freed blocks are empty if lifetimes is NULL. */
#define VIEW_LIFETIMES_CSV_HEADER "oldest_ns,median_ns,youngest_ns,freed_blocks,average_lifetime_ns"
void view_lifetimes_csv(FILE *stream, const struct group_ages *ages,
			const struct block_histogram *lifetimes);

/* The members "ages" and "lifetimes". Both are null when nothing is known. */
void view_lifetimes_ages_json(struct json_writer *json, const struct group_ages *ages);
void view_lifetimes_json(struct json_writer *json, const struct block_histogram *histogram);

#endif
