/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * tally.h - write and read snapshot files, `*.tally`
 *
 * A tally holds one profile for each process of a run, with the names of its frames inside, so that
 * it can be read on another machine years later. Profiles are written and read one after the
 * other: a run of ten thousand processes needs the memory of one.
 *
 * The file is one zstd stream of
 *
 *     "heaptally tally 1\n"
 *     chunk...                  tag (4 letters), length (4 bytes, little-endian), payload
 *
 *     PROC                      identity of the process; begins a profile
 *       STRS MODS LOCS FRMS NODE SITE
 *                               tables; several chunks of one tag continue each other
 *       MOMT MOMV               a moment: its time, then the counters that differ from the moment
 *                               before it
 *       SMPL                    the curve
 *       mARK                    what was asked of the runtime
 *       uNSN                    processes of a program that was not recorded, instead of all these
 *       pAUS                    whether it was paused at the end; only if it was
 *       bLKI bLKS               single blocks that lived at the last moment, if they were kept
 *       lIFE                    lifetimes of the blocks that were freed, if they were recorded
 *     DONE                      how the process ended, quality, and the sizes of all tables
 *     ENDS                      number of processes; nothing follows
 *
 * Numbers are varints (7 bits a byte, low first), signed ones in zigzag. heaptally-tally(5) has the
 * fields, and what a reader may rely on.
 */
#ifndef TALLY_H
#define TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct profile;
struct tally_writer;
struct tally_reader;

/* Suffix of the files. */
#define TALLY_SUFFIX ".tally"

/* The moments of a profile may take this much memory; a reader refuses more. */
#define TALLY_VALUES_MAX ((uint64_t)1 << 30)

/* Write to fd, which stays the caller's. Never NULL; errors come with the next calls. */
struct tally_writer *tally_writer_new(int fd);

/* Append a profile and hand everything so far to the kernel. 0 or -errno. */
int tally_writer_insert(struct tally_writer *writer, const struct profile *profile);

/* End the stream. 0, or the first error of all. */
int tally_writer_finish(struct tally_writer *writer);

/* NULL is accepted. */
void tally_writer_free(struct tally_writer *writer);

/* Whether these first bytes of a file are those of a tally. */
bool tally_has_magic(const uint8_t *bytes, size_t length);

/*
 * Read from fd, which stays the caller's. 0; -EBADMSG if it is no tally; -EPROTO if a newer one;
 * -ENODATA if the file ends too early.
 */
int tally_reader_new(int fd, struct tally_reader **ret_reader);

/* Read single blocks too; without this only `blocks.recorded` tells that they are there. */
void tally_reader_keep_blocks(struct tally_reader *reader);

/*
 * The next profile, checked by `profile_finish` and owned by the caller. 1; 0 at the end; -EBADMSG
 * if the file is damaged, -ENODATA if it ends too early, -EPROTO if a newer version wrote it,
 * -EFBIG if it expands beyond reason: memory is bounded by what was read.
 */
int tally_reader_next(struct tally_reader *reader, struct profile **ret_profile);

/* NULL is accepted. */
void tally_reader_free(struct tally_reader *reader);

#endif
