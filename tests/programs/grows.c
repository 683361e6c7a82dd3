/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * grows.c - memory that grows in a known way, tick by tick
 *
 *     grows WAY snapshots    write a copy of the recording after each tick: 00.recording, ...
 *     grows WAY marks        mark each tick with its number, write a line, and wait for one
 *     grows WAY pace         take 20 ms for each tick, and never end
 *
 * After each tick all that is to be known is there, so what is seen does not depend on the machine.
 */
#include <heaptally.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	TICKS = 24,
	KEPT_MAX = 1 << 20
};

static void *volatile kept[KEPT_MAX];
static long newest;
static void *volatile held; /* until it is given back */

__attribute__((noipa)) static void
leak(size_t bytes)
{
	kept[newest++ % KEPT_MAX] = malloc(bytes);
}

__attribute__((noipa)) static void
fill(size_t bytes)
{
	kept[newest++ % KEPT_MAX] = malloc(bytes);
}

__attribute__((noipa)) static void
hold(size_t bytes)
{
	free(held);
	held = bytes > 0 ? malloc(bytes) : NULL;
}

/* What is kept, and what is not, come from one line. */
__attribute__((noipa)) static void *
take(size_t bytes)
{
	void *volatile block = malloc(bytes);

	return block;
}

static void
steady(int tick)
{
	(void)tick;
	for (int i = 0; i < 10; i++)
		leak(1000);
}

static void
steps(int tick)
{
	if (tick % 5 == 4)
		leak(500000);
}

static void
stop(int tick)
{
	if (tick < 14)
		fill(10000);
}

static void
cache(int tick)
{
	for (int i = 0; i < 512 >> tick; i++)
		fill(1000);
}

static void
start(int tick)
{
	for (int i = 0; tick == 0 && i < 100; i++)
		fill(10000);
}

static void
burst(int tick)
{
	hold(tick >= 8 && tick < 12 ? 5000000 : 0);
}

static void
peak(int tick)
{
	if (tick == 0)
		held = take(50000000);
	if (tick == 2)
		free(held);
	kept[newest++ % KEPT_MAX] = take(2000);
}

static void
two(int tick)
{
	hold(tick < 3 ? 50000000 : 0);
	leak(2000);
}

static void
saw(int tick)
{
	hold((size_t)(tick % 6) * 1000000);
}

/* 8 MB in one of three ticks. */
static void
churn(int tick)
{
	if (tick % 3 == 1)
		held = take(8000000);
	if (tick % 3 == 2)
		free(held);
	kept[newest++ % KEPT_MAX] = take(2000);
}

static void
doubling(int tick)
{
	static size_t used, room;

	(void)tick;
	used += 1000;
	if (used > room) {
		room = room > 0 ? 2 * room : 1000;
		held = realloc(held, room);
	}
}

static void
slow(int tick)
{
	leak(tick == 0 ? 20000000 : 3000);
}

static void *
leak_in_thread(void *unused)
{
	leak(5000);
	return unused;
}

static void *
fill_in_thread(void *tick)
{
	if (tick == NULL)
		fill(700000);
	return NULL;
}

static void
threads(int tick)
{
	pthread_t one, other;

	if (pthread_create(&one, NULL, leak_in_thread, NULL) != 0 ||
	    pthread_create(&other, NULL, fill_in_thread, tick > 0 ? &newest : NULL) != 0)
		abort();
	pthread_join(one, NULL);
	pthread_join(other, NULL);
}

static const struct {
	const char *name;
	void (*grow)(int tick);
} ways[] = {
	{"steady", steady},   {"steps", steps}, {"stop", stop},         {"cache", cache},
	{"start", start},     {"burst", burst}, {"peak", peak},         {"two", two},
	{"saw", saw},         {"churn", churn}, {"doubling", doubling}, {"slow", slow},
	{"threads", threads},
};

static void
tell(int tick, const char *how)
{
	char name[32], answer;

	if (strcmp(how, "snapshots") == 0) {
		snprintf(name, sizeof(name), "%02d.recording", tick);
		if (heaptally_snapshot(name) != 0)
			abort();
		return;
	}
	snprintf(name, sizeof(name), "%d", tick);
	if (heaptally_mark(name) != 0 || write(STDOUT_FILENO, "\n", 1) != 1)
		abort();
	if (read(STDIN_FILENO, &answer, 1) != 1)
		_exit(0);
}

int
main(int argc, char **argv)
{
	bool has_pace = argc == 3 && strcmp(argv[2], "pace") == 0;

	for (size_t i = 0; argc == 3 && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (strcmp(ways[i].name, argv[1]) != 0)
			continue;
		for (int tick = 0; has_pace || tick < TICKS; tick++) {
			ways[i].grow(tick);
			if (has_pace)
				usleep(20000);
			else
				tell(tick, argv[2]);
		}
		return 0;
	}
	return 2;
}
