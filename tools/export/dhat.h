/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * export/dhat.h - the file of valgrind's DHAT, version 2: dh_view.html shows it
 *
 * A point is a stack: its bytes and blocks in total, at the peak and at the moment. Its own maximum
 * is not recorded; the larger of the two stands for it. How long blocks lived is known when single
 * blocks were recorded, else it is 0.
 */
#ifndef EXPORT_DHAT_H
#define EXPORT_DHAT_H

struct export_input;
struct term;

void export_dhat(const struct term *term, const struct export_input *input);

#endif
