/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recording_map.c - create, map and grow the recording
 *
 *     place    1. out=PATH                       where the user wants it
 *              2. dir=PATH                       the launcher's directory
 *              3. $XDG_RUNTIME_DIR/heaptally     if it has room
 *              4. /dev/shm/heaptally-UID         tmpfs, if it has room
 *              5. $TMPDIR or /tmp, heaptally-UID
 *     name     COMM.PID.RANDOM.recording
 */
#include "recording/recording_map.h"

#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "memory/arena.h"
#include "base/options.h"
#include "base/os.h"
#include "recording/recording_space.h"

#define STEP_MIN   ((uint64_t)16 << 10)
#define STEP_MAX   ((uint64_t)256 << 10) /* longer would be a pause of the program */
#define ROOM_MIN   ((uint64_t)8 << 20)
#define PATH_BYTES 1200 /* static buffers: a fiber that forks may have a page of stack */

static struct recording_control no_control;
struct recording recording = {.control = &no_control};

/* What a recording at its full size can hold; a limited one holds a power of two less. */
static const struct {
	uint64_t records;
	uint32_t bytes;
	bool fixed; /* not made smaller */
} sizes[SECTION_COUNT] = {
	[SECTION_STRINGS] = {(uint64_t)16 << 20, 1, false},
	[SECTION_MODULES] = {1 << 16, sizeof(struct recording_module), false},
	[SECTION_FRAMES] = {1 << 22, sizeof(struct recording_frame), false},
	[SECTION_NODES] = {1 << 26, sizeof(struct recording_node), false},
	[SECTION_SITES] = {1 << 26, sizeof(uint32_t), false},
	[SECTION_SHARDS] = {SHARDS_MAX, sizeof(struct recording_shard), true},
	[SECTION_CHUNKS] = {(1 << 26) / SITES_PER_CHUNK * SHARDS_MAX, sizeof(uint32_t), false},
	[SECTION_COUNTERS] = {1 << 20, SITES_PER_CHUNK * sizeof(struct recording_counters), false},
	[SECTION_MARKS] = {1 << 16, sizeof(struct recording_mark), false},
	/* Those below only with the option `blocks`. */
	[SECTION_LIFETIMES] = {1 << 20, SITES_PER_CHUNK * sizeof(struct recording_lifetimes),
			       false},
	[SECTION_LEAVES] = {1 << 18, sizeof(uint64_t), false},
	[SECTION_BLOCKS] = {(uint64_t)1 << 31, sizeof(struct recording_block), false},
};
#define SECTION_OPTIONAL SECTION_LIFETIMES /* the first of them */

/* Bytes from the start of each section that have memory. */
static uint64_t reserved[SECTION_COUNT];
static bool is_placeholder; /* in a forked child */
static bool with_blocks;

/* Lay the sections out for tables 2^-shift as large; returns the file's size. */
static uint64_t
lay_out(unsigned shift, struct recording_extent *sections)
{
	uint64_t offset = round_up(sizeof(struct recording_header), PAGE_BYTES);

	for (int i = 0; i < SECTION_COUNT; i++) {
		uint64_t capacity = sizes[i].fixed ? sizes[i].records : sizes[i].records >> shift;

		if (i >= SECTION_OPTIONAL && !with_blocks)
			capacity = 0;

		sections[i] = (struct recording_extent){
			.offset = offset,
			.capacity = capacity,
			.record_bytes = sizes[i].bytes,
		};
		offset += round_up(capacity * sizes[i].bytes, PAGE_BYTES);
	}
	return offset;
}

static void
set_pointers(char *base)
{
	struct recording_extent *s = recording.header->sections;

	recording.strings = base + s[SECTION_STRINGS].offset;
	recording.modules = (void *)(base + s[SECTION_MODULES].offset);
	recording.frames = (void *)(base + s[SECTION_FRAMES].offset);
	recording.nodes = (void *)(base + s[SECTION_NODES].offset);
	recording.sites = (void *)(base + s[SECTION_SITES].offset);
	recording.shards = (void *)(base + s[SECTION_SHARDS].offset);
	recording.chunks = (void *)(base + s[SECTION_CHUNKS].offset);
	recording.counters = (void *)(base + s[SECTION_COUNTERS].offset);
	recording.marks = (void *)(base + s[SECTION_MARKS].offset);
	recording.lifetimes = (void *)(base + s[SECTION_LIFETIMES].offset);
	recording.leaves = (void *)(base + s[SECTION_LEAVES].offset);
	recording.blocks = (void *)(base + s[SECTION_BLOCKS].offset);
}

/* Map the file at the largest size that the limits of this process allow. */
static char *
map_file(int fd, struct recording_extent *sections, uint64_t *ret_bytes, unsigned *ret_shift)
{
	uint64_t limit = os_limit(RLIMIT_FSIZE), room = os_limit(RLIMIT_AS);

	for (unsigned shift = 0; shift <= 14; shift++) {
		uint64_t bytes = lay_out(shift, sections);
		char *base;

		/* Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ. */
		if (bytes > limit || os_truncate(fd, bytes) != 0)
			continue;
		/* Leave the program most of its address space. */
		base = recording_space_map(fd, sections, bytes, room / 8);
		if (base != NULL) {
			*ret_bytes = bytes;
			*ret_shift = shift;
			return base;
		}
	}
	return NULL;
}

static void
read_boot_id(uint8_t *boot_id)
{
	char text[37];
	int fd = os_open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC, 0);
	size_t n = 0;

	if (fd < 0)
		return;
	if (os_read(fd, text, 36) == 36) {
		for (int i = 0; i < 36 && n < 32; i++) {
			int c = text[i];
			int digit = c >= 'a' ? c - 'a' + 10 : c - '0';

			if (c == '-')
				continue;
			boot_id[n / 2] = (uint8_t)(boot_id[n / 2] << 4 | (digit & 15));
			n++;
		}
	}
	os_close(fd);
}

static void
read_command(char *command, size_t bytes)
{
	int fd = os_open("/proc/self/comm", O_RDONLY | O_CLOEXEC, 0);
	long n = fd < 0 ? -1 : os_read(fd, command, bytes - 1);

	if (fd >= 0)
		os_close(fd);
	if (n <= 0) {
		memcpy(command, "unknown", 8);
		return;
	}
	command[n] = '\0';
	command[strcspn(command, "\n")] = '\0';
}

static void
fill_identity(struct recording_header *h)
{
	struct os_stat namespace = {0};

	memcpy(h->magic, RECORDING_MAGIC, sizeof h->magic);
	h->byte_order = RECORDING_BYTE_ORDER;
	h->version = RECORDING_VERSION;
	h->header_bytes = sizeof *h;
	h->page_bytes = PAGE_BYTES;
	h->machine = ARCH_ELF_MACHINE;
	h->pid = os_process_id();
	h->parent_pid = os_parent_id();
	h->uid = os_user_id();
	if (os_stat("/proc/self/ns/pid", true, &namespace) == 0)
		h->pid_namespace = namespace.inode;
	read_boot_id(h->boot_id);
	read_command(h->command, sizeof h->command);
	h->start_realtime_ns = os_realtime_ns();
	h->start_monotonic_ns = os_monotonic_ns();
}

/* The sections that hold something from the start. */
static bool
reserve_first_records(void)
{
	return recording_reserve(SECTION_STRINGS, 1) && recording_reserve(SECTION_MODULES, 1) &&
	       recording_reserve(SECTION_FRAMES, FRAME_FIRST) &&
	       recording_reserve(SECTION_NODES, 1) &&
	       recording_reserve(SECTION_SITES, SITE_BASE_FIRST + FIXED_SITES) &&
	       recording_reserve(SECTION_SHARDS, sizes[SECTION_SHARDS].records);
}

static bool
start_in_file(int fd)
{
	struct recording_extent sections[SECTION_COUNT];
	uint64_t bytes = 0;
	unsigned shift = 0;
	char *base = map_file(fd, sections, &bytes, &shift);

	if (base == NULL)
		return false;
	memset(reserved, 0, sizeof reserved);
	if (os_populate(base, round_up(sizeof(struct recording_header), PAGE_BYTES)) != 0) {
		recording_space_unmap();
		return false;
	}
	recording.header = (void *)base;
	fill_identity(recording.header);
	recording.header->file_bytes = bytes;
	memcpy(recording.header->sections, sections, sizeof sections);
	set_pointers(base);
	if (!reserve_first_records()) {
		recording.header = NULL;
		recording_space_unmap();
		return false;
	}
	recording.control = &recording.header->control;
	recording.header->sections[SECTION_STRINGS].count = 1;
	if (shift > 4)
		recording_note(TROUBLE_LIMITED);
	return true;
}

static void
append_text(char *buffer, size_t bytes, const char *text)
{
	size_t used = strlen(buffer), length = strlen(text);

	if (used + length < bytes)
		memcpy(buffer + used, text, length + 1);
}

static void
append_number(char *buffer, size_t bytes, uint64_t number, unsigned base, int digits)
{
	char text[32] = {0};
	int at = sizeof text - 1;

	do {
		text[--at] = "0123456789abcdef"[number % base];
		number /= base;
	} while (number != 0 || (int)sizeof text - 1 - at < digits);
	append_text(buffer, bytes, text + at);
}

/* The command's name with everything replaced that is no harmless part of a file name. */
static void
append_command(char *path, size_t bytes)
{
	char command[16] = {0};

	read_command(command, sizeof command);
	for (char *c = command; *c != '\0'; c++) {
		bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
			     (*c >= '0' && *c <= '9') || *c == '_' || *c == '+' || *c == '-';

		if (!plain)
			*c = '_';
	}
	append_text(path, bytes, command);
}

static bool
start_at(const char *path)
{
	int flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = os_open(path, flags, RECORDING_MODE);
	bool locked, started;

	if (fd < 0)
		return false;
	/* Whatever the umask. We alone may write: our descriptor is from before. */
	os_change_mode(fd, RECORDING_MODE);
	locked = os_lock_file(fd) == 0;
	started = start_in_file(fd);
	if (!started)
		os_unlink(path);
	else if (!locked)
		recording_note(TROUBLE_UNLOCKED);
	os_close(fd);
	return started;
}

/* .PID.RANDOM, which no other recording has. */
static void
append_identity(char *path, size_t bytes, int digits)
{
	uint64_t random;

	os_random(&random, sizeof random);
	append_text(path, bytes, ".");
	append_number(path, bytes, os_process_id(), 10, 1);
	append_text(path, bytes, ".");
	append_number(path, bytes, random >> (64 - 4 * digits), 16, digits);
}

static bool
start_in_directory(const char *directory)
{
	static char path[PATH_BYTES];

	path[0] = '\0';
	append_text(path, sizeof path, directory);
	append_text(path, sizeof path, "/");
	append_command(path, sizeof path);
	append_identity(path, sizeof path, 16);
	append_text(path, sizeof path, RECORDING_SUFFIX);
	return start_at(path);
}

static bool
is_private_directory(const char *path)
{
	struct os_stat st = {0};

	return os_stat(path, false, &st) == 0 && S_ISDIR(st.mode) && st.uid == os_user_id() &&
	       (st.mode & 077) == 0;
}

/* parent + suffix as a directory of mode 0700 that is ours, with room. */
static bool
start_below(const char *parent, const char *suffix, bool with_uid)
{
	static char path[PATH_BYTES];

	if (parent[0] != '/')
		return false;
	path[0] = '\0';
	append_text(path, sizeof path, parent);
	append_text(path, sizeof path, suffix);
	if (with_uid)
		append_number(path, sizeof path, os_user_id(), 10, 1);
	os_make_directory(path, 0700);
	return is_private_directory(path) && os_free_bytes(path) >= ROOM_MIN &&
	       start_in_directory(path);
}

/* Whether path is the recording of a process that has ended and is not the past of this one. */
static bool
is_stale_recording(const char *path)
{
	struct recording_header old;
	struct os_stat st = {0}, namespace = {0};
	bool stale;
	int fd;

	if (os_stat(path, false, &st) != 0 || !S_ISREG(st.mode) || st.uid != os_user_id())
		return false;
	fd = os_open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	if (fd < 0)
		return false;
	os_stat("/proc/self/ns/pid", true, &namespace);
	stale = os_is_unlocked(fd) && os_read(fd, &old, sizeof old) == (long)sizeof old &&
		memcmp(old.magic, RECORDING_MAGIC, sizeof old.magic) == 0 &&
		(old.pid != os_process_id() || old.pid_namespace != namespace.inode);
	os_close(fd);
	return stale;
}

/* Another process may do the same meanwhile: what is taken out is looked at before it is removed.
 */
static void
take_place(const char *own, const char *path)
{
	if (!is_stale_recording(path))
		return;
	if (os_exchange(own, path) != 0) {
		os_unlink(path);
		os_rename(own, path);
	} else if (is_stale_recording(own)) {
		os_unlink(own);
	} else {
		os_exchange(own, path);
	}
}

/* At path itself; when that is taken by a process of this run, at PATH.PID.RANDOM beside it. The
 * recording of an earlier run is replaced, but not by a child: its parent may have ended. */
static bool
start_at_or_beside(const char *path, bool forked)
{
	static char beside[PATH_BYTES];

	if (start_at(path))
		return true;
	beside[0] = '\0';
	append_text(beside, sizeof beside, path);
	append_identity(beside, sizeof beside, 8);
	if (!start_at(beside))
		return false;
	if (!forked)
		take_place(beside, path);
	return true;
}

/* out=PATH, with %p and %e replaced. Relative paths belong to the working directory of now. */
static bool
start_at_pattern(const char *pattern, bool forked)
{
	static char path[PATH_BYTES];

	path[0] = '\0';
	for (; *pattern != '\0'; pattern++) {
		char plain[2] = {*pattern, '\0'};

		if (pattern[0] == '%' && pattern[1] == 'p') {
			append_number(path, sizeof path, os_process_id(), 10, 1);
			pattern++;
		} else if (pattern[0] == '%' && pattern[1] == 'e') {
			append_command(path, sizeof path);
			pattern++;
		} else {
			append_text(path, sizeof path, plain);
		}
	}
	return start_at_or_beside(path, forked);
}

bool
recording_create(const struct options *options, bool forked)
{
	with_blocks = options->blocks;
	if (options->out[0] != '\0')
		return start_at_pattern(options->out, forked);
	if (options->directory[0] != '\0')
		return start_in_directory(options->directory);
	return start_below(options->runtime_directory, "/heaptally", false) ||
	       start_below("/dev/shm", "/heaptally-", true) ||
	       start_below(options->temporary_directory, "/heaptally-", true) ||
	       start_below("/tmp", "/heaptally-", true);
}

bool
recording_reserve(enum recording_section section, uint64_t count)
{
	struct recording_extent *s;
	uint64_t wanted, limit, step, start;

	if (recording.header == NULL)
		return false;
	s = &recording.header->sections[section];
	if (count > s->capacity)
		return false;
	wanted = count * s->record_bytes;
	if (likely(wanted <= reserved[section]))
		return true;
	limit = round_up(s->capacity * s->record_bytes, PAGE_BYTES);
	/* A quarter more each time, so that large tables grow in few calls and small ones stay
	 * small. */
	step = round_up(reserved[section] / 4, PAGE_BYTES);
	step = step < STEP_MIN ? STEP_MIN : step > STEP_MAX ? STEP_MAX : step;
	start = reserved[section];
	wanted = round_up(wanted > start + step ? wanted : start + step, PAGE_BYTES);
	if (wanted > limit)
		wanted = limit;
	if (!recording_space_extend(section, wanted) ||
	    os_populate((char *)recording.header + s->offset + start, wanted - start) != 0) {
		recording_note(TROUBLE_FULL);
		return false;
	}
	reserved[section] = wanted;
	recording_publish_memory();
	return true;
}

uint32_t
recording_add_string(const char *text)
{
	struct recording_extent *s = &recording.header->sections[SECTION_STRINGS];
	uint64_t offset = s->count, bytes = strlen(text) + 1;

	if (bytes == 1 || !recording_reserve(SECTION_STRINGS, offset + bytes))
		return 0;
	memcpy(recording.strings + offset, text, bytes);
	/* Release: a reader that sees the count sees the bytes. */
	store_release(&s->count, offset + bytes);
	return (uint32_t)offset;
}

void
recording_note(uint32_t trouble)
{
	if (recording.header != NULL)
		fetch_or(&recording.header->trouble, trouble);
}

void
recording_publish_memory(void)
{
	uint64_t bytes = arena_bytes() + PAGE_BYTES;

	for (int i = 0; i < SECTION_COUNT; i++)
		bytes += reserved[i];
	store(&recording.header->tracer_bytes, bytes);
}

void
recording_abandon(void)
{
	/* A child that made no recording has its parent's placeholder, itself a parent. */
	if (recording.header == NULL || is_placeholder)
		return;
	if (!recording_space_imitate()) {
		recording_forget();
		return;
	}
	is_placeholder = true;
	recording.control->paused = RECORDING_PAUSED;
	recording.control->site_base = SITE_BASE_FIRST;
}

void
recording_forget(void)
{
	if (is_placeholder)
		recording_space_unmap();
	is_placeholder = false;
	recording = (struct recording){.control = &no_control};
}
