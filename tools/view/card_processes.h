/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/card_processes.h - what the card says of a run with several processes
 */
#ifndef VIEW_CARD_PROCESSES_H
#define VIEW_CARD_PROCESSES_H

struct card;
struct term;

/* Which process is shown, the largest others with their sites, what was not recorded, and what goes
 * on. Nothing for a run of one process. */
void view_card_processes(const struct term *term, const struct card *card);

/* The process that kept most at its end, if that is more than the one that is shown: "; fs (5838)
 * kept 3.9 MiB". To free; "" if there is none. */
char *view_card_keeper(const struct card *card);

#endif
