/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * python_line.h - the line of an instruction, from the line table of a Python code object
 *
 *     3.8, 3.9    pairs: bytes of code, signed lines; the line changes behind each
 *     3.10        the same, but each pair is a range, and -128 lines is "has none"
 *     3.11 on     entries of one byte and what it asks for: code in bits 3 to 6, length in bits 0
 *                 to 2, in instructions of two bytes, less one
 *
 * The formats are described in Objects/lnotab_notes.txt and Objects/locations.md of CPython.
 */
#ifndef PYTHON_LINE_H
#define PYTHON_LINE_H

#include <stddef.h>
#include <stdint.h>

/* A code object as far as lines need it. The table may hold anything. */
struct python_lines {
	unsigned minor; /* version of CPython 3 */
	int32_t first_line;
	const uint8_t *table;
	size_t bytes;
};

/* The line of the instruction at an offset in bytes; 0 if it has none. */
uint32_t python_line_find(const struct python_lines *lines, int64_t offset);

#endif
