/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * delta.h - what one process allocated between two looks at it
 */
#ifndef DELTA_H
#define DELTA_H

struct profile;

/*
 * Subtract from the last moment of profile that of earlier, an earlier look at the same process:
 * what was allocated since, and by how much each site holds more, or less. A site whose counters
 * began anew since then keeps them. 0, or -EINVAL if it is another process, or earlier is later.
 */
int delta_subtract(struct profile *profile, const struct profile *earlier);

#endif
