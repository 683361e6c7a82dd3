/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * memory_read.h - what the kernel says of the memory of a process, in /proc
 *
 * All of it needs the rights to look at the process: the same user, and one that may be dumped.
 * Nothing is stopped, and no page is touched.
 */
#ifndef MEMORY_READ_H
#define MEMORY_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory;

/* Rss, as the kernel adds it up when asked. 0 or -errno; -ENOENT without such a process. */
int memory_read_rss(uint32_t pid, uint64_t *ret_bytes);

/* The mappings, without their classes, and what helps to tell those. 0 or -errno. */
int memory_read_mappings(uint32_t pid, struct memory *memory);

/*
 * The pages of all mappings whose pages are in Rss. With `scan` by PAGEMAP_SCAN, where the kernel
 * has it; without, or else, by looking at each page. 0 or -errno.
 */
int memory_read_pages(uint32_t pid, struct memory *memory, bool scan);

/*
 * Which of `count` pages from start on have something behind them: ret_present[i]. 0 or -errno.
 */
int memory_read_present(int pagemap, uint64_t start, size_t count, bool *ret_present);

/* /proc/PID/pagemap: a descriptor, or -errno. */
int memory_open_pagemap(uint32_t pid);

#endif
