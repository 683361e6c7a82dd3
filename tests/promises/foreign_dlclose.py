# SPDX-License-Identifier: LGPL-2.1-or-later
"""What another dlclose than the hooked one unloads is forgotten before its addresses are used again."""
from harness import case, equal, need, record, report, run, run_cases

TWIN = r"""
#include <stdlib.h>
#define JOIN(a, b) a##b
#define NAMED(a, b) JOIN(a, b)
__attribute__((noinline)) static void *NAMED(maker_, NAME)(int bytes) { void *p = malloc(bytes); __asm__ volatile(""); return p; }
void *work(int bytes) { void *p = NAMED(maker_, NAME)(bytes); __asm__ volatile(""); return p; }
"""

# With RTLD_DEEPBIND its dlclose is libc's own.
MANAGER = r"""
#include <dlfcn.h>
#include <stddef.h>
int cycle(const char *file, int bytes)
{
	void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	void *(*work)(int);

	if (handle == NULL)
		return 1;
	*(void **)&work = dlsym(handle, "work");
	for (int i = 0; i < 10; i++)
		work(bytes);
	return dlclose(handle);
}
"""

HOST = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
static int (*cycle)(const char *, int);
int main(int argc, char **argv)
{
	int flags = argc > 1 && argv[1][0] == 'd' ? RTLD_DEEPBIND : 0;
	void *manager = dlopen("./manager.so", RTLD_NOW | flags);

	if (manager == NULL)
		return 2;
	*(void **)&cycle = dlsym(manager, "cycle");
	for (int i = 0; i < 200; i++)
		if (cycle(i % 2 ? "./twin_b.so" : "./twin_a.so", i % 2 ? 300 : 100) != 0)
			return 3;
	return 0;
}
"""


def build(output, text, *flags):
    with open(output + ".c", "w", encoding="utf-8") as file:
        file.write(text)
    done = run([need("gcc"), "-g", "-O1", "-fno-builtin", *flags, "-o", output, output + ".c"])
    equal(done.returncode, 0, done.stderr)


for way in ("deep", "plain"):

    @case("two plug-ins that take turns at one address keep their names: " + way)
    def turns(_directory, way=way):
        for name in ("a", "b"):
            build("twin_%s.so" % name, TWIN, "-shared", "-fPIC", "-DNAME=" + name)
        build("manager.so", MANAGER, "-shared", "-fPIC")
        build("host", HOST)
        done = record("run.tally", ["./host", way])
        equal(done.returncode, 0, done.stderr)
        rows = report("top", "--by", "function", "--at", "exit", "-n", "0", "run.tally")["groups"]
        seen = {row["frames"][0]["function"]: (row["live_blocks"], row["live_bytes"]) for row in rows}
        equal((seen.get("maker_a"), seen.get("maker_b")), ((1000, 100000), (1000, 300000)), seen)


run_cases()
