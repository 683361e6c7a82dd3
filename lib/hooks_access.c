/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hooks_access.c - what a program in any language may ask for itself, by asking for a file
 *
 *     access("/.heaptally/mark/NAME")         heaptally_mark("NAME")
 *     access("/.heaptally/snapshot/PATH")     heaptally_snapshot("PATH")
 *     access("/.heaptally/clear"), "reset-peak", "pause", "resume", "start", "stop"
 *
 * The file does not exist, and that is the answer, with the runtime and without it. The kernel is
 * asked first: only what it has read is looked at.
 */
#include "hooks.h"

#include <errno.h>
#include <string.h>

#define HEAPTALLY_RUNTIME
#include "include/heaptally.h"
#include "memory/real.h"

#define PREFIX       "/.heaptally/"
#define PREFIX_BYTES (sizeof PREFIX - 1)

static int
start_all(void)
{
	return heaptally_start(0);
}

static const struct {
	const char name[16]; /* one with a slash at its end takes what follows */
	int (*ask)(void);
	int (*ask_with)(const char *text);
} requests[] = {
	{"mark/", NULL, heaptally_mark},  {"snapshot/", NULL, heaptally_snapshot},
	{"clear", heaptally_clear, NULL}, {"reset-peak", heaptally_reset_peak, NULL},
	{"pause", heaptally_pause, NULL}, {"resume", heaptally_resume, NULL},
	{"start", start_all, NULL},       {"stop", heaptally_stop, NULL},
};

static COLD void
carry_out(const char *text)
{
	for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
		size_t length = strlen(requests[i].name);

		if (requests[i].ask_with != NULL && strncmp(text, requests[i].name, length) == 0)
			requests[i].ask_with(text + length);
		else if (requests[i].ask != NULL && strcmp(text, requests[i].name) == 0)
			requests[i].ask();
	}
}

static int
answer(int result, const char *path)
{
	if (unlikely(result != 0 && errno == ENOENT) && path[0] == '/' && path[1] == '.' &&
	    strncmp(path, PREFIX, PREFIX_BYTES) == 0) {
		carry_out(path + PREFIX_BYTES);
		errno = ENOENT;
	}
	return result;
}

HEAPTALLY_EXPORT int
access(const char *path, int mode)
{
	if (!real_ready() && !real_find()) {
		errno = ENOENT;
		return -1;
	}
	return answer(real.access(path, mode), path);
}

HEAPTALLY_EXPORT int
faccessat(int directory, const char *path, int mode, int flags)
{
	if (!real_ready() && !real_find()) {
		errno = ENOENT;
		return -1;
	}
	return answer(real.faccessat(directory, path, mode, flags), path);
}
