/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel_words.h - pointers that the kernel keeps for the process: data of epoll, values of timers
 */
#ifndef KERNEL_WORDS_H
#define KERNEL_WORDS_H

#include "base/base.h"

/* How many there are; *ret_words is ours, until the next call. *ret_cut: there may be more.
 * [signal]
 */
size_t kernel_words_read(const uint64_t **ret_words, bool *ret_cut);

#endif
