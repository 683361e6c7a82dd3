# SPDX-License-Identifier: LGPL-2.1-or-later
"""What an allocator offers besides malloc is seen: operator new and delete, jemalloc's mallocx."""

from harness import case, environment, equal, heaptally, need, need_library, record, report, run, run_cases

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

# Each kind of operator new makes 1,000 blocks of a size of its own, and half of them are freed.
FAMILY = r"""
#include <cstddef>
#include <new>
struct alignas(64) wide { char bytes[128]; };
static void *blocks[8][1000];
extern "C" void make_all()
{
	for (int i = 0; i < 1000; i++) {
		blocks[0][i] = ::operator new(11);
		blocks[1][i] = ::operator new[](12);
		blocks[2][i] = ::operator new(13, std::nothrow);
		blocks[3][i] = ::operator new[](14, std::nothrow);
		blocks[4][i] = new wide;
		blocks[5][i] = new wide[2];
		blocks[6][i] = new (std::nothrow) wide[3];
		blocks[7][i] = new (std::nothrow) wide[4];
	}
	for (int i = 0; i < 500; i++) {
		::operator delete(blocks[0][i]);
		::operator delete[](blocks[1][i]);
		::operator delete(blocks[2][i], std::nothrow);
		::operator delete[](blocks[3][i], std::nothrow);
		delete (wide *)blocks[4][i];
		delete[] (wide *)blocks[5][i];
		delete[] (wide *)blocks[6][i];
		delete[] (wide *)blocks[7][i];
	}
}
"""
MAIN = "int main() { make_all(); return 0; }\n"

HOST = r"""
#include <dlfcn.h>
#include <stdio.h>
int main(void)
{
	void *library = dlopen("./plugin.so", RTLD_NOW | RTLD_LOCAL);

	if (library == NULL)
		return 2;
	((void (*)(void))dlsym(library, "make_all"))();
	puts(dlsym(RTLD_DEFAULT, "mallocx") != NULL ? "mallocx" : "none");
	return 0;
}
"""

# The handler allocates, and gives up at its third call; the exception passes through the hook.
THROWS = r"""
#include <cstdlib>
#include <new>
static int calls;
static void handler()
{
	void *volatile block = ::operator new(100);
	::operator delete(block);
	if (++calls % 3 == 0)
		std::set_new_handler(nullptr);
}
static __attribute__((noinline)) bool fails()
{
	try {
		volatile std::size_t bytes = (std::size_t)1 << 62;
		void *volatile block = ::operator new(bytes);
		return block == nullptr;
	} catch (const std::bad_alloc &) {
		return true;
	}
}
int main()
{
	for (int i = 0; i < 100; i++) {
		std::set_new_handler(handler);
		if (!fails())
			return 3;
		void *volatile block = ::operator new(10);
		::operator delete(block);
	}
	return calls == 300 ? 0 : 4;
}
"""

MALLOCX = r"""
#include <stddef.h>
#include <string.h>
void *mallocx(size_t, int);
void *rallocx(void *, size_t, int);
size_t xallocx(void *, size_t, size_t, int);
size_t sallocx(const void *, int);
size_t nallocx(size_t, int);
void dallocx(void *, int);
void sdallocx(void *, size_t, int);
int main(void)
{
	static void *blocks[1000];

	for (int i = 0; i < 1000; i++)
		blocks[i] = mallocx(100, i % 2 ? 0x40 : 0); /* MALLOCX_ZERO */
	for (int i = 0; i < 500; i++)
		blocks[i] = rallocx(blocks[i], 200, 0);
	for (int i = 500; i < 600; i++)
		if (xallocx(blocks[i], 104, 0, 0) < 104)
			return 3;
	/* There is no room for that. */
	if (xallocx(blocks[700], (size_t)1 << 24, 0, 0) >= (size_t)1 << 24)
		return 4;
	if (sallocx(blocks[700], 0) != nallocx(100, 0))
		return 5;
	for (int i = 0; i < 250; i++)
		dallocx(blocks[i], 0);
	for (int i = 250; i < 500; i++)
		sdallocx(blocks[i], 200, 0);
	return 0;
}
"""

ALLOCATOR = r"""
#include <stddef.h>
extern void *__libc_malloc(size_t);
extern void __libc_free(void *);
void *malloc(size_t bytes) { return __libc_malloc(bytes); }
void free(void *block) { __libc_free(block); }
#ifdef OWN_NEW
void *_Znwm(size_t bytes) { return INNER(bytes); }
void _ZdlPv(void *block) { __libc_free(block); }
void _ZdlPvm(void *block, size_t bytes) { (void)bytes, __libc_free(block); }
#endif
"""


def build(compiler, output, text, *flags):
    source = output + (".cpp" if compiler == "g++" else ".c")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    done = run([need(compiler), "-O1", "-g", *flags, "-o", output, source])
    equal(done.returncode, 0, done.stderr)


def look(program, allocator=None):
    """The report of a run, whose data must be whole."""
    changes = {"LD_PRELOAD": allocator} if allocator else {}
    done = record("run.tally", [program], env=environment(**changes))
    equal(done.returncode, 0, done.stderr)
    info = report("info", "run.tally")
    equal(info["unknown_frees"], 0, "frees of unknown blocks")
    equal(SENTENCE in info["troubles"], False, "the warning")
    equal(SENTENCE.encode() in heaptally("top", "run.tally").stdout, False, "nor in the text")
    return report("top", "run.tally", "--by", "function", "--at", "exit")


def name_of(group):
    return str(group["frames"][0]["function"]).split("(")[0] if group["frames"] else ""


def row(result, function):
    rows = [r for r in result["groups"] if name_of(r) == function]
    equal(len(rows), 1, "rows of %s: %s" % (function, result["groups"]))
    return rows[0]


def numbers(result, function):
    found = row(result, function)
    return {name: found[name]
            for name in ("total_blocks", "total_bytes", "live_blocks", "live_bytes")}


WIDE = 128 * (1 + 2 + 3 + 4)
SMALL = 11 + 12 + 13 + 14
EXPECTED = {"total_blocks": 8000, "total_bytes": 1000 * (SMALL + WIDE),
            "live_blocks": 4000, "live_bytes": 500 * (SMALL + WIDE)}


@case("an operator new that calls malloc counts once, and one that does not counts, too")
def built(directory):
    build("g++", "plain", PROGRAM)
    build("g++", "replaced", OWN_NEW + PROGRAM, "-rdynamic")
    build("gcc", "without.so", ALLOCATOR, "-shared", "-fPIC")
    build("gcc", "with.so", ALLOCATOR, "-shared", "-fPIC", "-DOWN_NEW", "-DINNER=__libc_malloc")
    build("gcc", "calls.so", ALLOCATOR, "-shared", "-fPIC", "-DOWN_NEW", "-DINNER=malloc")
    for program, allocator in (
        ("plain", None), ("plain", "without.so"), ("plain", "with.so"), ("plain", "calls.so"),
        ("replaced", None), ("replaced", "with.so"),
    ):
        equal(numbers(look("./" + program, allocator and directory + "/" + allocator), "main"),
              {"total_blocks": 1000, "total_bytes": 10000, "live_blocks": 0, "live_bytes": 0},
              "%s behind %s" % (program, allocator))


@case("without such an allocator nothing of it exists")
def nothing(_directory):
    build("g++", "plugin.so", FAMILY, "-std=c++17", "-shared", "-fPIC")
    build("gcc", "host", HOST)
    equal(numbers(look("./host"), "make_all"), EXPECTED, "by libstdc++'s operator new")
    equal(record("again.tally", ["./host"]).stdout, b"none\n", "mallocx")


def known(name):
    @case("behind %s, every block of C++, to the byte" % name)
    def behind(_directory):
        allocator = need_library(name)
        build("g++", "family", FAMILY + MAIN, "-std=c++17")
        build("g++", "now", FAMILY + MAIN, "-std=c++17", "-Wl,-z,now", "-fno-plt")
        build("g++", "linked", FAMILY + MAIN, "-std=c++17", "-Wl,--no-as-needed",
              "-l:" + allocator)
        build("g++", "plugin.so", FAMILY, "-std=c++17", "-shared", "-fPIC")
        build("gcc", "host", HOST)
        for program, preloaded in (("family", allocator), ("now", allocator), ("linked", None),
                                   ("host", allocator)):
            equal(numbers(look("./" + program, preloaded), "make_all"), EXPECTED, program)
        # Asked for a size, an allocator may make an object of its own by the program's operator.
        build("g++", "replaced", OWN_NEW + PROGRAM, "-rdynamic")
        equal(row(look("./replaced", allocator), "main")["total_blocks"], 1000, "replaced")


def throwing(name):
    @case("behind %s, operator new throws and calls its handler" % name)
    def throws(_directory):
        build("g++", "throws", THROWS)
        result = look("./throws", need_library(name))
        equal(row(result, "handler")["total_blocks"], 300, "blocks of the handler")
        equal(row(result, "main")["total_blocks"], 100, "blocks after an exception")


for allocator_name in ("jemalloc", "tcmalloc", "mimalloc"):
    known(allocator_name)
# mimalloc ends the program instead, being built as C.
for allocator_name in ("jemalloc", "tcmalloc"):
    throwing(allocator_name)


@case("jemalloc's mallocx and its family")
def family_of_mallocx(_directory):
    allocator = need_library("jemalloc")
    for flags in ([], ["-Wl,-z,now"], ["-fno-plt", "-no-pie"]):
        build("gcc", "mallocx", MALLOCX, "-Wl,--no-as-needed", "-l:" + allocator, *flags)
        result = look("./mallocx")
        equal(numbers(result, "main"),
              {"total_blocks": 1600, "total_bytes": 100 * 1000 + 200 * 500 + 104 * 100,
               "live_blocks": 500, "live_bytes": 400 * 100 + 100 * 104}, str(flags))
        info = report("info", "run.tally")
        equal((info["realloc_count"], info["failed_allocations"]), (600, 0), "reallocs, failures")


@case("an allocator's functions of other names are a warning, and only where they are called")
def other_names(_directory):
    own = ("#include <stddef.h>\nvoid *mi_malloc(size_t bytes);\nvoid mi_free(void *block);\n"
           "int main(void) { mi_free(mi_malloc(77)); return 0; }\n")
    build("gcc", "own", own, "-Wl,--no-as-needed", "-l:" + need_library("mimalloc"))
    build("gcc", "plain", "#include <stdlib.h>\nint main(void) { return malloc(77) == NULL; }\n",
          "-Wl,--no-as-needed", "-l:" + need_library("mimalloc"))
    warning = b"own calls mi_free, mi_malloc of "
    for name, options, expected in (("own", [], True), ("own", ["-q"], True), ("plain", [], False)):
        said = heaptally("run", "-f", *options, "-o", "run.tally", "--", "./" + name).stderr
        # The order is that of the symbols.
        equal(warning in said.replace(b"mi_malloc, mi_free", b"mi_free, mi_malloc"), expected, (name, said))
        equal(b"are not hooked" in said, expected, name)


run_cases()
