/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * expect.h - say what does not hold in a program that tests heaptally.h from within
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <stdio.h>

static int failures;

#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (!(condition)) {                                                  \
			printf("line %d: %s does not hold\n", __LINE__, #condition); \
			failures++;                                                  \
		}                                                                    \
	} while (0)

#endif
