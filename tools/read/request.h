/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * request.h - ask something of the runtime in a living process
 *
 * Through the recording alone, as recording.h says ("Requests"): the process is neither stopped nor
 * signalled. The next allocation or free of any of its threads carries the request out; until
 * then it is pending, for as long as it takes. Only one can be pending at a time.
 */
#ifndef REQUEST_H
#define REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "model/profile.h"

struct request {
	enum profile_mark_kind kind; /* not PROFILE_MARK_STOP; else 0, and one of the next two */
	bool look;                   /* let a copy of the process look who points at whom */
	const char *graph;           /* of a look: its path; an old one of our number goes */
	uint32_t key;                /* of a look: not 0 to have sums that can be compared */
	bool collect;                /* take notice that the copy has ended */
	bool retracts;               /* what nobody has seen in time is taken back */
	const char *label;           /* of PROFILE_MARK_LABEL, shorter than PROFILE_LABEL_BYTES */
	uint64_t wait_ns;            /* for each: our turn, an earlier request, the answer */
};

enum request_outcome {
	REQUEST_IS_DONE,    /* `mark` says when */
	REQUEST_IS_PENDING, /* the process has not allocated or freed since */
	REQUEST_IS_REFUSED, /* it was seen, but could not be carried out or noted */
	REQUEST_IS_BEHIND,  /* not made: `earlier` is pending */
	REQUEST_IS_LOCKED,  /* not made: another tool is at it */
	REQUEST_IS_LATE,    /* the process ended first */
};

struct request_answer {
	enum request_outcome outcome;
	uint32_t pid;
	char command[16];
	bool is_stopped;          /* by a signal; seen with REQUEST_IS_PENDING and _BEHIND */
	struct profile_mark mark; /* without its label */
	uint32_t serial;          /* of a look: the graph has the same */
	int look_error;           /* 0, or the -errno of why there is no copy */
	uint32_t look_process;    /* the copy, in the process's own namespace */
	uint64_t look_pause_ns;
	enum profile_mark_kind earlier; /* 0 if it is none that we know */
	char earlier_label[PROFILE_LABEL_BYTES];
};

/*
 * Make a request to the process of the recording at path, which must be ours, and wait for it. 0
 * with an answer; -ESRCH if the process ended; else as `snapshot_open`.
 */
int request_make(const char *path, const struct request *request,
		 struct request_answer *ret_answer);

#endif
