/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_line.c - one pass over the table; sums wrap around, so that no table can do harm
 */
#include "config.h"
#include "model/python_line.h"

#include <stdbool.h>

struct input {
	const uint8_t *next, *end;
};

static unsigned
get_byte(struct input *input)
{
	return input->next < input->end ? *input->next++ : 0;
}

/* Six bits a byte, low ones first; bit 6 says that more follow. */
static uint32_t
get_number(struct input *input)
{
	uint32_t number = 0;
	unsigned byte, shift = 0;

	do {
		byte = get_byte(input);
		if (shift < 32)
			number |= (byte & 63) << shift;
		shift += 6;
	} while ((byte & 64) != 0);
	return number;
}

/* The lowest bit is the sign. */
static uint32_t
get_signed(struct input *input)
{
	uint32_t number = get_number(input);

	return (number & 1) != 0 ? 0 - (number >> 1) : number >> 1;
}

/* Go over what an entry says besides; false if it has no line. */
static bool
take_location(struct input *input, unsigned code, uint32_t *line)
{
	switch (code) {
	case 15: /* none */
		return false;
	case 14: /* line, end line, columns */
		*line += get_signed(input);
		get_number(input);
		get_number(input);
		get_number(input);
		return true;
	case 13: /* line */
		*line += get_signed(input);
		return true;
	case 10:
	case 11:
	case 12: /* one of the next lines, columns */
		*line += code - 10;
		get_byte(input);
		get_byte(input);
		return true;
	default: /* the same line, columns */
		get_byte(input);
		return true;
	}
}

static uint32_t
find_in_locations(struct input input, uint32_t line, int64_t offset)
{
	int64_t end = 0;

	while (input.next < input.end) {
		unsigned byte = get_byte(&input);
		bool has_line = take_location(&input, byte >> 3 & 15, &line);

		end += ((int64_t)(byte & 7) + 1) * 2;
		if (offset < end)
			return has_line ? line : 0;
	}
	return 0;
}

static uint32_t
find_in_ranges(struct input input, uint32_t line, int64_t offset)
{
	int64_t end = 0;

	while (input.end - input.next >= 2) {
		unsigned bytes = get_byte(&input);
		int8_t lines = (int8_t)get_byte(&input);

		if (lines != -128)
			line += (uint32_t)lines;
		end += bytes;
		if (offset < end)
			return lines != -128 ? line : 0;
	}
	return 0;
}

static uint32_t
find_in_steps(struct input input, uint32_t line, int64_t offset)
{
	int64_t start = 0;

	while (input.end - input.next >= 2) {
		start += get_byte(&input);
		if (start > offset)
			break;
		line += (uint32_t)(int8_t)get_byte(&input);
	}
	return line;
}

uint32_t
python_line_find(const struct python_lines *lines, int64_t offset)
{
	struct input input = {lines->table, lines->table + lines->bytes};
	uint32_t first = (uint32_t)lines->first_line, line;

	if (lines->minor <= 9)
		line = find_in_steps(input, first, offset);
	else if (offset < 0)
		line = first;
	else if (lines->minor == 10)
		line = find_in_ranges(input, first, offset);
	else
		line = find_in_locations(input, first, offset);
	return line <= INT32_MAX ? line : 0;
}
