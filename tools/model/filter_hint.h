/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * filter_hint.h - what to write instead of a filter that nothing passes
 *
 * Reports print "demo.cpp:14" and "leak_some", but a pattern has to match a whole name, and a bare
 * one is about files. So what was written is looked for in the names of the profile as its author
 * may have meant it.
 */
#ifndef FILTER_HINT_H
#define FILTER_HINT_H

#include "model/filter.h"
#include "model/place.h"

/*
 * A clause to free: "the module is /lib/libm.so.6; write 'module=libm*'". NULL when the
 * names have nothing to do with it, as with sizes. The table has the places of the profile.
 */
char *filter_hint(const struct filter_list *list, const struct place_table *table);

#endif
