/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * line_decoder.c - decode the line tables that line_tables.py writes, and count what differs
 *
 * Input: minor version (4 bytes, as all numbers, in the order of this machine), then for each code
 * object first line, length of the table, number of instructions, the table, and for each
 * instruction its offset and the line that the interpreter says; -1 is none. Output: instructions,
 * differences.
 */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/python_line.h"

static uint8_t table[1 << 22];

static int32_t
get(void)
{
	int32_t number;

	if (fread(&number, sizeof(number), 1, stdin) != 1) {
		fprintf(stderr, "line_decoder: the input ends too early\n");
		exit(2);
	}
	return number;
}

int
main(void)
{
	unsigned long instructions = 0, wrong = 0;
	int32_t minor = get(), first;

	while (fread(&first, sizeof(first), 1, stdin) == 1) {
		int32_t bytes = get(), count = get();
		struct python_lines lines = {(unsigned)minor, first, table, (size_t)bytes};

		if (bytes < 0 || (size_t)bytes > sizeof(table) ||
		    fread(table, 1, (size_t)bytes, stdin) != (size_t)bytes)
			return 2;
		for (int32_t i = 0; i < count; i++) {
			int32_t offset = get(), line = get();
			uint32_t expected = line > 0 ? (uint32_t)line : 0;

			instructions++;
			wrong += python_line_find(&lines, offset) != expected;
		}
	}
	printf("%lu %lu\n", instructions, wrong);
	return 0;
}
