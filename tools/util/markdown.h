/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * markdown.h - text of any kind as parts of a Markdown page, and of a command line
 */
#ifndef MARKDOWN_H
#define MARKDOWN_H

struct buffer;

/*
 * Text as a code span in a cell of a table, where nothing in it is markup. Control characters and
 * invalid UTF-8 must have been escaped. An empty text is nothing.
 */
void markdown_insert_code(struct buffer *out, const char *text);

/* Text of a sentence, in which nothing is markup; escaped likewise. */
void markdown_insert_text(struct buffer *out, const char *text);

/* A word of a command for a shell, quoted if need be; it fits between fences of backticks. */
void markdown_insert_word(struct buffer *out, const char *word);

#endif
