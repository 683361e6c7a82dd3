/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally_file.h - the name of a tally
 */
#ifndef TALLY_FILE_H
#define TALLY_FILE_H

/* The name that a tally has when the user gives none: heaptally.COMMAND.PID.tally, or
 * with -2 and so on after the PID where that is taken. To free. */
char *tally_file_make_path(const char *command, long pid);

#endif
