/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/card_next.h - which commands the card proposes
 */
#ifndef VIEW_CARD_NEXT_H
#define VIEW_CARD_NEXT_H

#include <stdbool.h>

struct card;
struct term;

/* Whether so much is allocated only to be freed again that it is worth a line. */
bool view_card_is_churning(const struct card *card);

/* The commands, with what each answers. */
void view_card_next(const struct term *term, const struct card *card);

#endif
