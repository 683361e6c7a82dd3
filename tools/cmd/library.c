/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/library.c - heaptally --library: where the runtime is, for who preloads it by hand
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "cmd/report_output.h"
#include "cmd/command.h"
#include "run/launch.h"
#include "util/error.h"

int
cmd_library(void)
{
	char *path = launch_find_library();

	if (path == NULL)
		die(COMMAND_TROUBLE, "libheaptally.so: not found; HEAPTALLY_LIBRARY can name it");
	if (!launch_can_preload(path))
		warn("warning: LD_PRELOAD cannot hold this path, which has a blank, a colon or a "
		     "$; "
		     "heaptally run can use it");
	puts(path);
	free(path);
	report_output_finish();
	return COMMAND_OK;
}
