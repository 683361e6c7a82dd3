/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * expect.h - say what does not hold in a program that tests heaptally.h from within
 *
 * What holds is appended to the file EXPECT_LOG of the environment, a line each, without any
 * allocation: tests/semantics looks up there what was really tried.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static int failures;

static inline void
expect_note(const char *line, size_t length)
{
	const char *path = getenv("EXPECT_LOG");
	int fd = path != NULL ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;

	if (fd < 0)
		return;
	if (write(fd, line, length) != (ssize_t)length)
		failures++;
	close(fd);
}

#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (condition) {                                                     \
			expect_note(#condition "\n", sizeof(#condition));            \
		} else {                                                             \
			printf("line %d: %s does not hold\n", __LINE__, #condition); \
			failures++;                                                  \
		}                                                                    \
	} while (0)

#endif
