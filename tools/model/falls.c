/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "model/falls.h"

#include <string.h>

static void
insert_trough(struct falls *falls, size_t trough, size_t before)
{
	if (falls->trough_count == FALLS_TROUGHS) {
		memmove(falls->troughs, falls->troughs + 1,
			(FALLS_TROUGHS - 1) * sizeof(*falls->troughs));
		falls->trough_count--;
	}
	falls->troughs[falls->trough_count++] = trough;
	if (trough - before > falls->longest)
		falls->longest = trough - before;
}

void
falls_init(struct falls *falls, const struct looks *looks)
{
	size_t high = looks->first, low = high, before = high;
	bool is_falling = false;
	double large;

	memset(falls, 0, sizeof(*falls));
	falls->range = looks_get_range(looks);
	large = FALLS_SHARE * falls->range;
	for (size_t i = looks->first + 1; i <= looks->last && large > 0; i++) {
		if (is_falling && looks_get(looks, i) < looks_get(looks, low))
			low = i;
		if (is_falling && looks_get(looks, i) - looks_get(looks, low) >= large) {
			insert_trough(falls, low, before);
			before = low;
			is_falling = false;
			high = i;
		}
		if (!is_falling && looks_get(looks, i) > looks_get(looks, high))
			high = i;
		if (!is_falling && looks_get(looks, high) - looks_get(looks, i) >= large) {
			falls->count++;
			falls->top = high;
			is_falling = true;
			low = i;
		}
	}
	if (is_falling)
		insert_trough(falls, low, before);
	for (size_t i = looks->first + 1; falls->trough_count > 0 && i <= low; i++) {
		double rise = looks_get(looks, i) - looks_get(looks, i - 1);

		falls->steepest = rise > falls->steepest ? rise : falls->steepest;
	}
}

bool
falls_have_rising_troughs(const struct falls *falls, const struct looks *looks)
{
	size_t count = falls->trough_count, rising = 0, pairs = 0;
	double least = 0, most = 0;

	if (count < 3)
		return false;
	for (size_t i = 1; i < count; i++) {
		double rise = looks_get(looks, falls->troughs[i]) -
			      looks_get(looks, falls->troughs[i - 1]);

		least = i == 1 || rise < least ? rise : least;
		most = i == 1 || rise > most ? rise : most;
		/* Equal ones count half. */
		for (size_t k = 0; k < i; k++, pairs += 2) {
			double change = looks_get(looks, falls->troughs[i]) -
					looks_get(looks, falls->troughs[k]);

			rising += (change > 0) + (change >= 0);
		}
	}
	if (count < 5)
		return least > 0 && most <= (count == 3 ? 1.5 : 2) * least;
	return 10 * rising >= (count == 5 ? 10 : 9) * pairs;
}
