/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sort.h - put records in the order of the address that they begin with
 */
#ifndef SORT_H
#define SORT_H

#include "base/base.h"

#define SORT_RECORD_MAX 64

/* `record_bytes` is a multiple of eight, at most SORT_RECORD_MAX. In place, by a heap: no bad order
 * of them makes it slow. [signal] */
void sort_by_address(void *records, size_t count, size_t record_bytes);

#endif
