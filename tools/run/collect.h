/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * collect.h - gather the recordings of a run while it lasts
 *
 * A run leaves one recording for each process, and for each program that a process became by exec.
 * Those that ended are read, put aside compressed and deleted at once, so that a build of ten
 * thousand compilers neither fills tmpfs nor our memory. Of those that live, the live size is
 * sampled for the curve, and whole moments are taken when asked for, and after each mark.
 */
#ifndef COLLECT_H
#define COLLECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct collector;
struct spool;

/*
 * Watch the recordings in directory, started by the process `pid`. What ended is put aside in a
 * nameless file in spool_directory, or where that cannot be, in directory. 0 or -errno.
 */
int collector_new(const char *directory, const char *spool_directory, pid_t pid,
		  struct collector **ret_collector);

/*
 * Look for new recordings and for processes that ended; take a sample of each that lives. Returns
 * the processor time of it, without what has to be done once for each recording anyway.
 */
uint64_t collector_tick(struct collector *collector, bool sample);

/*
 * Take a moment of each process that lives. True if moments use so much memory that every second
 * one was dropped: the caller takes them half as often from now on.
 */
bool collector_snapshot(struct collector *collector);

/* Keep the graphs that processes have left, from now on. */
void collector_keep_graphs(struct collector *collector);

/* Those that were kept: the path of number `index` in the directory, which the caller removes; NULL
 * when there is no more. */
const char *collector_get_graph(const struct collector *collector, size_t index);

/*
 * The program ended with this status: take in all recordings. Those of processes that go on keep
 * their file. 0, or -errno if something could not be read or put aside; then its file is kept, and
 * the rest is still good.
 */
int collector_finish(struct collector *collector, int wait_status);

/* What was put aside: after `collector_finish`, to be read. */
struct spool *collector_get_spool(const struct collector *collector);

/* Recordings that were left in the directory: of living processes, and damaged ones. */
size_t collector_get_left(const struct collector *collector);

/* NULL is accepted. */
void collector_free(struct collector *collector);

#endif
