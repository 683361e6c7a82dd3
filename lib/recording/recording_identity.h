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

#endif
