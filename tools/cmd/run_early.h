/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_early.h - find names while the program runs, so that they are there when it ends
 */
#ifndef RUN_EARLY_H
#define RUN_EARLY_H

#include <stdint.h>

#include "symbols/symbolize.h"

struct run_early;

/*
 * A thread that fills the caches of options, which nobody else uses until it is stopped, with what
 * the recordings in directory need. NULL, and nothing is done, where there is no processor for it.
 */
struct run_early *run_early_start(const char *directory, const struct symbolize_options *options);

/* Wait until it has ended. Returns the processor time that it has used, in nanoseconds. NULL is
 * accepted. */
uint64_t run_early_stop(struct run_early *early);

#endif
