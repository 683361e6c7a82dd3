/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cmd/run_early.c - find names while the program runs, so that they are there when it ends
 *
 * Opening debug files is most of what there is to do after the end. It is done for the frames that
 * are known so far, and again in growing distances for those that came since.
 */
#include "config.h"

#include "cmd/run_early.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "model/profile.h"
#include "read/locate.h"
#include "read/snapshot.h"
#include "util/clock.h"
#include "util/xalloc.h"

#define FIRST_NS   (CLOCK_SECOND_NS / 50) /* many a program has ended by then */
#define LONGER     4                      /* times, from one look to the next */
#define LOOKS      6
#define RECORDINGS 16 /* looked at each time */

struct run_early {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wakes;
	bool stops;
	uint64_t cpu_ns; /* when it has ended */
	char *directory;
	struct symbolize_options options;
};

/* Until then, or until it is to stop; whether it is. */
static bool
wait_until(struct run_early *early, uint64_t time_ns)
{
	const struct timespec time = clock_to(time_ns);
	bool stops;

	pthread_mutex_lock(&early->mutex);
	while (!early->stops && pthread_cond_timedwait(&early->wakes, &early->mutex, &time) == 0)
		;
	stops = early->stops;
	pthread_mutex_unlock(&early->mutex);
	return stops;
}

static void
look_at(struct run_early *early, const char *path)
{
	struct snapshot *snapshot;

	if (snapshot_open(path, 0, &snapshot) != 0)
		return;
	if (snapshot_update(snapshot, "") == 0)
		symbolize_profile(snapshot_get_profile(snapshot), &early->options);
	snapshot_free(snapshot);
}

static void *
run(void *argument)
{
	struct run_early *early = argument;
	uint64_t time_ns = clock_get_ns(CLOCK_MONOTONIC), distance_ns = FIRST_NS;

	for (int i = 0; i < LOOKS && !wait_until(early, time_ns + distance_ns); i++) {
		struct recording_list list = {0};

		if (!locate_in(early->directory, &list))
			break;
		for (size_t j = 0; j < list.count && j < RECORDINGS && !wait_until(early, 0); j++)
			if (list.files[j].identity.alive)
				look_at(early, list.files[j].path);
		recording_list_release(&list);
		time_ns = clock_get_ns(CLOCK_MONOTONIC);
		distance_ns *= LONGER;
	}
	early->cpu_ns = clock_get_ns(CLOCK_THREAD_CPUTIME_ID);
	return NULL;
}

static bool
has_processor(void)
{
	cpu_set_t processors;

	return sched_getaffinity(0, sizeof(processors), &processors) != 0 ||
	       CPU_COUNT(&processors) > 1;
}

/* Signals are for who waits for the program. */
static int
start_thread(struct run_early *early)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(&early->thread, NULL, run, early);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

static void
release(struct run_early *early)
{
	pthread_cond_destroy(&early->wakes);
	pthread_mutex_destroy(&early->mutex);
	free(early->directory);
	free(early);
}

struct run_early *
run_early_start(const char *directory, const struct symbolize_options *options)
{
	struct run_early *early;
	pthread_condattr_t monotonic;

	if (!has_processor())
		return NULL;
	early = xcalloc(1, sizeof(*early));
	early->directory = xstrdup(directory);
	early->options = *options;
	pthread_mutex_init(&early->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&early->wakes, &monotonic);
	pthread_condattr_destroy(&monotonic);
	if (start_thread(early) == 0)
		return early;
	release(early);
	return NULL;
}

uint64_t
run_early_stop(struct run_early *early)
{
	uint64_t cpu_ns;

	if (early == NULL)
		return 0;
	pthread_mutex_lock(&early->mutex);
	early->stops = true;
	pthread_cond_signal(&early->wakes);
	pthread_mutex_unlock(&early->mutex);
	pthread_join(early->thread, NULL);
	cpu_ns = early->cpu_ns;
	release(early);
	return cpu_ns;
}
