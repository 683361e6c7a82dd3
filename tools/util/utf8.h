/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * utf8.h - decode UTF-8 that may be broken, and tell what drives a terminal
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Decode the character that starts at text, which is not at its terminating NUL. Returns its bytes,
 * or 0 when the bytes there are no valid UTF-8 (overlong forms, surrogates and values beyond
 * U+10FFFF included).
 */
unsigned utf8_decode(const char *text, uint32_t *ret_code);

/* Whether a character moves the cursor, reorders the line or starts a new one. */
bool utf8_is_control(uint32_t code);

#endif
