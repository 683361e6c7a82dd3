#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""symbols.py - names and lines against addr2line, in every form debug information comes in"""
import collections
import os
import re
import subprocess

from harness import LIBRARY, SOURCE, case, environment, equal, heaptally, need, record, report, \
    run, run_cases  # noqa: E402

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


@case("a relative name is followed from here, to the file with the right build-id alone")
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
        assert "plugin.so+0x" in text and "plugin.c" not in text and "changed" not in text, text


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
