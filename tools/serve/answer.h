/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * serve/answer.h - answers that are plain text
 */
#ifndef SERVE_ANSWER_H
#define SERVE_ANSWER_H

struct http_answer;

/* Takes over the text, from malloc. */
void answer_set_text(struct http_answer *answer, unsigned status, char *text);

/* One line, which need not be safe: it may have words of a request. */
void answer_say(struct http_answer *answer, unsigned status, const char *line);

#endif
