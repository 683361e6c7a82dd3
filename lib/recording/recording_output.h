/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_output.h - every file that the runtime makes: never in the place of what is not its own
 */
#ifndef RECORDING_OUTPUT_H
#define RECORDING_OUTPUT_H

#include "base/base.h"

/* What stands at a path. */
enum recording_place {
	RECORDING_PLACE_FREE,    /* nothing, or nothing that can be seen */
	RECORDING_PLACE_EMPTY,   /* a file without a byte */
	RECORDING_PLACE_LIVING,  /* a recording whose process lives, or is just beginning it */
	RECORDING_PLACE_ENDED,   /* one of our user's that nobody writes any more, or a copy */
	RECORDING_PLACE_FOREIGN, /* anything else: a link, a directory, a device, a file of others
				  */
};

/* Waits for nobody and changes nothing. [init] */
enum recording_place recording_output_judge(const char *path);

/* A new regular file that nobody else may write, whatever the umask: its descriptor, or -errno.
 * Never opens what is there already. [init] */
int recording_output_create(const char *path, unsigned mode);

#endif
