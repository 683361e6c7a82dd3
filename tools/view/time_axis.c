/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "view/time_axis.h"

#include <stddef.h>

void
view_time_axis_init(struct view_time_axis *axis, uint64_t from_ns, uint64_t to_ns, unsigned ticks)
{
	static const struct {
		const char *unit;
		double unit_ns;
	} units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
	double span = (double)(to_ns - from_ns), step = 1;
	size_t i = 0;

	while (i + 1 < sizeof(units) / sizeof(*units) &&
	       (double)to_ns >= (i < 3 ? 1 : 5) * units[i + 1].unit_ns)
		i++;
	axis->unit = units[i].unit;
	axis->unit_ns = units[i].unit_ns;
	while (step * axis->unit_ns * ticks > span)
		step /= 10;
	while (step * axis->unit_ns * ticks < span)
		step *= 10;
	if (step / 5 * axis->unit_ns * ticks >= span)
		step /= 5;
	else if (step / 2 * axis->unit_ns * ticks >= span)
		step /= 2;
	axis->step_ns = step * axis->unit_ns;
	axis->first_ns = (double)(uint64_t)((double)from_ns / axis->step_ns) * axis->step_ns;
	if (axis->first_ns < (double)from_ns)
		axis->first_ns += axis->step_ns;
	axis->count = 0;
	/* A span of a few ns after years is below the precision of a double: no ticks. */
	while (axis->first_ns >= (double)from_ns && axis->count <= ticks &&
	       axis->first_ns + axis->count * axis->step_ns <= (double)to_ns)
		axis->count++;
}
