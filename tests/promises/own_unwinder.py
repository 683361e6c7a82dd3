# SPDX-License-Identifier: LGPL-2.1-or-later
"""The unwinder that the runtime opens gets nothing from the program, whatever that exports."""
import os
import re

from harness import case, equal, need, record, report, run, run_cases

PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
static volatile int calls;
#define TRAP(name) long name(void); long name(void) { calls++; return -7; }
%s
void *keep[1000];
__attribute__((noinline)) static void make_shelf(int i) { keep[i] = malloc(300); }
__attribute__((noinline)) static void make_table(int i) { volatile char a[64]; a[i %% 64] = 1; keep[i] = calloc(3, 100); }
int main(void)
{
	for (int i = 0; i < 500; i++)
		make_shelf(i);
	for (int i = 500; i < 1000; i++)
		make_table(i);
	printf("%%d", calls);
	return calls != 0;
}
"""
# The compiler's own library needs these in order to end a thread, and libc to print a stack.
OTHERS = re.compile(r"_Unwind_\w+|__register_frame\w*|__deregister_frame\w*|_init|_fini|_start")


def exported():
    """What libunwind's two libraries define."""
    names = set()
    for library in ("libunwind-x86_64.so.8", "libunwind.so.8"):
        for folder in ("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib64", "/usr/lib"):
            path = os.path.join(folder, library)
            if os.path.exists(path):
                listed = run([need("nm"), "-D", "--defined-only", path]).stdout.decode()
                names |= set(re.findall(r" [TW] (\w+)", listed))
                break
    return sorted(name for name in names if not OTHERS.fullmatch(name))


def build(names):
    with open("traps.c", "w", encoding="utf-8") as file:
        file.write(PROGRAM % "\n".join("TRAP(%s)" % name for name in names))
    done = run([need("gcc"), "-g", "-O1", "-fno-builtin", "-rdynamic", "-o", "traps", "traps.c"])
    equal(done.returncode, 0, done.stderr)


@case("a program that defines each of its functions is called by none")
def traps(_directory):
    names = exported()
    assert "_Ux86_64_flush_cache" in names and len(names) > 50, names
    build(names)
    done = record("run.tally", ["./traps"])
    equal((done.returncode, done.stdout), (0, b"0"), "calls into the program")
    found = {tuple(frame["function"] for frame in group["frames"])[:2]: group["live_blocks"]
             for group in report("top", "run.tally", "--at", "exit", "--by", "stack")["groups"]}
    equal((found.get(("make_shelf", "main")), found.get(("make_table", "main"))), (500, 500), found)


run_cases()
