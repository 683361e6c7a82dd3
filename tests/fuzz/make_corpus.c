/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_corpus.c - what the fuzzer of the readers starts from
 *
 *     make_corpus DIRECTORY
 *
 * Writes a recording, one of a process that still runs, one with the largest numbers and one with
 * single blocks, the plain contents of tallies with one and with three moments and with blocks, and
 * a graph. The plain contents are uncompressed because no mutation gets past the checksum of a
 * tally; the fuzzer compresses them.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zstd.h>

#include "graph_generator.h"
#include "recording_generator.h"
#include "model/profile.h"
#include "read/snapshot.h"
#include "read/tally.h"

enum {
	TALLY_BYTES = 1 << 18
};

static void
check(int failed, const char *what)
{
	if (failed == 0)
		return;
	fprintf(stderr, "make_corpus: %s\n", what);
	exit(EXIT_FAILURE);
}

static void
write_recordings(void)
{
	struct generated *generated = generated_new();

	generated_write(generated, "recording");
	generated->header.state = RECORDING_RUNNING;
	generated->header.end_monotonic_ns = 0;
	generated->header.control.rising = 1;
	generated->header.control.batch_bytes = 16384;
	generated_write(generated, "running");
	generated->counters[0][3].total_bytes = UINT64_MAX;
	generated->counters[0][3].freed_blocks = (uint64_t)1 << 63;
	generated->counters[1][4].peak_bytes = INT64_MIN;
	generated->header.control.live_bytes = INT64_MIN;
	generated_write(generated, "extreme");
	free(generated);
	generated = generated_new();
	generated_add_blocks(generated);
	generated_write(generated, "blocks");
	free(generated);
}

static void
write_graph(const char *path)
{
	struct generated_graph graph = generated_graph_make();
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	check(fd < 0, path);
	check(write(fd, &graph, sizeof(graph)) != (ssize_t)sizeof(graph), path);
	close(fd);
}

static struct profile *
read_recording(const char *path, int moments)
{
	struct snapshot *snapshot;
	struct profile *profile;

	check(snapshot_open(path, 0, &snapshot), path);
	for (int i = 0; i < moments; i++)
		check(snapshot_update(snapshot, "label"), path);
	check(snapshot_update_blocks(snapshot, NULL), path);
	check(snapshot_update_lifetimes(snapshot), path);
	profile = snapshot_take_profile(snapshot);
	snapshot_free(snapshot);
	return profile;
}

static void
write_tally(const char *path, const char *recording, int moments)
{
	static char packed[TALLY_BYTES], plain[TALLY_BYTES];
	struct profile *profile = read_recording(recording, moments);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	struct tally_writer *writer;
	ssize_t packed_bytes;
	size_t plain_bytes;

	check(fd < 0, path);
	writer = tally_writer_new(fd);
	check(tally_writer_insert(writer, profile), path);
	check(tally_writer_finish(writer), path);
	tally_writer_free(writer);
	profile_free(profile);
	packed_bytes = pread(fd, packed, sizeof(packed), 0);
	check(packed_bytes <= 0, path);
	plain_bytes = ZSTD_decompress(plain, sizeof(plain), packed, (size_t)packed_bytes);
	check(ZSTD_isError(plain_bytes) != 0, path);
	check(ftruncate(fd, 0), path);
	check(pwrite(fd, plain, plain_bytes, 0) != (ssize_t)plain_bytes, path);
	close(fd);
}

int
main(int argc, char **argv)
{
	check(argc != 2, "usage: make_corpus DIRECTORY");
	check(chdir(argv[1]), argv[1]);
	write_recordings();
	write_graph("graph");
	write_tally("tally", "recording", 1);
	write_tally("tally.moments", "recording", 3);
	write_tally("tally.blocks", "blocks", 1);
	return EXIT_SUCCESS;
}
