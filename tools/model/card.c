/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/card.h"

#include <stdlib.h>

#include "model/process.h"
#include "model/profile.h"

void
card_choose(const struct process_list *list, struct card_choice *ret_choice)
{
	size_t count, *order = process_list_rank(list, &count);

	*ret_choice = (struct card_choice){.chosen = process_list_choose(list)};
	for (size_t i = 0; i < count && ret_choice->other_count < CARD_OTHERS; i++)
		if (list->all.items[order[i]].pid != list->all.items[ret_choice->chosen].pid)
			ret_choice->others[ret_choice->other_count++] = order[i];
	free(order);
}

void
card_take_profile(struct card *card, const struct card_choice *choice, size_t number,
		  struct profile *profile)
{
	if (number == choice->chosen) {
		card->profile = profile;
		return;
	}
	for (size_t i = 0; i < choice->other_count; i++) {
		if (number == choice->others[i]) {
			card->others[i] = profile;
			return;
		}
	}
	profile_free(profile);
}

void
card_drop_profiles(struct card *card)
{
	profile_free(card->profile);
	card->profile = NULL;
	for (size_t i = 0; i < CARD_OTHERS; i++) {
		profile_free(card->others[i]);
		card->others[i] = NULL;
	}
}
