/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_reports.h - every report of whatever the readers make of any bytes
 */
#ifndef FUZZ_REPORTS_H
#define FUZZ_REPORTS_H

#include "model/profile.h"

/* NULL where it is not linked. */
__attribute__((weak)) void fuzz_report(const struct profile *profile);

#endif
