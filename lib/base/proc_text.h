/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * proc_text.h - the text of small files of the kernel, and numbers in it
 */
#ifndef PROC_TEXT_H
#define PROC_TEXT_H

#include "base/base.h"

/* The text at path with its NUL, as much of it as there is room for, and its length; "" if there is
 * none. [signal] */
size_t proc_text_read(const char *path, char *text, size_t bytes);

/* The number behind blanks; false where there is none, as in "max". [signal] */
bool proc_text_take_decimal(const char *text, uint64_t *ret_number);

/* The number to the base 16 at *next, which is moved behind it. [signal] */
uint64_t proc_text_take_hexadecimal(const char **next);

/* Whether a filter of system calls may end the process for one that it does not expect, as far as
 * can be told; to ask the kernel by prctl(2) may be such a one. [signal] */
bool proc_text_is_filtered(void);

#endif
