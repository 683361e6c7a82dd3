/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * footprint.c - scenario 34: what a tracer costs in memory and in a core dump (F41, F42)
 *
 *     footprint BLOCKS
 *
 * Notes the resident memory and how much of the address space a core dump would hold: anonymous
 * resident pages of mappings without MADV_DONTDUMP.
 */
#include "config.h"
#include "target.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static char text[1 << 16];

/* Sum of `Anonymous:` of all mappings whose VmFlags lack "dd". */
static uint64_t
dumped_kib(void)
{
	int fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	uint64_t sum = 0, anonymous = 0;
	size_t held = 0;
	ssize_t got;

	while ((got = read(fd, text + held, sizeof(text) - 1 - held)) > 0) {
		char *line = text, *end;

		text[held + (size_t)got] = '\0';
		while ((end = strchr(line, '\n')) != NULL) {
			*end = '\0';
			if (strncmp(line, "Anonymous:", 10) == 0)
				anonymous = strtoul(line + 10, NULL, 10);
			if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dd") == NULL)
				sum += anonymous;
			line = end + 1;
		}
		held = strlen(line);
		memmove(text, line, held);
	}
	close(fd);
	return sum;
}

int
main(int argc, char **argv)
{
	long blocks = target_argument(argc, argv, 1, 100000);
	static struct tally tally;

	for (long i = 0; i < blocks; i++)
		memset(tally_malloc_at(&tally, 60, (unsigned)i, 10), 1, 60);
	target_note("resident_kib", target_proc("/proc/self/status", "VmRSS"));
	target_note("dumped_kib", dumped_kib());
	say("done\n");
	target_report(&tally);
	return 0;
}
