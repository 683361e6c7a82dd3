/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_words.h - pointers that the kernel keeps for the process: data of epoll, values of timers
 */
#ifndef KERNEL_WORDS_H
#define KERNEL_WORDS_H

#include "base/base.h"

#define KERNEL_WORDS_MAX 65536

/* How many there are; *ret_cut: there may be more. [signal] */
size_t kernel_words_read(uint64_t words[KERNEL_WORDS_MAX], bool *ret_cut);

#endif
