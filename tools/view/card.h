/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view/card.h - what `run` says at the end
 */
#ifndef VIEW_CARD_H
#define VIEW_CARD_H

struct card;
struct term;

/* Print the card to the stream of term. */
void view_card(const struct term *term, const struct card *card);

#endif
