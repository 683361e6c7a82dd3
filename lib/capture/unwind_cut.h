/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * unwind_cut.h - the root of stacks whose outer part was left out
 */
#ifndef UNWIND_CUT_H
#define UNWIND_CUT_H

#include "base/base.h"

/* The node below `root` that says how many frames were cut, 0 if that is not known; NODE_NONE when
 * there is no room. [signal] */
uint32_t unwind_cut_root(uint32_t root, uint32_t frames);

#endif
