/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * runtime.c - a recording of this process, for the unit tests of the runtime
 */
#include "runtime.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "recording/recording_file.h"
#include "data/trace_table.h"

static char directory[512];
static char path[sizeof(directory) + 32];

void
runtime_start_with(const char *words)
{
	const char *temporary = getenv("TMPDIR");
	char word[sizeof(path) + 32];
	char *environment[] = {word, NULL};
	static struct options options;

	snprintf(directory, sizeof(directory), "%s/heaptally-unit.XXXXXX",
		 temporary != NULL ? temporary : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/unit.recording", directory);
	snprintf(word, sizeof(word), "HEAPTALLY=out=%s%s", path, words);
	options_read(environment, &options);
	ck_assert(!options.bad);
	ck_assert(recording_create(&options, false));
	ck_assert(trace_table_init());
}

void
runtime_start(void)
{
	runtime_start_with("");
}

void
runtime_stop(void)
{
	unlink(path);
	rmdir(directory);
}
