# SPDX-License-Identifier: LGPL-2.1-or-later
"""Below an older libc the program starts, and its calls are passed through without a word."""
import os
import re

from harness import case, equal, heaptally, need, run, run_cases
from traced import same

# It has no start files: those ask for a version of libc that is not old.
PROGRAM = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <malloc.h>
__attribute__((force_align_arg_pointer)) void _start(void)
{
	void *aligned = NULL;
	char *block = malloc(100), *zero = calloc(10, 10);

	if (block == NULL || zero == NULL || zero[99] != 0 || malloc_usable_size(block) < 100)
		exit(2);
	block = realloc(strcpy(block, "kept"), 100000);
	if (strcmp(block, "kept") != 0 || posix_memalign(&aligned, 64, 64) != 0 ||
	    (size_t)aligned % 64 != 0)
		exit(3);
	free(block);
	free(zero);
	free(aligned);
	free(memalign(4096, 1));
	free(valloc(1));
	puts("fine");
	exit(0);
}
"""


def mapped(name):
    with open("/proc/self/maps", encoding="utf-8") as file:
        found = re.search(r"(/\S*/%s)$" % name, file.read(), re.M)
    assert found, name
    return os.path.realpath(found[1])


def make_old(directory, runs=True):
    """The libc of here without what an old one does not have, its loader, and a program for them."""
    with open(mapped(r"libc\.so\.6"), "rb") as file:
        content = file.read()
    for name in (b"_dl_find_object", b"_Fork", b"reallocarray"):
        assert name + b"\0" in content, name
        content = content.replace(name + b"\0", b"x" * len(name) + b"\0")
    with open("libc.so.6", "wb") as file:
        file.write(content)
    with open(mapped(r"ld-linux[^/]*"), "rb") as file:
        loader = file.read()
    # A newer libc does not run without it.
    if not runs or b"__rseq_offset\0" not in content:
        loader = loader.replace(b"__rseq_offset\0", b"x" * 13 + b"\0")
    with open("old-ld.so", "wb") as file:
        file.write(loader)
    os.chmod("old-ld.so", 0o755)
    with open("old.c", "w", encoding="utf-8") as file:
        file.write(PROGRAM)
    done = run([need("gcc"), "-O1", "-fno-builtin", "-nostartfiles", "-o", "old", "old.c"])
    equal(done.returncode, 0, done.stderr)
    return [directory + "/old-ld.so", "--library-path", directory, "./old"]


@case("it is as without the runtime, and leaves no recording")
def silent(directory):
    result = same(make_old(directory))
    equal((result.returncode, result.stdout), (0, b"fine\n"), "the program")
    equal(result.recordings, [], "recordings")


@case("below a traced shell, too")
def below(directory):
    words = " ".join(make_old(directory))
    done = heaptally("run", "-q", "-o", "run.tally", "--", "sh", "-c", words + "; echo $?")
    equal((done.returncode, done.stdout, done.stderr), (0, b"fine\n0\n", b""), "what is seen")


@case("run says why it cannot be traced, by the loader's name and by the program's")
def told(directory):
    words = make_old(directory, runs=False)
    linked = run([need("gcc"), "-O1", "-fno-builtin", "-nostartfiles", "-o", "linked", "old.c",
                  "-Wl,--dynamic-linker=" + words[0]])
    equal(linked.returncode, 0, linked.stderr)
    for command, said in ((words, "old-ld.so is the loader"), (["./linked"], "linked is started by .*, the loader")):
        done = heaptally("run", "--", *command)
        equal(done.returncode, 125, command)
        assert re.search(said + " of a glibc before 2.35", done.stderr.decode()), done.stderr


run_cases()
