/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_identity.h - whose recording it is
 */
#ifndef RECORDING_IDENTITY_H
#define RECORDING_IDENTITY_H

#include "base/base.h"
#include "include/recording.h"

/* What the header says of the format, the process and the time. [init] */
void recording_identify(struct recording_header *header);

/* The words of this process's command line, parted by blanks, as far as they fit; "" if they cannot
 * be read. [init] */
void recording_read_arguments(char *arguments, size_t bytes);

#endif
