/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_corpus.c - what the fuzzer of the readers starts from
 *
 *     make_corpus DIRECTORY
 *
 * Writes a recording, one of a process that still runs, one with the largest numbers and one with
 * single blocks, the plain contents of tallies with one and with three moments and with blocks, a
 * graph, and two core files. The plain contents are uncompressed because no mutation gets past the
 * checksum of a tally; the fuzzer compresses them.
 */
#include "config.h"

#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#include <zstd.h>

#include "anchor.h"
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

#define CORE_START 0x10000000u

/* Where things are in the one segment of a core, which begins as the file of an object: top,
 * directory, anchor, what the loader knows of thread-local variables, leaf, blocks. */
enum {
	CORE_TOP = 256,
	CORE_DIRECTORY = CORE_TOP + 16 * 8,
	CORE_ANCHOR = 2448,
	CORE_SLOTS = 2800,
	CORE_OBJECT = 2900,
	CORE_CONTROL = 3600,
	CORE_TABLE = 3700,
	CORE_LEAF = 4096,
	CORE_BLOCKS = CORE_LEAF + 4096 * 4,
	CORE_BYTES = CORE_BLOCKS + 8192,
};

struct generated_core {
	Elf64_Ehdr header;
	Elf64_Phdr segments[2];
	Elf64_Nhdr note;
	char name[8];
	uint8_t status[sizeof(struct elf_prstatus)]; /* behind the name, at no multiple of 8 */
	uint8_t memory[CORE_BYTES];
};

/* Blocks of two shapes of tables: with their sizes, and glibc's, whose words have them. */
static void
fill_core_memory(struct generated_core *core, bool is_glibc)
{
	uint8_t bits = is_glibc ? 0 : 8;
	struct anchor anchor = {
		.magic = ANCHOR_MAGIC,
		.version = ANCHOR_VERSION,
		.pid = 4711,
		.start_monotonic_ns = 1,
		.blocks = {.top = CORE_START + CORE_TOP,
			   .address_bits = 32,
			   .top_shift = 28,
			   .leaf_shift = 20,
			   .slot_shift = 8,
			   .slot_bytes = 4,
			   .site_shift = 16,
			   .site_bits = 16,
			   .place_shift = 15,
			   .place_bits = 1,
			   .size_shift = 7,
			   .size_bits = bits,
			   .rounding_bits = 7},
		.ranges = CORE_START + 3000,
		.range_count = 2,
		.layout = {.slots = CORE_START + CORE_SLOTS - 8, .distance = 32, .table = 8},
	};
	uint64_t word = CORE_START + CORE_DIRECTORY;

	memcpy(core->memory + CORE_ANCHOR, &anchor, sizeof(anchor));
	memcpy(core->memory + CORE_TOP + 8, &word, sizeof(word));
	word = CORE_START + CORE_LEAF;
	memcpy(core->memory + CORE_DIRECTORY, &word, sizeof(word));
	for (uint32_t i = 0; i < 8; i++) {
		uint32_t place = CORE_BLOCKS + i * 512, slot = (i + 1) << 16 | 40 << 7;

		memcpy(core->memory + CORE_LEAF + place / 256 * 4, &slot, sizeof(slot));
		word = 65;
		memcpy(core->memory + place - 8, &word, sizeof(word));
		word = CORE_START + CORE_BLOCKS + (i * 5 % 8) * 512 + i % 3 * 8;
		memcpy(core->memory + place + 16, &word, sizeof(word));
	}
}

/* One object, whose variables are in the first block of the only thread. */
static void
fill_core_locals(struct generated_core *core)
{
	const Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
		.e_phoff = sizeof(header),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1};
	const Elf64_Phdr segment = {.p_type = PT_TLS, .p_memsz = 32};
	const uint64_t slots[] = {CORE_START + CORE_SLOTS, 2, 0, 0, 0, 1, CORE_START + CORE_OBJECT};
	const uint64_t object[] = {CORE_START, 0, CORE_START + 8, 0, 0};
	const uint64_t table[] = {4, 0, 1, 0, CORE_START + CORE_BLOCKS, 0};
	const uint64_t place = CORE_START + CORE_TABLE + 16;
	struct elf_prstatus status = {.pr_pid = 4711};
	struct user_regs_struct registers = {.fs_base = CORE_START + CORE_CONTROL};

	memcpy(core->memory, &header, sizeof(header));
	memcpy(core->memory + sizeof(header), &segment, sizeof(segment));
	memcpy(core->memory + CORE_SLOTS - 8, slots, sizeof(slots));
	memcpy(core->memory + CORE_OBJECT, object, sizeof(object));
	memcpy(core->memory + CORE_CONTROL + 8, &place, sizeof(place));
	memcpy(core->memory + CORE_TABLE, table, sizeof(table));
	memcpy(&status.pr_reg, &registers, sizeof(registers));
	memcpy(core->status, &status, sizeof(status));
}

static void
write_core(const char *path, bool is_glibc)
{
	struct generated_core *core = calloc(1, sizeof(*core));
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	size_t notes = offsetof(struct generated_core, note);

	check(fd < 0 || core == NULL, path);
	core->header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_phoff = offsetof(struct generated_core, segments),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2};
	core->segments[0] =
		(Elf64_Phdr){.p_type = PT_NOTE,
			     .p_offset = notes,
			     .p_filesz = offsetof(struct generated_core, memory) - notes};
	core->segments[1] = (Elf64_Phdr){.p_type = PT_LOAD,
					 .p_flags = PF_R | PF_W,
					 .p_vaddr = CORE_START,
					 .p_offset = offsetof(struct generated_core, memory),
					 .p_filesz = CORE_BYTES,
					 .p_memsz = CORE_BYTES};
	core->note = (Elf64_Nhdr){5, sizeof(core->status), NT_PRSTATUS};
	memcpy(core->name, "CORE", 5);
	fill_core_memory(core, is_glibc);
	fill_core_locals(core);
	check(write(fd, core, sizeof(*core)) != (ssize_t)sizeof(*core), path);
	close(fd);
	free(core);
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
	write_core("core", false);
	write_core("core.glibc", true);
	write_tally("tally", "recording", 1);
	write_tally("tally.moments", "recording", 3);
	write_tally("tally.blocks", "blocks", 1);
	return EXIT_SUCCESS;
}
