#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""symbols.py - names and lines against addr2line, in every form debug information comes in"""
import collections
import os
import re
import shutil
import subprocess

from harness import LIBRARY, SOURCE, Skip, case, environment, equal, heaptally, need, record, \
    report, run, run_cases

PROGRAM = os.path.join(SOURCE, "tests", "programs", "tree.cpp")


LOCAL = """
#include <cstdlib>
void *volatile kept[4];
template <class F> static inline void call(F work)
{
	struct local {
		static __attribute__((noinline)) void go(F &inner) { inner(); }
	};
	local::go(work);
}
int main()
{
	int first = 1;
	call([&] { kept[0] = std::malloc(10 + first); });
	call([&] { call([&] { kept[1] = std::malloc(20 + first); }); });
	return 0;
}
"""


def build(compiler, *flags, source=PROGRAM, output="tree"):
    done = run([compiler, "-O2", *flags, "-o", output, source])
    assert done.returncode == 0, done.stderr
    return os.path.abspath(output)


def addr2line(path, offsets):
    """By offset of a return address: the chain of (file, line), innermost first."""
    words = "".join("%#x\n" % (offset - 1) for offset in offsets)
    done = subprocess.run([need("addr2line"), "-a", "-i", "-e", path], input=words.encode(),
                          stdout=subprocess.PIPE, check=True)
    chains = []
    for line in done.stdout.decode().splitlines():
        if re.fullmatch("0x[0-9a-f]+", line):
            chains.append([])
        else:
            name, number = line.split(" (")[0].rsplit(":", 1)
            chains[-1].append((os.path.normpath(name), int(number) if number != "?" else 0))
    return dict(zip(offsets, chains))


def traced_chains(tally, module):
    """The same from the stacks of a report."""
    chains = {}
    for group in report("top", "--by", "stack", "--raw-frames", "-n", "0", tally)["groups"]:
        chain = []
        for frame in group["frames"]:
            if frame["module"] != module:
                continue
            chain.append((os.path.normpath(frame["file"] or "??"), frame["line"] or 0))
            if not frame["inlined"]:
                chains[int(frame["offset"], 16)] = chain
                chain = []
    return chains


def compare(path, debug_file=None, at_least=5):
    equal(record("run.tally", [path]).returncode, 0, "status")
    ours = traced_chains("run.tally", path)
    theirs = addr2line(debug_file or path, sorted(ours))
    in_source = [chain for chain in theirs.values() if chain[0][1] > 0]
    assert len(in_source) >= at_least, theirs
    assert any(len(chain) > 1 for chain in in_source), "nothing is inlined"
    for offset, chain in theirs.items():
        if chain[0][1] > 0:
            equal(ours[offset], chain, "%#x" % offset)


@case("DWARF 5 of gcc")
def dwarf5(_directory):
    compare(build(need("g++"), "-gdwarf-5"))


@case("DWARF 4 of gcc")
def dwarf4(_directory):
    compare(build(need("g++"), "-gdwarf-4"))


@case("files are absolute paths, whatever the compiler was given")
def absolute(directory):
    for folder in "src", "inc":
        os.makedirs(folder)
    write("inc/part.h", "static inline __attribute__((always_inline)) void *part(int n) { return malloc(n); }\n")
    write("src/one.c", "#include <stdlib.h>\n#include <part.h>\nvoid *volatile one_kept;\n"
          "void one(void) { one_kept = part(100); }\n")
    write("main.c", "#include <stdlib.h>\n#include \"part.h\"\nvoid one(void);\nvoid *volatile kept;\n"
          "int main(void) { kept = part(1000); kept = malloc(30); one(); return 0; }\n")
    here = os.path.realpath(directory)
    for compiler in [need("gcc")] + ([shutil.which("clang")] if shutil.which("clang") else []):
        for version in "4", "5":
            done = run([compiler, "-gdwarf-" + version, "-O1", "-fno-builtin", "-I", "./inc//", "-o", "app",
                        "src/.//one.c", "./main.c"])
            equal((done.returncode, done.stderr), (0, b""), "compiler")
            record("app.tally", ["./app"])
            groups = report("top", "--by", "stack", "--at", "exit", "app.tally")["groups"]
            files = {frame["file"] for group in groups for frame in group["frames"]
                     if frame["module"] == os.path.join(here, "app") and frame["file"]}
            equal({file for file in files if file.startswith(here)},
                  {here + "/inc/part.h", here + "/src/one.c", here + "/main.c"}, (compiler, version))
            equal([file for file in files if not file.startswith("/")], [], "relative ones")
    # What was given as relative on purpose stays so.
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-I", "inc", "-ffile-prefix-map=%s=." % here, "-o", "app",
               "src/one.c", "main.c"]).returncode, 0, "gcc")
    record("app.tally", ["./app"])
    files = {group["frames"][0]["file"] for group in report("top", "--at", "exit", "app.tally")["groups"]}
    assert not any(file and file.startswith(here) for file in files), files


@case("compressed sections")
def compressed(_directory):
    compare(build(need("g++"), "-g", "-gz"))


@case("type units")
def type_units(_directory):
    compare(build(need("g++"), "-gdwarf-4", "-fdebug-types-section"))


@case("a separate file named by .gnu_debuglink")
def debuglink(_directory):
    path = build(need("g++"), "-g")
    for words in (["--only-keep-debug", path, path + ".debug"],
                  ["--strip-debug", "--add-gnu-debuglink=%s.debug" % path, path]):
        equal(run([need("objcopy"), *words]).returncode, 0, "objcopy")
    compare(path, path + ".debug")


def local_source():
    with open("local.cpp", "w", encoding="utf-8") as source:
        source.write(LOCAL)
    return "local.cpp"


@case("functions of classes that are local to inlined functions")
def local_classes(_directory):
    compare(build(need("g++"), "-g", source=local_source()), at_least=3)
    lines = {group["frames"][0]["line"] for group in report("top", "run.tally")["groups"]
             if (group["frames"][0]["file"] or "").endswith("local.cpp")}
    equal(lines, {LOCAL[:LOCAL.index(text)].count("\n") + 1 for text in ("malloc(10", "malloc(20")},
          "lines")


def scoped_names(language, attribute=0x13):
    """Functions of LOCAL, when its unit says that it is in this language."""
    compiler = need("g++")
    equal(run([compiler, "-std=c++20", "-O1", "-gdwarf-5", "-dA", "-S", local_source()]).returncode, 0,
          "compiler")
    with open("local.s", encoding="utf-8") as file:
        text = file.read()
    text, values = re.subn(r"\.byte\s+0x\w+(\s+# DW_AT_language)", r".byte %#x\1" % language, text)
    text, names = re.subn(r"\.uleb128 0x13(\s+# \(DW_AT_language)",
                          r".uleb128 %#x\1" % attribute, text)
    equal((values, names), (1, 1), "languages in the assembly")
    with open("local.s", "w", encoding="utf-8") as file:
        file.write(text)
    equal(run([compiler, "-o", "local", "local.s"]).returncode, 0, "assembler")
    equal(record("run.tally", ["./local"]).returncode, 0, "status")
    return {frame["function"] for group in report("top", "--by", "stack", "run.tally")["groups"]
            for frame in group["frames"] if (frame["file"] or "").endswith("local.cpp")}


@case("C++ of every year has its scopes: by DW_AT_language and by that of DWARF 6")
def languages(_directory):
    expected = scoped_names(0x21)
    assert any("::" in name for name in expected), expected
    assert scoped_names(0x0c) != expected, "C has no scopes"
    for language in (0x04, 0x1a, 0x2a, 0x2b, 0x3a):
        equal(scoped_names(language), expected, "language %#x" % language)
    equal(scoped_names(0x04, attribute=0x90), expected, "language name")


@case("clang's C++20 has its scopes")
def clang_scopes(_directory):
    path = build(need("clang++"), "-std=c++20", "-gdwarf-5", source=local_source())
    equal(record("run.tally", [path]).returncode, 0, "status")
    names = {frame["function"] for group in report("top", "--by", "stack", "run.tally")["groups"]
             for frame in group["frames"] if (frame["file"] or "").endswith("local.cpp")}
    assert any("::local::go" in name for name in names), names


@case("split DWARF gives what DWARF in one file gives")
def split(_directory):
    counts = []
    for flags in (["-g"], ["-g", "-gsplit-dwarf"]):
        path = build(need("g++"), *flags)
        equal(record("run.tally", [path]).returncode, 0, "status")
        counts.append(collections.Counter(
            tuple(chain) for chain in traced_chains("run.tally", path).values()))
    equal(counts[1], counts[0], "chains")


@case("clang's DWARF has functions, files and lines")
def clang(_directory):
    path = build(need("clang++"), "-g")
    equal(record("run.tally", [path]).returncode, 0, "status")
    groups = report("top", "-n", "0", "run.tally")["groups"]
    named = [group["frames"][0] for group in groups
             if group["frames"] and (group["frames"][0]["file"] or "").endswith("tree.cpp")]
    assert named and all(frame["function"] and frame["line"] for frame in named), groups


@case("without debug information the symbol table names functions")
def symbol_table(_directory):
    path = build(need("g++"))
    equal(record("run.tally", [path]).returncode, 0, "status")
    frames = [group["frames"][0] for group in report("top", "-n", "0", "run.tally")["groups"]]
    frames = [frame for frame in frames if frame["module"] == path]
    assert frames and all(frame["function"] and frame["file"] is None for frame in frames), frames


@case("stripped, a place is module and offset")
def stripped(_directory):
    path = build(need("g++"), "-s")
    equal(record("run.tally", [path]).returncode, 0, "status")
    text = heaptally("top", "-n", "0", "run.tally").stdout.decode()
    assert re.search(r"tree\+0x[0-9a-f]+", text), text


@case("a program that was rebuilt does not lend its names to an old recording")
def stale(_directory):
    path = build(need("g++"), "-g", "-Wl,--build-id")
    run([path], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=%s.recording" % path))
    before = heaptally("top", path + ".recording").stdout.decode()
    assert "tree.cpp" in before and "changed since" not in before, before
    build(need("g++"), "-g", "-Wl,--build-id", "-DREBUILT", "-O1")
    after = heaptally("top", path + ".recording").stdout.decode()
    assert "tree.cpp" not in after and "changed since the recording" in after, after


LOADER = """
#include <dlfcn.h>
#include <stdlib.h>
int main(void)
{
	void *plugin = dlopen("./plugin.so", RTLD_NOW);
	void *(*make)(size_t) = plugin != NULL ? (void *(*)(size_t))dlsym(plugin, "make") : NULL;
	return make == NULL || make(1000) == NULL;
}
"""
PLUGIN = """
#include <stdlib.h>
void *make(size_t bytes) { void *volatile block = malloc(bytes + EXTRA); return block; }
"""


def build_plugin(*flags):
    with open("plugin.c", "w", encoding="utf-8") as source:
        source.write(PLUGIN)
    build(need("gcc"), "-g", "-shared", "-fPIC", *flags, source="plugin.c", output="plugin.so")


@case("a relative name is followed to the file with the right build-id alone")
def relative(directory):
    with open("loader.c", "w", encoding="utf-8") as source:
        source.write(LOADER)
    path = build(need("gcc"), "-g", source="loader.c", output="loader")
    os.mkdir("elsewhere")
    for flags, found in (("-Wl,--build-id", "plugin.c:3"), ("-Wl,--build-id=none", "plugin.so+0x")):
        os.chdir(directory)
        build_plugin("-DEXTRA=1", flags)
        recording = os.path.join(directory, "relative.recording")
        ended = run([path], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + recording))
        equal(ended.returncode, 0, "status")
        text = heaptally("top", recording).stdout.decode()
        assert found in text, text
        os.chdir("elsewhere")
        build_plugin("-DEXTRA=2 * bytes", flags)
        text = heaptally("top", recording).stdout.decode()
        assert found in text and "changed" not in text, text
        os.unlink("../plugin.so")
        text = heaptally("top", recording).stdout.decode()
        assert "plugin.so+0x" in text and "plugin.c" not in text and "changed" not in text, text


SMALL = """
#include <stdlib.h>
void *kept[50];
static inline void *pack(int n)
{ return malloc((size_t)n); }
static inline void build(int i)
{ kept[i] = pack(i + 1); }
int main(void)
{ for (int i = 0; i < 50; i++) build(i);
  return kept[7] == 0; }
"""


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def inlined_functions():
    """The functions and lines of small.c at its one site, innermost first."""
    frames = report("top", "--by", "stack", "-n", "1", "run.tally")["groups"][0]["frames"]
    return [(frame["function"], frame["line"]) for frame in frames
            if (frame["file"] or "").endswith("small.c")]


@case("sections compressed with zstd are read, whatever the version of elfutils")
def zstd(_directory):
    write("small.c", SMALL)
    path = build(need("gcc"), "-g", source="small.c", output="small")
    done = run([need("objcopy"), "--compress-debug-sections=zstd", path])
    if done.returncode != 0:
        raise Skip("objcopy does not know zstd")
    assert b"ZSTD" in run([need("readelf"), "-t", path]).stdout, "nothing is compressed"
    equal(record("run.tally", [path]).returncode, 0, "status")
    equal(inlined_functions(), [("pack", 5), ("build", 7), ("main", 9)], "frames")
    assert "decompressed" not in heaptally("top", "run.tally").stdout.decode(), "a warning"


@case("a damaged zstd section is told of by one sentence, and symbols have the names")
def zstd_damaged(_directory):
    write("small.c", SMALL)
    path = build(need("gcc"), "-g", source="small.c", output="small")
    if run([need("objcopy"), "--compress-debug-sections=zstd", path]).returncode != 0:
        raise Skip("objcopy does not know zstd")
    with open(path, "rb") as file:
        content = file.read()
    assert content.count(b"\x28\xb5\x2f\xfd") > 0, "no frame of zstd"
    with open(path, "wb") as file:
        file.write(content.replace(b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfe"))
    equal(record("run.tally", [path]).returncode, 0, "status")
    text = heaptally("top", "run.tally").stdout.decode()
    equal(text.count("small: its debug sections cannot be decompressed"), 1, text)
    assert re.search(r" main  small$", text, re.M), text


@case("a missing .dwo file is named, once, and lines stay")
def split_missing(directory):
    write("small.c", SMALL)
    need("gcc")
    for name in ("small", "other"):
        done = run(["gcc", "-O2", "-g", "-gsplit-dwarf", "-c", "small.c", "-o", name + ".o"]
                   + (["-Dmain=unused"] if name == "other" else ["-Dkept=kept_here"]))
        equal(done.returncode, 0, done.stderr)
    equal(run(["gcc", "-o", "small", "small.o"]).returncode, 0, "link")
    os.unlink("small.dwo")
    equal(record("run.tally", ["./small"]).returncode, 0, "status")
    for _ in range(2):  # and where the program is gone
        text = heaptally("top", "run.tally").stdout.decode()
        equal(text.count("its debug information is in"), 1, text)
        assert os.path.join(directory, "small.dwo") + ", which is not there" in text, text
        assert re.search(r" main  \S*small\.c:5$", text, re.M), text
        if os.path.exists("small"):
            os.unlink("small")


@case("a debug file of another build is named, and lends nothing")
def debug_file_stale(directory):
    write("small.c", SMALL)
    path = build(need("gcc"), "-g", "-Wl,--build-id", source="small.c", output="small")
    for words in (["--only-keep-debug", path, "small.debug"],
                  ["--strip-debug", "--add-gnu-debuglink=small.debug", path]):
        equal(run([need("objcopy"), *words]).returncode, 0, "objcopy")
    build("gcc", "-g", "-O1", "-Wl,--build-id", source="small.c", output="small2")
    equal(run(["objcopy", "--only-keep-debug", "small2", "small.debug"]).returncode, 0, "objcopy")
    equal(record("run.tally", [path]).returncode, 0, "status")
    text = heaptally("top", "run.tally").stdout.decode()
    assert "the debug file %s is of another build" % os.path.join(directory, "small.debug") in text, \
        text
    assert "small.c" not in text, text


@case("a file that several modules share is no stale debug file")
def alternate(_directory):
    write("small.c", SMALL)
    path = build(need("gcc"), "-g", source="small.c", output="small")
    shutil.copy(path, "second")
    if run([need("dwz"), "-m", "common", "-h", path, "second"]).returncode != 0:
        raise Skip("dwz found nothing to share")
    equal(record("run.tally", [path]).returncode, 0, "status")
    equal(inlined_functions(), [("pack", 5), ("build", 7), ("main", 9)], "frames")
    assert "another build" not in heaptally("top", "run.tally").stdout.decode(), "a warning"


TEMPLATE = """
#include <cstdlib>
template <class T> struct Buf { T *p; void grow(size_t n); };
template <class T> void Buf<T>::grow(size_t n) { p = (T *)malloc(n * sizeof(T)); }
struct A { char x[100]; };
int main() { Buf<int> a; Buf<A> b; Buf<double> c; a.grow(1); b.grow(2); c.grow(3); return a.p == 0; }
"""


@case("a line of several instances of a template carries the name of none")
def instances(_directory):
    write("tmpl.cpp", TEMPLATE)
    done = run([need("g++"), "-g", "-O0", "-o", "tmpl", "tmpl.cpp"])
    equal(done.returncode, 0, done.stderr)
    equal(record("run.tally", ["./tmpl"]).returncode, 0, "status")
    text = heaptally("top", "run.tally").stdout.decode()
    assert re.search(r"  Buf<\.\.\.>::grow +\S*tmpl\.cpp:4  \(3 instances\)$", text, re.M), text
    frames = [group["frames"][0] for group in report("top", "run.tally")["groups"]]
    frame = [one for one in frames if (one["file"] or "").endswith("tmpl.cpp")][0]
    equal(frame["instances"], ["Buf<%s>::grow(unsigned long)" % name
                               for name in ("A", "double", "int")], "instances")
    # By function each has its own name.
    names = {group["frames"][0]["function"]
             for group in report("top", "--by", "function", "run.tally")["groups"]}
    assert set(frame["instances"]) <= names, names


@case("line 0 of a line table is no line, and does not take the one before it")
def line_zero(_directory):
    write("zero.c", "#include <stdlib.h>\nvoid *kept;\nint main(void)\n{\n\tkept = malloc(100);\n"
          "\treturn 0;\n}\n")
    # The assembler of binutils drops rows with line 0.
    equal(run([need("clang"), "-O1", "-g", "-S", "zero.c"]).returncode, 0, "clang")
    with open("zero.s", encoding="utf-8") as file:
        text = file.read()
    call = re.search(r"\t\.loc\t(\d+) 5 [^\n]*\n(?:[^\n]*\n)*?(\tcallq\tmalloc[^\n]*\n)", text)
    assert call, text
    write("zero.s", text[:call.start(2)] + "\t.loc %s 0 0\n%s\t.loc %s 5 0\n" %
          (call[1], call[2], call[1]) + text[call.end():])
    equal(run(["clang", "-o", "zero", "zero.s"]).returncode, 0, "assembler")
    rows = run([need("readelf"), "--debug-dump=decodedline", "zero"]).stdout.decode()
    assert re.search(r"^zero\.c +0 ", rows, re.M), rows
    equal(record("run.tally", ["./zero"]).returncode, 0, "status")
    frame = report("top", "run.tally")["groups"][0]["frames"][0]
    equal((frame["function"], os.path.basename(frame["file"]), frame["line"]),
          ("main", "zero.c", None), "frame")
    text = heaptally("top", "run.tally").stdout.decode()
    assert re.search(r" main +\S*zero\.c$", text, re.M), text
    assert "0.0 % of bytes have file:line" in text, text


UNSIZED = """
#include <stdlib.h>
__asm__(".section .first,\\"ax\\",@progbits\\n.globl helper\\n.type helper,@function\\n"
	"helper: ret\\n.zero 64\\n.section .second,\\"ax\\",@progbits\\n.previous\\n.text");
void *kept;
__attribute__((section(".second"), noinline, visibility("hidden"))) void grab(void)
{ kept = malloc(100); __asm__ volatile(""); }
__attribute__((visibility("hidden"))) int main(void) { grab(); return 0; }
"""


@case("a symbol without a size reaches no further than its section")
def unsized(_directory):
    write("unsized.c", UNSIZED)
    done = run([need("gcc"), "-O1", "-s", "-rdynamic", "-fvisibility=hidden", "-o", "unsized",
                "unsized.c"])
    equal(done.returncode, 0, done.stderr)
    symbols = run([need("readelf"), "-W", "--dyn-syms", "unsized"]).stdout.decode()
    assert re.search(r" 0 FUNC .* helper$", symbols, re.M), symbols
    equal(record("run.tally", ["./unsized"]).returncode, 0, "status")
    frame = report("top", "run.tally")["groups"][0]["frames"][0]
    equal((frame["function"], os.path.basename(frame["module"])), (None, "unsized"), "frame")


@case("_init and _fini name nothing but themselves")
def init_section(_directory):
    write("init.c", "#include <stdlib.h>\nvoid *kept;\nvoid make(void) { kept = malloc(100); "
          "__asm__ volatile(\"\"); }\n")
    write("call.c", "void make(void);\nint main(void) { make(); return 0; }\n")
    write("start.s", ".section .init\n.globl _init\n.type _init,@function\n_init: ret\n.text\n"
          ".zero 16\n")
    gcc = need("gcc")
    # As the linker once made libraries: _init is exported and has no size.
    done = run([gcc, "-shared", "-fPIC", "-nostartfiles", "-O1", "-Wl,-soname,libinit.so", "-o",
                "libinit.so", "start.s", "init.c"])
    equal(done.returncode, 0, done.stderr)
    done = run([gcc, "-o", "call", "call.c", "-L.", "-linit", "-Wl,-rpath," + os.getcwd()])
    equal(done.returncode, 0, done.stderr)
    equal(run([need("objcopy"), "--strip-symbol=make", "libinit.so"]).returncode, 0, "objcopy")
    equal(record("run.tally", ["./call"]).returncode, 0, "status")
    names = [frame["function"] for group in report("top", "--by", "stack", "--raw-frames", "-n", "0",
                                                   "run.tally")["groups"]
             for frame in group["frames"]]
    assert "_init" not in names, names


GENERATED = """
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
int main(void)
{
	/* sub $8,%rsp; mov $100,%edi; movabs $malloc,%rax; call *%rax; add $8,%rsp; ret */
	unsigned char code[] = {0x48, 0x83, 0xec, 0x08, 0xbf, 100, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0,
				0, 0, 0, 0, 0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};
	void *(*function)(size_t) = malloc;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return 77;
	memcpy(code + 11, &function, sizeof(function));
	memcpy(page, code, sizeof(code));
	return ((void *(*)(void))page)() == NULL;
}
"""


@case("code in no module is called generated")
def generated(_directory):
    write("jit.c", GENERATED)
    build(need("gcc"), source="jit.c", output="jit")
    result = record("run.tally", ["./jit"])
    if result.returncode == 77:
        raise Skip("no memory may be written and executed here")
    equal(result.returncode, 0, "status")
    text = heaptally("top", "run.tally").stdout.decode()
    assert re.search(r" generated code at 0x[0-9a-f]+( |$)", text, re.M), text


THREAD = """
#include <thread>
#include <vector>
static std::vector<std::vector<int>> *kept;
int main()
{
	std::thread worker([] { kept = new std::vector<std::vector<int>>(3); });
	worker.join();
	return kept == nullptr;
}
"""


@case("without debug information the program's own module names a site, not the library")
def own_module(_directory):
    write("thread.cpp", THREAD)
    build(need("g++"), "-pthread", source="thread.cpp", output="thread")
    equal(record("run.tally", ["./thread"]).returncode, 0, "status")
    names = [group["frames"][0] for group in report("top", "-n", "0", "run.tally")["groups"]]
    assert not any((one["function"] or "").startswith("operator new") for one in names), names
    assert any("_M_run" in (one["function"] or "") and one["module"].endswith("/thread")
               for one in names), names


ADA = """
procedure C is
   generic
      type T is private;
   package Boxes is
      type P is access T;
      function Make (X : T) return P;
   end Boxes;
   package body Boxes is
      function Make (X : T) return P is
      begin
         return new T'(X);
      end Make;
   end Boxes;
   type Big is array (1 .. 100) of Integer;
   package BB is new Boxes (Big);
   Q : BB.P;
   A : constant Big := (others => 1);
begin
   for I in 1 .. 200 loop
      Q := BB.Make (A);
   end loop;
end C;
"""


@case("Ada: names have dots, and the language's allocator names no site")
def ada(_directory):
    write("c.adb", ADA)
    done = run([need("gnatmake"), "-q", "-g", "-O0", "c.adb"])
    if done.returncode != 0:
        raise Skip("gnatmake does not work")
    for strip in (False, True):
        if strip:
            equal(run([need("strip"), "-g", "c"]).returncode, 0, "strip")
        equal(record("run.tally", ["./c"]).returncode, 0, "status")
        frame = report("top", "run.tally")["groups"][0]["frames"][0]
        equal((frame["function"], frame["line"]), ("c.bb.make", None if strip else 12), "site")


FORTRAN = """
module store
contains
  subroutine hoard(n)
    integer, intent(in) :: n
    real, pointer :: x(:)
    allocate(x(n))
    x = 1.0
  end subroutine
end module
program p
  use store
  integer :: i
  do i = 1, 100
    call hoard(50)
  end do
end program
"""


@case("Fortran: a procedure of a module is named by both")
def fortran(_directory):
    write("f.f90", FORTRAN)
    equal(run([need("gfortran"), "-g", "-O1", "-o", "f", "f.f90"]).returncode, 0, "gfortran")
    for strip in (False, True):
        if strip:
            equal(run([need("strip"), "-g", "f"]).returncode, 0, "strip")
        equal(record("run.tally", ["./f"]).returncode, 0, "status")
        names = [group["frames"][0]["function"] for group in report("top", "run.tally")["groups"]]
        equal(names[0], "store::hoard", "site")


@case("symbols that are terminal sequences or scripts stay harmless")
def hostile(_directory):
    evil = "\033]0;owned\a</script>\u202e"
    with open("evil.c", "w", encoding="utf-8") as source:
        source.write("#include <stdlib.h>\nvoid *harmless(void) { return malloc(77); }\n"
                     "int main(void) { return harmless() == NULL; }\n")
    for words in (["gcc", "-O0", "-c", "evil.c"],
                  ["objcopy", "--redefine-sym", "harmless=" + evil, "evil.o"],
                  ["gcc", "-o", "evil", "evil.o"]):
        words[0] = need(words[0])
        equal(run(words).returncode, 0, words[0])
    equal(record("run.tally", ["./evil"]).returncode, 0, "status")
    text = heaptally("top", "run.tally").stdout
    assert b"\\e]0;owned\\x07</script>" in text, text
    assert b"\033" not in text and "\u202e".encode() not in text, text
    csv = heaptally("top", "--format", "csv", "run.tally").stdout
    assert b"\033" not in csv, csv
    equal(report("top", "run.tally")["groups"][0]["frames"][0]["function"], evil, "JSON")


run_cases()
