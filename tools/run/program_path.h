/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program_path.h - which file exec starts for a word, and which program a script names
 */
#ifndef PROGRAM_PATH_H
#define PROGRAM_PATH_H

/* The file that execvp finds for this word. 0 with the path to free, or -errno. */
int program_path_find(const char *program, char **ret_path);

/*
 * The program that the script at path is for: its interpreter, or what `env` in its #! line would
 * start, unless env itself is going to say what is wrong with it; /bin/sh, as execvp does, if it
 * has no such line. To free.
 */
char *program_path_of_script(const char *path);

#endif
