# SPDX-License-Identifier: LGPL-2.1-or-later
"""Programs that lose what they are told to: 600 bytes in two blocks at a place, 40 in one at another."""
from harness import equal, need, run

FUNCTIONS = r"""
#include <stdlib.h>
#include <string.h>
void *kept[64];
static __attribute__((noinline)) void lose_few(int n) { for (int i = 0; i < n; i++) *(void *volatile *)malloc(100) = malloc(500); }
static __attribute__((noinline)) void lose_many(int n) { for (int i = 0; i < n; i++) *(volatile char *)malloc(40) = 1; }
static __attribute__((noinline)) void keep(void) { for (int i = 0; i < 64; i++) kept[i] = malloc(10000); }
static __attribute__((noinline)) void pass(void) { void *volatile big = malloc(9000000); free(big); }
static __attribute__((noinline)) void clean(void) { volatile char area[16384]; memset((char *)area, 0, sizeof(area)); }
"""


def build(name, main):
    """The program of this name, which ends as its main says."""
    with open(name + ".c", "w", encoding="ascii") as file:
        file.write(FUNCTIONS + main)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", name, name + ".c"]).returncode, 0, "gcc")
