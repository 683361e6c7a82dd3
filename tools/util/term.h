/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * term.h - what the stream can show: colour, width, characters; and names made safe for it
 *
 * Colour is for terminals: off when the stream is none, with NO_COLOR, or when TERM is "dumb"; on
 * with CLICOLOR_FORCE or FORCE_COLOR; `--color` beats all. It adds nothing that the words do not
 * say. Names come from the traced program and may hold anything: whatever could drive a terminal
 * is escaped on every stream, since output is often piped into a pager.
 */
#ifndef TERM_H
#define TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum term_color {
	TERM_COLOR_AUTO,
	TERM_COLOR_ALWAYS,
	TERM_COLOR_NEVER,
};

enum term_style {
	TERM_PLAIN,
	TERM_BOLD,
	TERM_DIM,
	TERM_GOOD, /* shrunk, within a limit */
	TERM_BAD,  /* grown, lost, over a limit */
};

struct term {
	FILE *stream;
	bool is_terminal;
	bool color;
	bool utf8;
	unsigned width; /* columns; 0 when the stream is no terminal: do not cut */
};

/* setlocale(LC_CTYPE) must have been called. */
void term_init(struct term *term, FILE *stream, enum term_color color);

/* "auto", "always", "never"; 0 or -EINVAL. */
int term_parse_color(const char *word, enum term_color *ret_color);

/* The sequence that starts a style, or "" without colour. TERM_PLAIN ends any. */
const char *term_style(const struct term *term, enum term_style style);

/*
 * Copy name without anything that drives a terminal: C0, DEL, C1 and bidirectional controls, line
 * separators and invalid UTF-8 become \xNN for each byte, or \n, \t, \r, \e. The caller frees the
 * result.
 */
char *term_escape(const char *name);

/* Columns that a string without control characters takes. */
unsigned term_columns(const char *text);

/* Write text and pad it with blanks to columns; on the left when columns is negative. */
void term_pad(FILE *stream, const char *text, int columns);

/*
 * Print label, text and a newline. Where the stream has a width, lines end after a comma of text
 * and go on below its beginning. Text may have styles in it.
 */
void term_wrap(const struct term *term, const char *label, const char *text);

/* The same at blanks, for sentences. */
void term_wrap_words(const struct term *term, const char *label, const char *text);

/* Write lines of text; those that are wider than width go on below what follows their label, or
 * four columns in, and are parted at blanks only. */
void term_fold(FILE *stream, const char *text, unsigned width);

/*
 * Begin a new line unless the stream is at the beginning of one, whoever has written to it last: a
 * terminal or a regular file tells; a pipe does not, and gets an empty line.
 */
void term_fresh_line(const struct term *term);

/* A bar of 0 to 8 eighths of a line, as one character: a block, or one of `.:|#` without UTF-8. */
const char *term_bar(const struct term *term, unsigned eighths);

/*
 * Draw count values as bars of eight heights, or `.:|#` style ones without UTF-8, into a string of
 * exactly columns characters (each column is the maximum of its share). The caller frees it.
 */
char *term_sparkline(const struct term *term, const int64_t *values, size_t count,
		     unsigned columns);

/* Progress on stderr, only on a terminal and only for what lasts over half a second. */
struct term_progress {
	const char *what; /* "reading symbols" */
	uint64_t start_ns, shown_ns;
	bool enabled;
	bool visible;
};

void term_progress_init(struct term_progress *progress, const char *what, bool quiet);
/* context is a struct term_progress: this is called back by what knows nothing of terminals. */
void term_progress_update(void *context, uint64_t done, uint64_t all);
void term_progress_release(struct term_progress *progress); /* wipes the line */

#endif
