/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/svg_sites.h - the sites that hold most at the largest moment of a picture
 */
#ifndef EXPORT_SVG_SITES_H
#define EXPORT_SVG_SITES_H

#include <stddef.h>
#include <stdint.h>

#define SVG_SITES_MOST 5

struct view_timeline;

struct svg_sites {
	struct {
		int64_t bytes;
		char *place; /* "load  wave.c:9" */
	} sites[SVG_SITES_MOST];
	size_t count;
	uint64_t time_ns; /* of the moment */
};

/* Those of the peak, where it is inside; else of the largest moment in the window. None, where no
 * moment is inside. */
void svg_sites_init(struct svg_sites *sites, const struct view_timeline *view);
void svg_sites_release(struct svg_sites *sites);

#endif
