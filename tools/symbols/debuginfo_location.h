/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * debuginfo_location.h - what debug information says of one address, and its limits
 */
#ifndef DEBUGINFO_LOCATION_H
#define DEBUGINFO_LOCATION_H

#include <stdbool.h>
#include <stdint.h>

#include "symbols/encoding.h"

/* Strings live as long as the debuginfo. What is unknown is NULL or 0. */
struct debuginfo_location {
	const char *symbol; /* as the linker or the compiler has it, mangled */
	const char *scope;  /* "ns::Class::" to put in front of an unmangled symbol, or NULL */
	enum encoding_language language; /* of the symbol */
	const char *file;
	uint32_t line, column;  /* a line of 0 is none: code that the compiler made up */
	uint32_t function_line; /* of the declaration */
	bool inlined;           /* into the next location */
};

#define DEBUGINFO_LOCATIONS_MAX 64  /* inlined into each other at one address */
#define DEBUGINFO_DEPTH_MAX     200 /* of nested DIEs; deeper ones are not looked at */
#define DEBUGINFO_PLACES_MAX    4   /* of one separate debug file */

#endif
