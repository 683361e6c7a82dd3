# SPDX-License-Identifier: LGPL-2.1-or-later
"""A traced program that grows until it is told to end: a cache, what hangs on it, and what stays as large."""
import contextlib
import os
import subprocess

from harness import LIBRARY, end_child, environment, equal, need, run

GROWS = """
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct entry { struct entry *next; char *text; };
struct cache { struct entry *first; };
static struct cache *g_cache;
void *g_ring[8], *g_once;
static struct cache *cache_new(void) { return calloc(1, sizeof(struct cache)); }
static char *text_new(void) { return calloc(1, 200); }
static void cache_insert(void) {
	struct entry *entry = calloc(1, sizeof(*entry));
	entry->text = text_new(); entry->next = g_cache->first; g_cache->first = entry; }
static void turn(int i) { free(g_ring[i % 8]); g_ring[i % 8] = malloc(50); }
static void *once_new(void) { return malloc(500); }
static void work(void) { char *volatile own[40]; for (int i = 0; i < 40; i++) own[i] = malloc(70);
	for (int i = 0; i < 40; i++) free(own[i]); }
int main(void) {
	struct pollfd fd = {0, POLLIN, 0};
	g_cache = cache_new(); g_once = once_new();
	for (int i = 0; i < 8; i++) turn(i);
	puts("ready"); fflush(stdout);
	for (int i = 0; poll(&fd, 1, 1) == 0; i++) { cache_insert(); turn(i); work(); }
	return 0; }
"""


# An array that is made anew when it grows, as those of C++ are.
ARRAY = """
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static char **g_sessions;
static size_t g_count;
static char *session_new(void) { return calloc(1, 300); }
static void sessions_insert(void) {
	char **larger = calloc(g_count + 1, sizeof(*larger));
	if (g_count != 0)
		memcpy(larger, g_sessions, g_count * sizeof(*larger));
	free(g_sessions); g_sessions = larger; g_sessions[g_count++] = session_new(); }
int main(void) {
	struct pollfd fd = {0, POLLIN, 0};
	sessions_insert();
	puts("ready"); fflush(stdout);
	while (poll(&fd, 1, 1) == 0) sessions_insert();
	return 0; }
"""


# The same cache, whose newest entry is in a variable of the stack as well.
OWN_ENTRY = GROWS.replace("{ cache_insert(); turn(i); work(); }",
                          "{ cache_insert(); struct entry *volatile own = g_cache->first; turn(i); work(); (void)own; }")

# What is kept by half of its pointer alone, and what that holds; beside it what is kept by none. Nothing comes or goes
# but a block that lets a look begin.
HIDDEN = """
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct state { long turns; void *name; };
static uintptr_t g_hidden;
static void *name_new(void) { return calloc(1, 40); }
static void state_new(void) {
	struct state *state = calloc(1, sizeof(*state));
	state->name = name_new(); g_hidden = ~(uintptr_t)state; }
static void state_use(void) { ((struct state *)~g_hidden)->turns++; }
static void forget(void) { memset(malloc(60), 1, 60); }
static void work(void) { free(malloc(70)); }
static void clean_stack(void) { char room[4000]; memset(room, 0, sizeof(room)); __asm__("" : : "r"(room) : "memory"); }
int main(void) {
	struct pollfd fd = {0, POLLIN, 0};
	state_new(); forget(); clean_stack();
	puts("ready"); fflush(stdout);
	while (poll(&fd, 1, 1) == 0) { state_use(); clean_stack(); work(); }
	return 0; }
"""


@contextlib.contextmanager
def growing(source=GROWS):
    """Built and started in this directory; its number."""
    with open("grows.c", "w", encoding="ascii") as file:
        file.write(source)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-fno-inline", "-o", "grows", "grows.c"]).returncode, 0,
          "gcc")
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen(["./grows"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=grows.recording"))
    try:
        child.stdout.readline()
        yield str(child.pid)
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()
