/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "read/foreign.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define HEAD_BYTES 512

/* What a file begins with, or has somewhere in its first bytes; the first row that fits counts. */
static const struct {
	size_t length;
	const char *bytes;
	enum {
		AT_START,
		NEAR_START
	} where;
	const char *what;
} kinds[] = {
#define START(bytes, what)                               \
	{                                                \
		sizeof(bytes) - 1, bytes, AT_START, what \
	}
#define NEAR(bytes, what)                                  \
	{                                                  \
		sizeof(bytes) - 1, bytes, NEAR_START, what \
	}
	START("desc: ", "a file of massif, which ms_print(1) reads"),
	NEAR("\"dhatFileVersion\"", "a file of DHAT, which valgrind's dh_view.html reads"),
	START("# callgrind format", "a file of callgrind, which callgrind_annotate(1) reads"),
	NEAR("creator: callgrind", "a file of callgrind, which callgrind_annotate(1) reads"),
	NEAR("<valgrindoutput>", "a report of valgrind"),
	START("memray", "a file of memray, which \"memray stats\" reads"),
	START("PERFILE2", "a file of perf, which perf-report(1) reads"),
	START("CMDLINE ", "a file of memory_profiler, which \"mprof plot\" reads"),
	NEAR("speedscope.app/file-format-schema", "a file for speedscope, which heaptally only "
						  "writes"),
	START("heap profile:", "a heap profile of tcmalloc, which pprof reads"),
	START("heap_v2/", "a heap profile of jemalloc, which jeprof(1) reads"),
	START("\x7f"
	      "ELF",
	      "a program, a library or a core file; \"heaptally run\" runs programs"),
	START("#!", "a script; \"heaptally run\" runs it"),
	START("v ", "a file of heaptrack, which heaptrack_print(1) reads"),
	START("\x1f\x8b", "compressed by gzip, perhaps a file of heaptrack or pprof"),
	START("\x28\xb5\x2f\xfd", "compressed by zstd, perhaps a file of heaptrack"),
	START("{", "JSON, which heaptally only writes"),
	START("<svg", "a picture"),
	START("<?xml", "XML, perhaps a picture"),
	START("<!DOCTYPE html", "a page for a browser"),
	START("# heaptally report", "a page of \"heaptally report\", for people"),
#undef START
#undef NEAR
};

const char *
foreign_describe(const char *path)
{
	char head[HEAD_BYTES];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t length = fd >= 0 ? pread(fd, head, sizeof(head), 0) : -1;

	if (fd >= 0)
		close(fd);
	for (size_t i = 0; length > 0 && i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t room = kinds[i].where == AT_START ? kinds[i].length : (size_t)length;

		if (room <= (size_t)length &&
		    memmem(head, room, kinds[i].bytes, kinds[i].length) != NULL)
			return kinds[i].what;
	}
	return NULL;
}
