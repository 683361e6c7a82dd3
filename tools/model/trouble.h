/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trouble.h - why a profile is not what was asked for
 */
#ifndef TROUBLE_H
#define TROUBLE_H

#include <stdint.h>

/* Bits of `trouble` in struct profile. The readers convert what their files have to these. */
enum profile_trouble {
	PROFILE_TROUBLE_NO_UNWINDER = 1 << 0,      /* libunwind could not be opened */
	PROFILE_TROUBLE_FULL = 1 << 1,             /* no room to record everything */
	PROFILE_TROUBLE_NODES_FULL = 1 << 2,       /* no room for more distinct stacks */
	PROFILE_TROUBLE_FOREIGN_MALLOC = 1 << 3,   /* the program's malloc is not ours */
	PROFILE_TROUBLE_BAD_OPTION = 1 << 4,       /* HEAPTALLY was not understood */
	PROFILE_TROUBLE_NO_BLOCK_TABLE = 1 << 5,   /* the table of addresses could not grow */
	PROFILE_TROUBLE_UNWINDER_FORKED = 1 << 6,  /* forked while the unwinder was busy */
	PROFILE_TROUBLE_LIMITED = 1 << 7,          /* a resource limit made the tables small */
	PROFILE_TROUBLE_NOTHING_SEEN = 1 << 8,     /* not one allocation */
	PROFILE_TROUBLE_UNLOCKED = 1 << 9,         /* the recording could not be locked */
	PROFILE_TROUBLE_OWN_NEW = 1 << 10,         /* operator new is the allocator's */
	PROFILE_TROUBLE_NEWER = 1 << 11,           /* something that this version does not know */
	PROFILE_TROUBLE_OUT_REFUSED = 1 << 12,     /* not where out= wanted it */
	PROFILE_TROUBLE_EARLY = 1 << 13,           /* called before the runtime could start */
	PROFILE_TROUBLE_PYTHON_VERSION = 1 << 14,  /* a CPython of a version that is not known */
	PROFILE_TROUBLE_PYTHON_THREADED = 1 << 15, /* one without the global lock */
	PROFILE_TROUBLE_PYTHON_STRANGE = 1 << 16,  /* one that is not what its version is */
	PROFILE_TROUBLE_PYTHON_OTHER = 1 << 17,    /* an interpreter that is not CPython */
	PROFILE_TROUBLE_PYTHON_FULL = 1 << 18,     /* no room for its code or frames */
	PROFILE_TROUBLE_PYTHON_OLD = 1 << 19,      /* a CPython that does not tell of objects */
	PROFILE_TROUBLE_PYTHON_TRACED = 1 << 20,   /* somebody else was told of objects */
};

#define PROFILE_TROUBLE_COUNT 21

/* The sentence of the index-th bit set in troubles; NULL when there are no more. */
const char *trouble_get_sentence(uint32_t troubles, unsigned index);

#endif
