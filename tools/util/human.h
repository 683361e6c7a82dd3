/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * human.h - numbers as people read and write them
 *
 * Every formatter writes into the caller's buffer of HUMAN_BYTES and returns it. Output does not
 * depend on the locale.
 */
#ifndef HUMAN_H
#define HUMAN_H

#include <stdbool.h>
#include <stdint.h>

#define HUMAN_BYTES 48

/* "0 B", "1000 B", "1.0 KiB", "412.6 MiB"; never "1024.0 KiB" but "1.0 MiB". */
char *human_size(int64_t bytes, char *buffer);

/* The same with "+" or "-" always. */
char *human_size_change(int64_t bytes, char *buffer);

/* "48,210" */
char *human_count(uint64_t count, char *buffer);

/* "+2,084", "-35", "+0" */
char *human_count_change(int64_t count, char *buffer);

/* A rate or a rough count: "256.6 k", "1.2 M", "87" */
char *human_rough(double value, char *buffer);

/* "850 us", "12 ms", "12.4 s", "3 min 20 s", "5 h 7 min" */
char *human_duration(uint64_t duration_ns, char *buffer);

/* 100 * part / whole with one decimal, "61.4"; "-" when whole is 0. */
char *human_percent(double part, double whole, char *buffer);

/* The same for a change, signed: "+6.1", "new" when old is 0 and change is not. */
char *human_percent_change(double change, double old, char *buffer);

/*
 * A size as Python's tracemalloc prints it, to the last character: "1023 B", "10.0 KiB",
 * "1024 KiB", "+166 KiB". The steps are odd, but scripts parse them.
 */
char *human_tracemalloc_size(double bytes, bool sign, char *buffer);

/*
 * Read a size: "4096", "64K", "1.5MiB", "24 MB". K, M, G, T and KiB... are powers of 1024; kB, MB,
 * GB, TB are powers of 1000. 0; -EINVAL if it is none; -ERANGE if it does not fit.
 */
int human_parse_size(const char *text, int64_t *ret_bytes);

/*
 * Read a duration: "10s", "1.5", "200ms", "3us", "5min", "2h", "1d"; without a unit it is seconds.
 * 0; -EINVAL if it is none; -ERANGE if it does not fit.
 */
int human_parse_duration(const char *text, uint64_t *ret_ns);

#endif
