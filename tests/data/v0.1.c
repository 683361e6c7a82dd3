/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * v0.1.c - the program whose tally, made by heaptally 0.1.0, is v0.1.tally
 *
 *     gcc -g -O1 -fno-builtin -o demo v0.1.c
 *     heaptally run -o v0.1.tally --every 0.1 --threads --blocks --frames 8 ./demo
 *
 * It was built and run in /usr/src/demo. The file is never made again: that it can be read is what
 * tests/cli/old_tally.py is about.
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "heaptally.h"

static void *kept[4000];

__attribute__((noinline)) static void
take(int first, int count, size_t bytes)
{
	for (int i = first; i < first + count; i++)
		kept[i] = malloc(bytes);
}

__attribute__((noinline)) static void
drop(int first, int count)
{
	for (int i = first; i < first + count; i++) {
		free(kept[i]);
		kept[i] = NULL;
	}
}

__attribute__((noinline)) static void
descend(int levels)
{
	if (levels == 0)
		kept[3000] = calloc(3, 700);
	else
		descend(levels - 1);
	__asm__ volatile("" ::: "memory");
}

static void *
work(void *unused)
{
	take(2000, 50, 100);
	drop(2000, 20);
	return unused;
}

static void
rest(void)
{
	nanosleep(&(struct timespec){0, 120000000}, NULL);
}

static void
start_child(int blocks)
{
	pid_t child = fork();

	if (child == 0) {
		take(1000, blocks, 48);
		exit(0);
	}
	waitpid(child, NULL, 0);
}

int
main(void)
{
	static char pool[64];
	pthread_t thread;

	take(0, 600, 1024);
	rest();
	heaptally_mark("warm");
	drop(0, 200);
	heaptally_pause();
	take(3500, 10, 5000);
	heaptally_resume();
	descend(20);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	heaptally_name_domain(7, "arena");
	heaptally_track(7, (uintptr_t)pool, sizeof(pool));
	kept[3001] = realloc(malloc(10), 20000);
	rest();
	heaptally_mark("after");
	start_child(300);
	start_child(77);
	heaptally_reset_peak();
	rest();
	take(700, 5, 32);
	heaptally_pause();
	return 3;
}
