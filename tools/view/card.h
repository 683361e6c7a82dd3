/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/card.h - what `run` says at the end
 */
#ifndef VIEW_CARD_H
#define VIEW_CARD_H

#include <stddef.h>
#include <stdint.h>

struct profile;
struct term;

struct card {
	const char *command;     /* as it was typed */
	const char *path;        /* of the tally */
	struct profile *profile; /* the process with the largest peak, symbolized */
	size_t process_count;
	int wait_status; /* of the command */
	uint64_t duration_ns;
};

/* Print the card to the stream of term. */
void view_card(const struct term *term, const struct card *card);

#endif
