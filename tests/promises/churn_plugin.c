/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * churn_plugin.c - allocates from a frame of its own; built under two names
 */
#include <stdlib.h>

static void *volatile kept;

int churn_plugin(size_t bytes);

int
churn_plugin(size_t bytes)
{
	kept = malloc(bytes);
	free(kept);
	return 1;
}
