/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * card.h - what there is to say at the end of a run
 */
#ifndef CARD_H
#define CARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/process.h"
#include "model/wrapper.h"

struct profile;

#define CARD_OTHERS 3

struct card {
	const char *command;                  /* as it was typed */
	const char *path;                     /* of the tally */
	struct profile *profile;              /* the process that is shown, symbolized */
	struct profile *others[CARD_OTHERS];  /* the largest of the others, or NULL */
	const struct process_list *processes; /* all */
	size_t chosen;                        /* index of the one that is shown */
	struct wrapper_patterns wrappers;     /* that the user added */
	const char *warning;                  /* one more, or NULL */
	bool wants_leaks;                     /* the option --leaks was given */
	int wait_status;                      /* of the command */
	uint64_t duration_ns;
};

/* Which of many processes a card shows, by the numbers of their profiles. */
struct card_choice {
	size_t chosen;
	size_t others[CARD_OTHERS];
	size_t other_count;
};

void card_choose(const struct process_list *list, struct card_choice *ret_choice);

/* Keep the profile of this number if the card shows it, or free it. */
void card_take_profile(struct card *card, const struct card_choice *choice, size_t number,
		       struct profile *profile);

/* Free those that were kept. */
void card_drop_profiles(struct card *card);

#endif
