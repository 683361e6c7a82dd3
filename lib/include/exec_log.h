/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec_log.h - layout of the file in which the programs of one run note what they start
 *
 * A program that cannot be recorded leaves nothing itself: it is static, set-uid, or was started
 * with another environment. The process that starts it is recorded, and says here what it starts;
 * the command finds out of which program no recording came.
 *
 * The file is a ring, made in full size by the command, and mapped shared by every process: a note
 * is a few stores, so that it can be made after vfork, in a handler, by another user and in another
 * root, and by who may open no file. Of many notes at once the oldest are overwritten.
 *
 * For the reader every byte is untrusted.
 */
#ifndef HEAPTALLY_EXEC_LOG_H
#define HEAPTALLY_EXEC_LOG_H

#include <stdint.h>

#define EXEC_LOG_NAME  "execs" /* in the directory of the recordings */
#define EXEC_LOG_MAGIC "hpexecs1"
#define EXEC_LOG_SLOTS 1023u

enum exec_log_flag {
	EXEC_LOG_FAILED = 1 << 0,       /* the exec that this process noted last did not succeed */
	EXEC_LOG_NO_PRELOAD = 1 << 1,   /* the environment does not name the runtime */
	EXEC_LOG_NO_OPTIONS = 1 << 2,   /* the environment has no HEAPTALLY */
	EXEC_LOG_FILE_LIMIT = 1 << 3,   /* RLIMIT_FSIZE is small */
	EXEC_LOG_MEMORY_LIMIT = 1 << 4, /* RLIMIT_AS or RLIMIT_DATA is set */
	EXEC_LOG_SEARCHED = 1 << 5,     /* the path is a name that was looked for in PATH */
};

#define EXEC_LOG_PID_UNKNOWN 0u /* of a shell that system or popen started */

struct exec_log_slot {
	uint64_t serial;  /* 1 for the first note; 0 while it is written */
	uint64_t time_ns; /* CLOCK_MONOTONIC, before the program started */
	uint32_t pid;     /* of the process that became the program */
	uint32_t uid;     /* effective, of the process that noted it */
	uint32_t flags;   /* enum exec_log_flag bits */
	uint32_t reserved;
	char path[224]; /* NUL-terminated; absolute but for names that were searched, if it fits */
};

struct exec_log {
	uint8_t magic[8];
	uint64_t count; /* of notes that were begun */
	uint8_t reserved[240];
	struct exec_log_slot slots[EXEC_LOG_SLOTS]; /* note n is in (n - 1) % EXEC_LOG_SLOTS */
};

_Static_assert(sizeof(struct exec_log) == 256u * 1024, "whole pages");

#endif
