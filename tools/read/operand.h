/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * operand.h - which file an operand names, and which moment of it
 *
 *     FILE | PID | NAME  [@MOMENT]      as source.h has it
 */
#ifndef OPERAND_H
#define OPERAND_H

#include <stdbool.h>
#include <stdint.h>

/* Where the @MOMENT of an operand begins, or NULL. A file that has such a name comes first. */
const char *operand_find_moment(const char *operand);

/*
 * The file that an operand without its moment names: a tally, or a recording; of NULL, the newest
 * tally of the working directory. It need not be there. 0 with a path to free, or -errno with a
 * sentence to free.
 */
int operand_find_file(const char *operand, char **ret_path, char **ret_why);

/* Whether a process is meant by this PID or name of a command. */
bool operand_is_process(const char *operand, uint32_t pid, const char *command);

#endif
