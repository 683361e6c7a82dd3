/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph_file.c - a graph as the runtime left it
 *
 * A section is read into memory only after its place was checked against the size of the file, so
 * that no number in it asks for more memory than the file has bytes.
 */
#include "config.h"
#include "read/graph_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "graph.h"
#include "read/tally.h"
#include "util/text.h"
#include "util/xalloc.h"

#define RECORDING_ENDING ".recording"
#define LARGE_PAGE       ((size_t)2 << 20)
#define LARGE_BYTES      (2 * LARGE_PAGE)

/* They are taken as they are. */
_Static_assert(sizeof(struct graph_node) == sizeof(struct graph_block), "one layout");
_Static_assert(sizeof(struct graph_arc) == sizeof(struct graph_edge), "one layout");
_Static_assert(sizeof(struct graph_area) == sizeof(struct graph_root), "one layout");
_Static_assert(sizeof(struct graph_task) == sizeof(struct graph_thread), "one layout");
_Static_assert(sizeof(struct graph_far_arc) == sizeof(struct graph_far), "one layout");
_Static_assert(sizeof(struct graph_instance) == sizeof(struct graph_object), "one layout");
_Static_assert(sizeof(struct graph_share) == sizeof(struct graph_local), "one layout");
_Static_assert((int)GRAPH_HOWS == (int)GRAPH_POINTERS && (int)GRAPH_BASE == GRAPH_POINTER_BASE,
	       "one list");
_Static_assert((int)GRAPH_AREA_KINDS == (int)GRAPH_ROOTS_KINDS &&
		       (int)GRAPH_AREA_KERNEL == GRAPH_ROOT_KERNEL,
	       "one list");
_Static_assert((int)GRAPH_TAKENS == (int)GRAPH_MODES, "one list");
_Static_assert(GRAPH_OFFSET_MOST == GRAPH_OFFSET_MAX && GRAPH_WORD_MOST == GRAPH_WORD_MAX,
	       "one width");

static int
read_exactly(int fd, void *buffer, uint64_t bytes, uint64_t offset)
{
	char *next = buffer;

	while (bytes != 0) {
		ssize_t n = pread(fd, next, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EBADMSG;
		next += n;
		bytes -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

/* In large pages, where there are some, it costs a fraction to fill and to walk. Never NULL, so
 * that nobody has to look. */
static void *
allocate_section(size_t bytes)
{
	void *memory = NULL;

	if (bytes < LARGE_BYTES || posix_memalign(&memory, LARGE_PAGE, bytes) != 0)
		return xmalloc(bytes);
	madvise(memory, bytes, MADV_HUGEPAGE);
	return memory;
}

static int
read_section(int fd, const struct graph_header *header, const struct graph_extent *extent,
	     size_t record_bytes, void **ret_records, size_t *ret_count)
{
	if (extent->offset > header->file_bytes ||
	    extent->count > (header->file_bytes - extent->offset) / record_bytes)
		return -EBADMSG;
	*ret_records = allocate_section(extent->count * record_bytes + 1);
	*ret_count = extent->count;
	return read_exactly(fd, *ret_records, extent->count * record_bytes, extent->offset);
}

/* One that could not be made is a header alone, which may be of an older runtime. */
static uint64_t
get_header_bytes(const struct stat *status)
{
	return status->st_size < (off_t)sizeof(struct graph_header) ? (uint64_t)status->st_size
								    : sizeof(struct graph_header);
}

/* Of an older one, this is what follows its header. */
static void
forget_missing(struct graph_header *header)
{
	uint64_t bytes = header->sections[GRAPH_EDGES].offset;

	if (bytes < offsetof(struct graph_header, local_table))
		header->object_table = header->class_table = (struct graph_extent){0};
	if (bytes < offsetof(struct graph_header, sum_table))
		header->local_table = (struct graph_extent){0};
	if (bytes < sizeof(*header))
		header->sum_table = (struct graph_extent){0};
}

static int
read_header(int fd, struct graph_header *header)
{
	struct stat status;
	int result;

	memset(header, 0, sizeof(*header));
	if (fstat(fd, &status) != 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_size < (off_t)GRAPH_HEADER_LEAST)
		return -EBADMSG;
	result = read_exactly(fd, header, get_header_bytes(&status), 0);
	if (result != 0)
		return result;
	forget_missing(header);
	if (memcmp(header->magic, GRAPH_MAGIC, sizeof(header->magic)) != 0)
		return -EBADMSG;
	if (header->byte_order != GRAPH_BYTE_ORDER || header->version != GRAPH_VERSION)
		return -EPROTO;
	if (header->file_bytes != (uint64_t)status.st_size || header->mode >= GRAPH_MODES ||
	    header->error > 0)
		return -EBADMSG;
	return 0;
}

static void
take_header(struct graph *graph, const struct graph_header *header)
{
	graph->start_monotonic_ns = header->start_monotonic_ns;
	graph->pid = header->pid;
	graph->serial = header->serial;
	graph->site_base = header->site_base;
	graph->error = header->error;
	graph->quality = (struct graph_quality){
		.taken = (enum graph_taken)header->mode,
		.no_registers = (header->gaps & GRAPH_GAP_REGISTERS) != 0,
		.not_inherited = (header->gaps & GRAPH_GAP_NOT_INHERITED) != 0,
		.unreadable = (header->gaps & GRAPH_GAP_UNREADABLE) != 0,
		.maps_cut = (header->gaps & GRAPH_GAP_MAPPINGS) != 0,
		.no_kernel = (header->gaps & GRAPH_GAP_KERNEL) != 0,
		.threads = header->threads,
		.unseen = header->unseen,
		.taken_ns = header->taken_ns,
		.pause_ns = header->pause_ns,
		.scan_ns = header->scan_ns,
		.read_bytes = header->read_bytes,
		.missed_bytes = header->missed_bytes,
	};
}

static int
compare_threads(const void *a, const void *b)
{
	const struct graph_task *left = a, *right = b;

	return (left->control > right->control) - (left->control < right->control);
}

static int
read_sections(int fd, const struct graph_header *header, struct graph *graph)
{
	size_t first_count = 0, sum_count = 0;
	const struct {
		const struct graph_extent *extent;
		size_t bytes;
		void *records;
		size_t *count;
	} sections[] = {
		{&header->sections[GRAPH_EDGES], sizeof(*graph->arcs), &graph->arcs,
		 &graph->arc_count},
		{&header->sections[GRAPH_FIRST], sizeof(*graph->first), &graph->first,
		 &first_count},
		{&header->sections[GRAPH_BLOCKS], sizeof(*graph->blocks), &graph->blocks,
		 &graph->block_count},
		{&header->sections[GRAPH_ROOTS], sizeof(*graph->roots), &graph->roots,
		 &graph->root_count},
		{&header->sections[GRAPH_STRINGS], 1, &graph->strings, &graph->string_bytes},
		{&header->thread_table, sizeof(*graph->threads), &graph->threads,
		 &graph->thread_count},
		{&header->far_table, sizeof(*graph->far), &graph->far, &graph->far_count},
		{&header->object_table, sizeof(*graph->instances), &graph->instances,
		 &graph->instance_count},
		{&header->class_table, sizeof(*graph->tables), &graph->tables, &graph->table_count},
		{&header->local_table, sizeof(*graph->shares), &graph->shares, &graph->share_count},
		{&header->sum_table, sizeof(*graph->sums), &graph->sums, &sum_count},
	};
	int result = 0;

	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections) && result == 0; i++) {
		void *records = NULL;

		result = read_section(fd, header, sections[i].extent, sections[i].bytes, &records,
				      sections[i].count);
		memcpy(sections[i].records, &records, sizeof(records));
	}
	if (result == 0)
		qsort(graph->threads, graph->thread_count, sizeof(*graph->threads),
		      compare_threads);
	if (result == 0 && (first_count != graph->block_count + graph->root_count + 1 ||
			    (sum_count != 0 && sum_count != graph->block_count)))
		result = -EBADMSG;
	if (result == 0 && sum_count == 0) {
		free(graph->sums);
		graph->sums = NULL;
	}
	return result == 0 && !graph_is_valid(graph) ? -EBADMSG : result;
}

/* Of a graph that is newer than what is known of its recording. */
static uint32_t
find_last_site(const struct graph *graph)
{
	uint32_t last = 0;

	for (size_t i = 0; i < graph->block_count; i++)
		if (graph->blocks[i].site > last)
			last = graph->blocks[i].site;
	return last;
}

int
graph_file_read(const char *path, uint32_t site_count, struct graph *ret_graph)
{
	struct graph graph = {.site_count = site_count};
	struct graph_header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;

	if (fd < 0)
		return -errno;
	output_note_input(fd);
	result = read_header(fd, &header);
	if (result == 0)
		take_header(&graph, &header);
	if (result == 0 && header.error == 0)
		result = read_sections(fd, &header, &graph);
	if (result == 0 && site_count == GRAPH_FILE_SITES_MAX)
		graph.site_count = find_last_site(&graph);
	close(fd);
	if (result == 0)
		*ret_graph = graph;
	else
		graph_release(&graph);
	return result;
}

/*** writing ***/

static int
write_exactly(int fd, const void *buffer, uint64_t bytes, uint64_t offset)
{
	const char *next = buffer;

	while (bytes != 0) {
		ssize_t n = pwrite(fd, next, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		next += n;
		bytes -= (uint64_t)n;
		offset += (uint64_t)n;
	}
	return 0;
}

static void
put_header(const struct graph *graph, struct graph_header *header)
{
	const struct graph_quality *quality = &graph->quality;

	*header = (struct graph_header){
		.byte_order = GRAPH_BYTE_ORDER,
		.version = GRAPH_VERSION,
		.start_monotonic_ns = graph->start_monotonic_ns,
		.pid = graph->pid,
		.serial = graph->serial,
		.site_base = graph->site_base,
		.mode = (uint32_t)quality->taken,
		.error = graph->error,
		.gaps = (quality->no_registers ? GRAPH_GAP_REGISTERS : 0u) |
			(quality->not_inherited ? GRAPH_GAP_NOT_INHERITED : 0u) |
			(quality->unreadable ? GRAPH_GAP_UNREADABLE : 0u) |
			(quality->maps_cut ? GRAPH_GAP_MAPPINGS : 0u) |
			(quality->no_kernel ? GRAPH_GAP_KERNEL : 0u),
		.threads = quality->threads,
		.unseen = quality->unseen,
		.taken_ns = quality->taken_ns,
		.pause_ns = quality->pause_ns,
		.scan_ns = quality->scan_ns,
		.read_bytes = quality->read_bytes,
		.missed_bytes = quality->missed_bytes,
	};
	memcpy(header->magic, GRAPH_MAGIC, sizeof(header->magic));
}

int
graph_file_write(const struct graph *graph, int fd)
{
	struct graph_header header;
	const struct {
		struct graph_extent *extent;
		const void *records;
		size_t count, bytes;
	} tables[] = {
		{&header.sections[GRAPH_EDGES], graph->arcs, graph->arc_count,
		 sizeof(*graph->arcs)},
		{&header.sections[GRAPH_FIRST], graph->first,
		 graph->block_count + graph->root_count + 1, sizeof(*graph->first)},
		{&header.sections[GRAPH_BLOCKS], graph->blocks, graph->block_count,
		 sizeof(*graph->blocks)},
		{&header.sections[GRAPH_ROOTS], graph->roots, graph->root_count,
		 sizeof(*graph->roots)},
		{&header.thread_table, graph->threads, graph->thread_count,
		 sizeof(*graph->threads)},
		{&header.far_table, graph->far, graph->far_count, sizeof(*graph->far)},
		{&header.object_table, graph->instances, graph->instance_count,
		 sizeof(*graph->instances)},
		{&header.class_table, graph->tables, graph->table_count, sizeof(*graph->tables)},
		{&header.local_table, graph->shares, graph->share_count, sizeof(*graph->shares)},
		/* Last: all others are of whole words. */
		{&header.sections[GRAPH_STRINGS], graph->strings, graph->string_bytes, 1},
	};
	uint64_t offset = sizeof(header);
	int result = 0;

	put_header(graph, &header);
	for (size_t i = 0; i < sizeof(tables) / sizeof(*tables) && graph->error == 0; i++) {
		uint64_t bytes = (uint64_t)tables[i].count * tables[i].bytes;

		*tables[i].extent = (struct graph_extent){offset, tables[i].count};
		if (result == 0)
			result = write_exactly(fd, tables[i].records, bytes, offset);
		offset += bytes;
	}
	header.file_bytes = offset;
	return result == 0 ? write_exactly(fd, &header, sizeof(header), 0) : result;
}

/*** names ***/

/* An answer of a living process is its own. What is kept may be anyone's. */
static bool
is_ours(int fd)
{
	struct stat status;

	return geteuid() == 0 || (fstat(fd, &status) == 0 && status.st_uid == geteuid());
}

struct output_rule
graph_file_extend_rule(struct output_rule rule)
{
	rule.magic = GRAPH_MAGIC;
	rule.kind = "a graph";
	return rule;
}

int
graph_file_save(const struct graph *graph, const char *path, const struct output_rule *rule,
		char **ret_why)
{
	struct output output;
	int result = output_begin(path, rule, &output, ret_why);

	if (result != 0)
		return result;
	result = graph_file_write(graph, output.fd);
	if (result == 0)
		return output_commit(&output);
	output_abandon(&output);
	return result;
}

int
graph_file_read_serial(const char *path, uint32_t *ret_serial)
{
	struct graph_header header;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), result;

	if (fd < 0)
		return -errno;
	result = is_ours(fd) ? read_header(fd, &header) : -EPERM;
	close(fd);
	if (result == 0)
		*ret_serial = header.serial;
	return result;
}

void
graph_file_remove_stale(const char *path, uint32_t serial)
{
	uint32_t found;

	if (graph_file_read_serial(path, &found) == 0 && found == serial)
		unlink(path);
}

bool
graph_file_is_name(const char *name)
{
	return text_ends_with(name, GRAPH_SUFFIX);
}

/* The name without an ending. */
static int
get_stem(const char *path, const char *ending)
{
	return (int)(strlen(path) - (text_ends_with(path, ending) ? strlen(ending) : 0));
}

char *
graph_file_make_path(const char *recording)
{
	return xasprintf("%.*s" GRAPH_SUFFIX, get_stem(recording, RECORDING_ENDING), recording);
}

char *
graph_file_make_path_beside(const char *tally, uint32_t pid)
{
	int stem = get_stem(tally, TALLY_SUFFIX);

	if (pid == 0)
		return xasprintf("%.*s" GRAPH_SUFFIX, stem, tally);
	return xasprintf("%.*s.%" PRIu32 GRAPH_SUFFIX, stem, tally, pid);
}
