/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * trouble.c - the sentences are in the order of the reports: first what falsifies most
 */
#include "config.h"
#include "model/trouble.h"

#include <stddef.h>

static const struct {
	enum profile_trouble bit;
	const char *sentence;
} sentences[] = {
	{PROFILE_TROUBLE_FOREIGN_MALLOC,
	 "the program brings its own malloc, which heaptally does not see"},
	{PROFILE_TROUBLE_OWN_NEW,
	 "the allocator has its own operator new: what C++ code makes by it is not seen"},
	{PROFILE_TROUBLE_NO_UNWINDER, "libunwind could not be opened: stacks have one frame"},
	{PROFILE_TROUBLE_FULL, "there was no room to record everything"},
	{PROFILE_TROUBLE_NODES_FULL, "there was no room for more distinct stacks"},
	{PROFILE_TROUBLE_BAD_OPTION, "HEAPTALLY has a word that was not understood"},
	{PROFILE_TROUBLE_NO_BLOCK_TABLE, "the table of live blocks could not grow"},
	{PROFILE_TROUBLE_UNWINDER_FORKED,
	 "forked while the unwinder was busy: stacks have one frame"},
	{PROFILE_TROUBLE_NOTHING_SEEN,
	 "no allocation was seen: the program makes none, or has its own allocator inside"},
	{PROFILE_TROUBLE_OUT_REFUSED,
	 "out= of HEAPTALLY names what is no recording, or cannot be written: it is in the usual "
	 "place"},
	{PROFILE_TROUBLE_LIMITED, "a resource limit made the tables small"},
	{PROFILE_TROUBLE_EARLY, "the loader, an auditor (LD_AUDIT) or another preloaded library "
				"allocated before heaptally "
				"could start: these are the events lost"},
	{PROFILE_TROUBLE_UNLOCKED,
	 "the recording could not be locked: from other machines it looks ended"},
	{PROFILE_TROUBLE_PYTHON_VERSION,
	 "the CPython is of a version that heaptally does not know: no lines of Python"},
	{PROFILE_TROUBLE_PYTHON_THREADED,
	 "the CPython is built without the global lock: no lines of Python"},
	{PROFILE_TROUBLE_PYTHON_STRANGE,
	 "the CPython is not built as others of its version are: no lines of Python"},
	{PROFILE_TROUBLE_PYTHON_OTHER, "the Python is not CPython: no lines of Python"},
	{PROFILE_TROUBLE_PYTHON_FULL, "there was no room for all lines of Python"},
	{PROFILE_TROUBLE_PYTHON_OLD,
	 "a CPython before 3.13 does not tell of objects: those in memory of a free list have the "
	 "line that allocated it"},
	{PROFILE_TROUBLE_PYTHON_TRACED,
	 "the program follows references itself (tracemalloc does): meanwhile objects in memory "
	 "of a free list have the line that allocated it"},
	{PROFILE_TROUBLE_NEWER,
	 "written by a newer heaptally, which noted a trouble that this one does not know"},
};

_Static_assert(sizeof(sentences) / sizeof(sentences[0]) == PROFILE_TROUBLE_COUNT, "each has one");

const char *
trouble_get_sentence(uint32_t troubles, unsigned index)
{
	for (size_t i = 0; i < PROFILE_TROUBLE_COUNT; i++)
		if ((troubles & (uint32_t)sentences[i].bit) != 0 && index-- == 0)
			return sentences[i].sentence;
	return NULL;
}
