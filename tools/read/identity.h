/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity.h - whose recording a file is, and what became of its process
 */
#ifndef IDENTITY_H
#define IDENTITY_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "model/profile.h"

/* The kernel keeps the first letters of a name. */
#define IDENTITY_COMMAND_BYTES 16

/* Whether a name means a process that the kernel calls `command`. */
static inline bool
identity_is_called(const char *command, const char *name)
{
	bool is_cut = strlen(command) == IDENTITY_COMMAND_BYTES - 1;

	return name[0] != '\0' && (is_cut ? strncmp(command, name, IDENTITY_COMMAND_BYTES - 1)
					  : strcmp(command, name)) == 0;
}

/* What the header alone tells. */
struct snapshot_identity {
	uint32_t
		layout; /* version of the layout of the recording; 0 if not even that can be read */
	bool readable;  /* by this version of heaptally; else only what follows is known */
	uint32_t pid, parent_pid;
	char command[IDENTITY_COMMAND_BYTES];
	bool this_boot;
	bool this_namespace; /* `pid` means the same process to us */
	bool alive;          /* somebody still has it mapped */
	enum profile_state state;
	uint64_t start_realtime_ns, start_monotonic_ns;

	uint64_t duration_ns;
	int64_t live_bytes, peak_bytes;
	uint64_t private_bytes; /* memory of the runtime beside the recording */
	uint32_t trouble;       /* enum profile_trouble bits */
	uint64_t mark_count;
	enum profile_pause pause;
	int exit_look_error; /* 0, or the -errno of why the look at exit left no graph */
};

#endif
