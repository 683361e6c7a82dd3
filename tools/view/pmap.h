/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/pmap.h - each mapping of a process, with what it is and what is in it
 */
#ifndef VIEW_PMAP_H
#define VIEW_PMAP_H

struct resident;
struct term;

/*
 * One line for each: first address, size, what of it is resident, live, pinned (all else of pages
 * with a live byte) and free, in KiB, permissions, class and name.
 */
void view_pmap_text(const struct term *term, const struct resident *resident);

#endif
