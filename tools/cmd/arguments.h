/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/arguments.h - the words of a command line, and what was meant by misspelt ones
 */
#ifndef ARGUMENTS_H
#define ARGUMENTS_H

#include <argp.h>
#include <stdint.h>

/* As argp_parse, which exits on errors; an option that is unknown is answered with the nearest, and
 * those of the project's file come before the words. */
void arguments_parse(const struct argp *argp, int argc, char **argv, unsigned flags, void *input);

/* The operand of a command that has one: a second is refused, which exits. */
void arguments_take_one(const char **operand, const char *word, const struct argp_state *state);

/* An address as a debugger prints it, with 0x, or in decimal; anything else is refused, which
 * exits.
 */
uint64_t arguments_parse_address(const char *word, const struct argp_state *state);

/* Refuse a value of an option: "stak: not one of line, stack; did you mean stack?". Exits. */
_Noreturn void arguments_refuse_word(const struct argp_state *state, const char *word,
				     const char *known);

#endif
