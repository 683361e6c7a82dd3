# SPDX-License-Identifier: LGPL-2.1-or-later
"""An allocator whose operator new calls no malloc hides what C++ code makes: the report says so."""
import ctypes.util

from harness import Skip, case, environment, equal, heaptally, need, record, report, run, run_cases

SENTENCE = "the allocator has its own operator new: what C++ code makes by it is not seen"

PROGRAM = r"""
#include <new>
int main()
{
	for (int i = 0; i < 1000; i++) {
		void *volatile block = ::operator new(10);
		::operator delete(block);
	}
	return 0;
}
"""

OWN_NEW = r"""
#include <cstdlib>
#include <new>
void *operator new(std::size_t bytes) { return std::malloc(bytes); }
void operator delete(void *block) noexcept { std::free(block); }
void operator delete(void *block, std::size_t) noexcept { std::free(block); }
"""

ALLOCATOR = r"""
#include <stddef.h>
extern void *__libc_malloc(size_t);
extern void __libc_free(void *);
void *malloc(size_t bytes) { return __libc_malloc(bytes); }
void free(void *block) { __libc_free(block); }
#ifdef OWN_NEW
void *_Znwm(size_t bytes) { return __libc_malloc(bytes); }
void _ZdlPv(void *block) { __libc_free(block); }
void _ZdlPvm(void *block, size_t bytes) { (void)bytes, __libc_free(block); }
#endif
"""


def build(compiler, output, text, *flags):
    source = output + (".cpp" if compiler == "g++" else ".c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    done = run([need(compiler), "-O1", *flags, "-o", output, source])
    equal(done.returncode, 0, done.stderr)


def look(program, allocator=None):
    """Whether the sentence is there, and how many blocks were seen."""
    changes = {"LD_PRELOAD": allocator} if allocator else {}
    done = record("run.tally", [program], env=environment(**changes))
    equal(done.returncode, 0, done.stderr)
    result = report("top", "run.tally")
    says = SENTENCE in result["quality"]["troubles"]
    equal(SENTENCE.encode() in heaptally("top", "run.tally").stdout, says, "the text says the same")
    return says, result["totals"]["total_blocks"]


@case("every block of operator new is seen, or the report says that it is not")
def built(directory):
    build("g++", "plain", PROGRAM)
    build("g++", "replaced", OWN_NEW + PROGRAM, "-rdynamic")
    build("gcc", "without.so", ALLOCATOR, "-shared", "-fPIC")
    build("gcc", "with.so", ALLOCATOR, "-shared", "-fPIC", "-DOWN_NEW")
    for program, allocator, expected in (
        ("plain", None, False),
        ("plain", "without.so", False),
        ("plain", "with.so", True),
        ("replaced", "with.so", False),
    ):
        says, blocks = look("./" + program, allocator and directory + "/" + allocator)
        equal((says, blocks < 1000), (expected, expected), "%s behind %s" % (program, allocator))


def known(name):
    @case("behind " + name)
    def behind(_directory):
        allocator = ctypes.util.find_library(name)
        if allocator is None:
            raise Skip(name + " is not installed")
        build("g++", "plain", PROGRAM)
        says, blocks = look("./plain", allocator)
        equal(says or blocks >= 1000, True, "a warning, or %d blocks" % blocks)
        # Asked for a size, an allocator may make an object of its own by the program's operator.
        build("g++", "replaced", OWN_NEW + PROGRAM, "-rdynamic")
        told, blocks = look("./replaced", allocator)
        equal((told, blocks >= 1000), (False, True), "replaced by the program, %d blocks" % blocks)
        build("g++", "linked", PROGRAM, "-Wl,--no-as-needed", "-l:" + allocator)
        equal(look("./linked")[0], says, "the same when linked")


for library in ("jemalloc", "tcmalloc", "mimalloc"):
    known(library)
run_cases()
