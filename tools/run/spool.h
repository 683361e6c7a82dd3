/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spool.h - the profiles of a run, put aside compressed in a nameless file
 *
 *     spool_insert ... --> spool_finish --> spool_next ... --> spool_rewind --> spool_next ...
 */
#ifndef SPOOL_H
#define SPOOL_H

struct process_list;
struct profile;
struct spool;

/* The file is in this directory, or where that cannot be, in the other one. 0 or -errno. */
int spool_new(const char *directory, const char *other_directory, struct spool **ret_spool);

/* Append a profile, which stays the caller's. 0 or -errno. */
int spool_insert(struct spool *spool, const struct profile *profile);

/* No more are inserted: what follows is to read them. 0 or -errno. */
int spool_finish(struct spool *spool);

/* The profiles, one after the other. 1 with one to free, 0 behind the last, -errno. */
int spool_next(struct spool *spool, struct profile **ret_profile);

/* Begin with the first profile again. 0 or -errno. */
int spool_rewind(struct spool *spool);

/* Of all profiles, in the order in which they come. */
const struct process_list *spool_get_processes(const struct spool *spool);

/* NULL is accepted. */
void spool_free(struct spool *spool);

#endif
