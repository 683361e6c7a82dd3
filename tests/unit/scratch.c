/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scratch.c - what the unit tests of the command share
 */
#include "config.h"
#include "scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static char directory[4096];

void
scratch_enter(void)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(directory, sizeof(directory), "%s/heaptally-unit.XXXXXX",
		 temporary != NULL ? temporary : "/tmp");
	if (mkdtemp(directory) == NULL || chdir(directory) != 0)
		ck_abort_msg("no directory for the test");
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
	(void)status, (void)kind, (void)place;
	return remove(path);
}

void
scratch_leave(void)
{
	if (chdir("/") != 0 || nftw(directory, remove_one, 8, FTW_DEPTH | FTW_PHYS) != 0)
		ck_abort_msg("%s cannot be removed", directory);
}

void
scratch_device(const char *name, unsigned minor)
{
	char machine[32];

	if (mknod(name, S_IFCHR | 0600, makedev(1, minor)) == 0)
		return;
	snprintf(machine, sizeof(machine), "/dev/%s", name);
	ck_assert_int_eq(symlink(machine, name), 0);
}

void
scratch_write(const char *path, const void *bytes, size_t length)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, bytes, length), (ssize_t)length);
	close(fd);
}

void
scratch_write_text(const char *path, const char *text)
{
	scratch_write(path, text, strlen(text));
}

const char *
scratch_memory_file(void)
{
	static char path[64];
	int fd = memfd_create("test", MFD_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

int
scratch_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_SILENT);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
