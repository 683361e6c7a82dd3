/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * error.h - what the command says when something is wrong, and how it ends
 *
 * Every line goes to stderr as `heaptally: <object>: <what>: <strerror>`. Only `main`, `cmd_*` and
 * `xalloc` may end the command; everything below returns -errno and is silent.
 */
#ifndef ERROR_H
#define ERROR_H

#define PRINTF_LIKE(format_index, first_index) \
	__attribute__((format(printf, format_index, first_index)))

/* Bad usage, or input that cannot be read: as diff and grep have it. */
enum {
	STATUS_TROUBLE = 2
};

/* Print one line. Control characters in it are printed as escapes, so names may be hostile. */
void warn(const char *format, ...) PRINTF_LIKE(1, 2);

/* The same followed by the text of error, which is an errno with or without a minus. */
void warn_errno(int error, const char *format, ...) PRINTF_LIKE(2, 3);

/* `warn` and `warn_errno`, then exit. */
_Noreturn void die(int status, const char *format, ...) PRINTF_LIKE(2, 3);
_Noreturn void die_errno(int status, int error, const char *format, ...) PRINTF_LIKE(3, 4);

/* A mistake of ours: say where, and abort. */
_Noreturn void bug_at(const char *file, int line, const char *format, ...) PRINTF_LIKE(3, 4);
#define BUG(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)

#endif
