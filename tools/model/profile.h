/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * profile.h - what one traced process allocated, as every report sees it
 *
 * A profile is the model between the readers (`snapshot.h` for a recording, `tally.h` for a file)
 * and everything that filters, groups, compares and prints. It knows nothing of either layout.
 *
 *     profile
 *     +-- modules[]   loaded ELF objects
 *     +-- frames[]    (module, offset) once; after symbolizing each has 1..n locations,
 *     |               innermost inlined function first, the physical function last
 *     +-- nodes[]     call stacks as a tree: (parent, frame); node 0 is the root
 *     +-- sites[]     leaf node of every stack that allocated; index = site number
 *     +-- moments[]   counters of every site at one point in time, oldest first;
 *     |               the last one is the end of the run, or now
 *     +-- samples[]   live size over time, for the curve
 *     +-- marks[]     what was asked of the runtime meanwhile, in order
 *     +-- blocks      single blocks at the last moment, if they were recorded and asked for
 *     +-- leaks       which blocks could not be reached any more, if somebody has looked
 *
 * All strings belong to `strings` and live as long as the profile. Indices are checked when a
 * profile is built: whoever holds one may use every index in it without looking again.
 */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/block.h"
#include "model/leak.h"
#include "util/wrap.h"

struct intern;

enum profile_frame_kind {
	PROFILE_FRAME_ALLOCATOR, /* the allocation function itself: malloc, calloc, ... */
	PROFILE_FRAME_CODE,      /* an address in a module */
	PROFILE_FRAME_ADDRESS,   /* an address in no module */
	PROFILE_FRAME_CUT,       /* `offset` frames were left out here */
	PROFILE_FRAME_THREAD,    /* root: thread id in `offset` */
	PROFILE_FRAME_TRUNCATED, /* root: the stack could not be followed further */
	PROFILE_FRAME_UNKNOWN,   /* no stack at all */
	PROFILE_FRAME_NESTED,    /* no stack: allocated while the tracer itself was interrupted */
	PROFILE_FRAME_PYTHON,  /* an instruction of Python code; has its location from the start */
	PROFILE_FRAME_PROCESS, /* root in a sum: process id in `offset`; its location's function is
				  the title of the process */
};

#define PROFILE_NO_MODULE UINT32_MAX

/* `offset` of an allocator frame that is a pool of the program's own; plus the domain's number. */
#define PROFILE_POOL ((uint64_t)1 << 32)

/* What names were looked up in. */
enum profile_file {
	PROFILE_FILE_AS_MAPPED, /* or not looked for */
	PROFILE_FILE_CHANGED,   /* there is another one in its place, which lent no names */
	PROFILE_FILE_GONE,
	PROFILE_FILES
};

struct profile_module {
	const char *path; /* as loaded; of the executable, resolved */
	uint8_t build_id[20];
	uint32_t build_id_bytes;
	bool unloaded;
	bool is_main;
	uint64_t start, end, bias; /* addresses in the traced process */
	enum profile_file file;

	/* Without a build-id, of the file that was mapped; 0 if not known. */
	uint64_t device, inode, file_bytes;
	uint64_t modified_ns; /* since the epoch, as the next */
	uint64_t seen_ns;     /* when it was mapped already */
};

/* One source position. Unresolved: all NULL and 0; the reader prints module+0xoffset. */
struct profile_location {
	const char *function; /* demangled, or NULL */
	const char *symbol;   /* mangled, of a function that was demangled; else NULL */
	const char *file;     /* absolute where the compiler's folder is known; or NULL */
	uint32_t line;        /* 0 if unknown */
	uint32_t column;
	uint32_t function_line; /* line of the function's declaration, 0 if unknown */
	bool inlined;           /* into the next location of the same frame */
};

struct profile_frame {
	enum profile_frame_kind kind;
	uint32_t module;         /* or PROFILE_NO_MODULE */
	uint64_t offset;         /* return address - bias; look up `offset` - 1 */
	uint32_t location;       /* first, in `locations` */
	uint32_t location_count; /* 0 until symbolized; then at least 1 for PROFILE_FRAME_CODE */
	const char *name;        /* of an allocator: "malloc", ...; of a process: its command; of a
				    thread, if it is known; or NULL */
};

struct profile_node {
	uint32_t parent; /* smaller than the own index; of a child of the root, 0 */
	uint32_t frame;
};

struct profile_values {
	int64_t live_bytes, live_blocks;
	uint64_t total_bytes, total_blocks;
	uint64_t freed_bytes, freed_blocks;
	uint64_t temporary_blocks;
	int64_t rounding_bytes;
	int64_t peak_bytes, peak_blocks; /* at the program's peak up to this moment */
	int64_t lost_bytes, lost_blocks; /* of groups alone: what the last look has found lost */
};

#define PROFILE_LABEL_BYTES 96 /* with its NUL */

struct profile_moment {
	char label[PROFILE_LABEL_BYTES]; /* "" or the text of a mark */
	uint64_t time_ns;                /* since the start of the process */
	uint32_t site_count;             /* sites known then: a prefix of the profile's sites */
	struct profile_values *values;   /* [site_count] */
	struct profile_values sum;       /* over all sites */
	uint64_t peak_time_ns;           /* when the peak up to this moment was (within 0.4 %) */
};

struct profile_sample {
	uint64_t time_ns;
	int64_t live_bytes;
	uint64_t rss_bytes; /* 0 if not sampled */
};

#define PROFILE_RESIDENT_PARTS 14

#define PROFILE_DOMAIN_MMAP    "mmap"

/* What a site has mapped by itself, at a moment. */
struct profile_mapped {
	uint64_t time_ns; /* of the moment */
	uint32_t site;    /* index in `sites`; UINT32_MAX if not known */
	uint32_t range_count;
	uint64_t resident_bytes;
	uint64_t mapped_bytes; /* address space, resident or not */
};

/* Where the resident memory was at a moment, by the parts of `resident.h`. */
struct profile_resident {
	uint64_t time_ns;        /* of the moment */
	uint64_t resident_bytes; /* Rss */
	uint64_t parts[PROFILE_RESIDENT_PARTS];
	uint64_t live_bytes, live_blocks; /* all, resident or not */
	uint64_t untouched_bytes, swapped_live_bytes, swapped_bytes, hugetlb_bytes;
};

enum profile_mark_kind {
	PROFILE_MARK_CLEAR = 1,  /* everything before was forgotten */
	PROFILE_MARK_RESET_PEAK, /* the peak became what was live */
	PROFILE_MARK_LABEL,      /* the moment was noted */
	PROFILE_MARK_PAUSE,      /* no new blocks from here on */
	PROFILE_MARK_RESUME,
	PROFILE_MARK_STOP, /* cleared and paused, by the program itself */
	PROFILE_MARK_KINDS
};

/* Something that was asked of the runtime, and that it did. */
struct profile_mark {
	enum profile_mark_kind kind;
	const char *label; /* "" if it has none */
	uint64_t time_ns;
	int64_t live_bytes, peak_bytes; /* before it took effect; exact */
};

enum profile_pause {
	PROFILE_GOES_ON,
	PROFILE_PAUSED,  /* on request */
	PROFILE_STOPPED, /* started switched off, or stopped by the program */
	PROFILE_PAUSES
};

/* What is known of CPython in the process. */
enum profile_python {
	PROFILE_PYTHON_NONE,    /* there is none */
	PROFILE_PYTHON_ON,      /* its lines, and the blocks of its own allocators */
	PROFILE_PYTHON_FRAMES,  /* its lines */
	PROFILE_PYTHON_OFF,     /* it could not be read; a trouble says why */
	PROFILE_PYTHON_OBJECTS, /* as on; an object has the line that made it */
	PROFILE_PYTHONS
};

enum profile_state {
	PROFILE_RUNNING, /* the process still has its recording mapped */
	PROFILE_EXITED,  /* exit() or return from main was reached */
	PROFILE_ENDED,   /* gone without exit(): _exit, exec, killed or crashed */
};

struct profile {
	/* identity */
	uint32_t pid, parent_pid;
	uint32_t pid_here;      /* by which we know the process; 0 if it is gone or out of sight */
	const char *command;    /* comm */
	const char *executable; /* path */
	const char *arguments;  /* command line, or the title that it gave itself; or "" */
	const char *allocator;  /* module whose malloc is behind ours */
	const char *version;    /* of the heaptally that recorded */
	enum profile_state state;
	enum profile_pause pause; /* at the end, or now */
	int wait_status;          /* as wait(2), when `has_wait_status` */
	bool has_wait_status;
	uint64_t start_realtime_ns;
	uint64_t duration_ns; /* until the end, or now */

	/* quality */
	uint32_t trouble; /* enum profile_trouble bits */
	uint64_t dropped_events, cut_stacks, nested_events, unknown_frees, failed_allocations;
	uint64_t reallocs;
	uint64_t tracer_bytes;
	uint64_t tracer_cpu_ns; /* 0 if unknown */
	uint64_t crosschecks, crosscheck_differences, full_walks, rules;
	int64_t peak_error_bytes; /* bound; 0 is exact */

	/* Resident memory that is no file's, nor the runtime's: the most that was seen, and the
	 * last. 0 if not known. */
	uint64_t anonymous_bytes, anonymous_last_bytes;
	uint32_t frames_limit;
	bool realloc_origin;
	uint32_t threads;
	enum profile_python python;
	uint32_t python_version; /* PY_VERSION_HEX */

	/* In a sum over processes (`merge.h`): how many they are. Else 0. */
	uint32_t process_count;

	/* Processes of a program of which there is no recording: everything else is empty then, and
	 * `notes` has one sentence that says why. 0 in all other profiles. */
	uint32_t unseen;

	/* Sentences on what kept names from being found, each once. */
	const char **notes;
	uint32_t note_count;

	/* tables */
	struct intern *strings;
	struct profile_module *modules;
	struct profile_frame *frames;
	struct profile_location *locations;
	struct profile_node *nodes;
	uint32_t *sites; /* leaf node */
	struct profile_moment *moments;
	struct profile_sample *samples;
	struct profile_mark *marks;
	struct profile_resident *residents; /* of some moments, the oldest first */
	struct profile_mapped *mapped;      /* of those moments, in the same order */
	struct block_set blocks;
	struct leak_set leaks;
	uint32_t module_count, frame_count, location_count, node_count, site_count;
	uint32_t moment_count, sample_count, mark_count, resident_count, mapped_count;
	bool symbolized;
};

/* An empty profile with a string table. Never NULL. */
struct profile *profile_new(void);

/* NULL is accepted. */
void profile_free(struct profile *profile);

/*
 * Fill `sum` of every moment from its values, and check every index. 0, or -EBADMSG when an index
 * points outside its table or a parent is not smaller than its node.
 */
int profile_finish(struct profile *profile);

/* Add values to sum, wrapping around where the numbers of a hostile file are too large. */
void profile_values_add(struct profile_values *sum, const struct profile_values *values);

/* The same the other way. */
void profile_values_subtract(struct profile_values *rest, const struct profile_values *values);

/* new - old, wrapping around likewise. */
static inline int64_t
profile_get_change(int64_t old, int64_t new)
{
	return wrap_subtract(new, old);
}

/* How a note begins that is not about a file. */
#define PROFILE_NOTE_GENERATED "generated code"

#define PROFILE_NOTES_MAX      64 /* more are dropped */

/* Add a sentence to `notes`, unless it is there already. */
void profile_insert_note(struct profile *profile, const char *sentence);

/* The peak up to the last moment, in bytes; -1 without a moment. */
int64_t profile_get_peak(const struct profile *profile);

/*
 * Move the moments and samples of an earlier view of the same process in front of those of profile.
 * from must have no more sites. 0, or -EINVAL if it is no such view, and nothing is moved.
 */
int profile_insert_history(struct profile *profile, struct profile *from);

/* The most memory that was seen to be resident, of files too; 0 when nothing sampled it. */
uint64_t profile_get_resident_peak(const struct profile *profile);

/* The last of `residents` that is not after this time; NULL if there is none. */
const struct profile_resident *profile_find_resident(const struct profile *profile,
						     uint64_t time_ns);

/* Append one. When there are many, every second one goes. */
void profile_insert_resident(struct profile *profile, const struct profile_resident *resident);

/* Append what sites have mapped by themselves at the last of them; their times are set. */
void profile_insert_mapped(struct profile *profile, const struct profile_mapped *sites,
			   uint32_t count);

/* Those of a moment that `profile_find_resident` gave: how many. */
uint32_t profile_find_mapped(const struct profile *profile, const struct profile_resident *resident,
			     const struct profile_mapped **ret_sites);

/* Free all moments but the last `kept` ones. */
void profile_drop_moments(struct profile *profile, uint32_t kept);

/* Whether stacks end in the thread that they are of. */
bool profile_has_threads(const struct profile *profile);

/* "clear", "reset-peak", "mark", "pause", "resume" or "stop". */
const char *profile_mark_name(enum profile_mark_kind kind);

/* The last mark with this label, or NULL. */
const struct profile_mark *profile_find_mark(const struct profile *profile, const char *label);

/* Whether the peak began anew at this mark. */
bool profile_mark_ends_peak(const struct profile_mark *mark);

/* The mark that ended the largest peak, if that was larger than the one since; else NULL. */
const struct profile_mark *profile_find_earlier_peak(const struct profile *profile);

/* What of the run is not in the numbers. */
struct profile_gaps {
	bool off_at_start;
	bool paused;            /* at the end, or now */
	bool by_pause, by_stop; /* what was asked for */
	uint64_t paused_ns;     /* in all, also before the first resume */
	bool cleared;
	uint64_t cleared_ns; /* the last time */
	bool peak_reset;     /* since it was cleared */
	uint64_t peak_reset_ns;
};

void profile_get_gaps(const struct profile *profile, struct profile_gaps *ret_gaps);

/* "running", "exited" or "ended". */
const char *profile_state_name(enum profile_state state);

/* A moment as the user names it. SEMANTICS: exit, peak, now, 12.5s, snap:N, snap:-1, mark:LABEL. */
struct profile_at {
	const struct profile_moment *moment;
	bool peak;    /* take peak_bytes and peak_blocks of it instead of the live ones */
	bool by_mark; /* it was chosen as that of a mark */
};

/*
 * Find the moment called name ("exit" and "now" are both the last one; "12.5s" the last one not
 * after it). 0; -EINVAL if the name has no known form; -ENOENT if there is no such moment; -ENODATA
 * if there is such a mark, but no moment was taken then.
 */
int profile_find_moment(const struct profile *profile, const char *name, struct profile_at *ret_at);

#endif
