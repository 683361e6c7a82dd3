/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/graph_quality.h - how far a look at who points at whom can be trusted
 */
#ifndef VIEW_GRAPH_QUALITY_H
#define VIEW_GRAPH_QUALITY_H

struct graph_quality;
struct json_writer;
struct term;

/* A line for each thing that was not seen. */
void view_graph_quality_text(const struct term *term, const struct graph_quality *quality);

/* Members of an object. */
void view_graph_quality_json(struct json_writer *json, const struct graph_quality *quality);

/* ", at exit", to be put behind the name of the process; "" if it goes on. */
const char *view_graph_quality_moment(const struct graph_quality *quality);

#endif
