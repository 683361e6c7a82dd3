/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options.h - what the environment asks of the runtime
 *
 * HEAPTALLY=word:word:... with the words below. In a value `\:` is a colon and `\\` a backslash. A
 * word that is not understood is noted in the recording and otherwise ignored: the runtime never
 * ends a program because of its own options.
 *
 *     dir=PATH                  directory for recordings, instead of the user's
 *     out=PATH                  recording at PATH; %p is the process id, %e the command name
 *     frames=N                  keep the N innermost frames (1..65535; 0 or absent: all)
 *     children=follow|ignore    whether forked and exec'd processes record, too
 *     children=@PID             only the process of this id records (five digits to the base 36);
 *                               `ignore` becomes this in the environment of the first process, so
 *                               that the programs it starts know that they are not meant
 *     realloc=last|origin       whose block it is after a realloc
 *     start=on|off              off: record nothing until asked to resume
 *     threads=off|on            every stack ends in the thread that allocated
 *     blocks=off|on             describe each block: size, birth, thread, lifetime
 *     python=on|frames|off      Python frames, and the blocks of its allocators; frames alone
 *     python=objects            like on, and an object is where it was made
 *     leaks=off|on, leaks       at exit, write a graph of who points at whom
 *     mmap=off|on, mmap         what the program maps by itself, by call stack
 *     crosscheck=N              compare every Nth trace with a full walk (tests)
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include "base/base.h"

struct options {
	char directory[1024];          /* "" for the user's */
	char out[1024];                /* "" for none */
	char runtime_directory[256];   /* $XDG_RUNTIME_DIR, "" if unset */
	char temporary_directory[256]; /* $TMPDIR, "" if unset */
	uint32_t frames;
	uint32_t crosscheck;
	uint32_t only_process; /* 0: any */
	uint32_t python;       /* index of its values: on, frames, off, objects */
	bool ignore_children;
	bool realloc_origin;
	bool start_off;
	bool threads;
	bool blocks;
	bool leaks;
	bool mmap;
	bool bad; /* some word was not understood */
};

/* Read the options from an environment; libc's own may not be set up yet. [init] */
void options_read(char *const *environment, struct options *ret_options);

/* Make `children=ignore` in the environment mean the children of this process. [init] */
void options_mark_process(char *const *environment, uint32_t process);

#endif
