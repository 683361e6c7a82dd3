# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every gate passes on this tree, and fails on a planted fault: a gate that checks nothing is worse
than none.

A planted fault is made in a temporary copy of the sources, or in a small shared library that stands
for the runtime.
"""
import os
import re
import shutil

from harness import BUILD, SOURCE, Skip, case, equal, need, run, run_cases

COPIED = ("lib", "tools", "scripts", "man", "tests/programs", "configure.ac", "Makefile.am",
          "ARCHITECTURE.md", "NEWS", ".clang-format")


def copy_tree(directory):
    tree = os.path.join(directory, "tree")
    for name in COPIED:
        source = os.path.join(SOURCE, name)
        if os.path.isdir(source):
            shutil.copytree(source, os.path.join(tree, name))
        else:
            shutil.copy(source, os.path.join(tree, name))
    return tree


def call(gate, tree=SOURCE, build=BUILD):
    result = run([os.path.join(SOURCE, "scripts", gate), "--source", tree, "--build", build])
    return result.returncode, result.stdout.decode() + result.stderr.decode()


def passes(gate):
    status, output = call(gate)
    for line in output.splitlines():
        print("# " + line)
    equal(status, 0, gate)
    missing = re.search(r"^not installed, not checked: ([^,\n]+)", output, re.M)
    if missing:
        raise Skip(missing[1] + " is not installed")


def append(tree, path, text):
    with open(os.path.join(tree, path), "a") as file:
        file.write(text)


def replace(tree, path, old, new):
    name = os.path.join(tree, path)
    with open(name) as file:
        text = file.read()
    assert re.search(old, text), "%s has no %s any more" % (path, old)
    with open(name, "w") as file:
        file.write(re.sub(old, new, text, count=1))


def fails(gate, *expected, tree=SOURCE, build=BUILD):
    """Exactly the planted faults are found: the gate is green on the same tree without them."""
    status, output = call(gate, tree, build)
    equal(status, 1, "%s with a planted fault: %s" % (gate, output))
    for pattern in expected:
        assert re.search(pattern, output), "%s does not say %s: %s" % (gate, pattern, output)


def build_library(directory, code, *flags):
    """A build tree whose runtime is made of the given code."""
    folder = os.path.join(directory, "build", "lib", ".libs")
    os.makedirs(folder)
    with open("planted.c", "w") as file:
        file.write(code)
    command = [need("gcc"), "-shared", "-fPIC", "-o", os.path.join(folder, "libheaptally.so")]
    result = run(command + list(flags) + ["planted.c"] + [f for f in flags if f.startswith("-l")])
    equal(result.returncode, 0, result.stderr.decode())
    return os.path.join(directory, "build")


for gate in ("check-deps", "check-exports", "check-tls", "check-code", "check-comments", "check-docs",
             "check-format", "check-plan"):

    @case("%s passes on this tree" % gate)
    def green(_directory, gate=gate):
        passes(gate)


PLANTED_INCLUDES = [
    ("lib/memory/arena.c", '#include "record.h"\n', r"lib/memory/ does not include lib/record\.h"),
    ("lib/data/counters.c", '#include "data/block_table.h"\n', r"do not know each other"),
    ("lib/base/os.c", '#include "../../tools/model/profile.h"\n', r"lib/ includes tools/model/profile\.h"),
    ("lib/base/os.c", '#include "memory/arena.c"\n', r"includes the source file"),
    ("tools/util/buffer.c", '#include "model/profile.h"\n', r"tools/util/ does not include tools/model/profile\.h"),
    ("tools/model/profile.c", '#include "../../lib/base/os.h"\n', r"tools/ includes lib/base/os\.h"),
    ("tools/model/profile.c", '#include "recording.h"\n', r"only read/ knows"),
    ("tools/model/profile.c", '#include "cmd/command.h"\n', r"tools/model/ does not include tools/cmd/command\.h"),
    ("tools/model/profile.c", "void f(void)\n{\n\texit(1);\n}\n", r"only cmd/ prints or exits"),
    ("tools/stray.c", "\n", r"in no folder"),
    ("lib/base/lock.c", '#include "arch/x86_64/machine.h"\n', r"lib/base/ does not include lib/arch/x86_64/"),
    ("lib/arch/arch.h", '#include "base/base.h"\n', r"lib/arch/ does not include lib/base/base\.h"),
    ("lib/record.c", 'static void stop(void) { __asm__("ud2"); }\n', r"only lib/arch/ knows the processor: __asm__"),
    ("lib/api.c", "#define PLACE __builtin_frame_address(0)\n", r"only lib/arch/ .*: __builtin_frame_address"),
    ("lib/data/watch.h", "/* rbp is kept. */\n", r"only lib/arch/ .*: rbp"),
    ("lib/request.c", "#ifdef __x86_64__\n#endif\n", r"only lib/arch/ .*: x86"),
    ("lib/thread.h", '#include "record.h"\n', r"lib/: a circle of includes: .*lib/record .*lib/thread\n"),
    ("tools/model/profile.h", '#include "model/filter.h"\n', r"tools/: a circle of includes: .*tools/model/filter .*tools/model/profile"),
    ("lib/process.c", '#include "start.h"\n', r"lib/: a circle of includes: .*lib/process .*lib/start"),
    ("tools/model/place.c", '#include "util/clock.h"\n', r"tools/model/ only computes: util/clock\.h"),
    ("tools/model/suppress.c", "#include <fcntl.h>\n", r"tools/model/ only computes: <fcntl\.h>"),
    ("tools/model/rank.h", "#include <sys/socket.h>\n", r"only computes: <sys/socket\.h>"),
    ("tools/util/glob.c", "#include <unistd.h>\n", r"tools/util/ only computes: <unistd\.h>"),
    ("tools/util/stray.c", "#include <time.h>\n", r"tools/util/ only computes: <time\.h>"),
    ("tools/view/place.c", "#include <uthash.h>\n", r"only util/hash_map\.h includes uthash\.h"),
]

# One line each of what model/ must not do; declared by hand, so that no header gives it away.
PLANTED_OUTSIDE = [
    'void *f(void) { return fopen("x", "r"); }', "int f(int x) { return open(x); }",
    "void *f(char *x) { return opendir(x); }", "int f(char *x) { return stat(x, x); }",
    "int f(char *x) { return lstat(x, x); }", "long f(char *x) { return readlink(x, x, 9); }",
    "char *f(char *x) { return realpath(x, x); }", 'const char *f = "/proc/self/maps";',
    'void f(void) { printf("x"); }', 'void f(void) { puts("x"); }',
    "void f(FILE *x);", "void f(void *x) { fputs(x, x); }", "int f(int x) { return write(x); }",
    'char *f(void) { return getenv("HOME"); }', "long f(void) { return time(0); }",
    "int f(void *x) { return clock_gettime(0, x); }", "int f(void) { return socket(1, 1, 0); }",
    "int f(char *x) { return access(x, 0); }", "long f(void) { return syscall(1); }",
    "int f(void) { return random(); }", 'void f(void) { system("ls"); }',
    "void f(void) { abort(); }", 'void f(void) { unlink("x"); }',
    "void *f(char *x) { return popen(x, x); }", 'void f(void) { __asm__("syscall"); }',
    "extern char **environ;",
]

for path, text, expected in PLANTED_INCLUDES:

    @case("check-deps sees %r in %s" % (text.split("\n")[0], path))
    def planted_include(directory, path=path, text=text, expected=expected):
        tree = copy_tree(directory)
        append(tree, path, text)
        fails("check-deps", expected, tree=tree)


@case("check-deps sees everything that model/ could touch outside")
def planted_outside(directory):
    tree = copy_tree(directory)
    for number, line in enumerate(PLANTED_OUTSIDE):
        append(tree, "tools/model/planted%d.c" % number, line + "\n")
    _status, output = call("check-deps", tree)
    for number, line in enumerate(PLANTED_OUTSIDE):
        assert re.search(r"tools/model/planted%d\.c:1: tools/model/ only computes" % number, output), line


@case("check-deps lets model/ compute")
def planted_inside(directory):
    tree = copy_tree(directory)
    append(tree, "tools/model/planted.c", '/* fopen(), /proc */ int f(char *x, int time) '
           '{ return snprintf(x, 9, "open(%d", time) + filter_open; }\n')
    _status, output = call("check-deps", tree)
    assert "only computes" not in output, output


@case("check-deps sees another NEEDED and a forbidden call")
def planted_needed(directory):
    build = build_library(directory, "double cos(double); int printf(const char *, ...);"
                          "double f(double x) { printf(\"%f\", x); return cos(x); }",
                          "-Wl,--no-as-needed", "-lm")
    fails("check-deps", r"NEEDED libm\.so\.6", build=build)
    fails("check-deps", r"calls printf", build=build)


@case("check-deps sees what an old libc does not have")
def planted_version(directory):
    build = build_library(directory, "int _Fork(void); int f(void) { return _Fork(); }")
    fails("check-deps", r"needs GLIBC_2\.34, which glibc 2\.17 does not have", build=build)


@case("check-exports sees a stray export and a missing hook")
def planted_export(directory):
    build = build_library(directory, "void *malloc(unsigned long n) { return (void *)n; }"
                          "int stray;", "-fno-builtin")
    fails("check-exports", r"exports stray", build=build)
    fails("check-exports", r"does not hook pvalloc", build=build)


@case("check-exports sees a version script that lists what is not there")
def planted_map(directory):
    tree = copy_tree(directory)
    replace(tree, "lib/libheaptally.map", r"global:", "global: no_such_function;")
    fails("check-exports", r"no_such_function is not exported", tree=tree)


@case("check-tls sees too much TLS, dynamic TLS, an IFUNC and lazy binding")
def planted_tls(directory):
    build = build_library(
        directory,
        "_Thread_local char large[65]; char *f(void) { return large; }"
        "static void g(void) {} static void (*pick(void))(void) { return g; }"
        "void chosen(void) __attribute__((ifunc(\"pick\")));",
        "-O1", "-Wl,-z,lazy")
    for expected in (r"65 bytes of TLS", r"DTPMOD64", r"IRELATIVE|not linked with -z now",
                     r"not linked with -z now", r"not linked with -z nodelete"):
        fails("check-tls", expected, build=build)


PLANTED_CODE = "void *make(unsigned long, void *); void *malloc(unsigned long n) {" \
               "char text[64]; __builtin_memset(text, (int)n, sizeof text); return %s; }"

PLANTED_FLAGS = [
    ("make(n, text) + 1", ("-mgeneral-regs-only", "-fomit-frame-pointer"), r"malloc has no frame pointer"),
    ("make(n, text) + 1", ("-mgeneral-regs-only", "-fstack-protector-strong"), r"malloc reads the canary"),
    ("make(n, text) + 1", ("-mgeneral-regs-only", "-fstack-protector-strong"), r"calls __stack_chk_fail"),
    ("make(n, text) + 1", ("-msse2",), r"malloc uses vector registers"),
    ("__builtin___memcpy_chk(make(n, text), make(n, 0), n, 64)", ("-mgeneral-regs-only",),
     r"calls __memcpy_chk"),
]

for code, flags, expected in PLANTED_FLAGS:

    @case("check-code sees %s: %s" % (" ".join(flags), expected))
    def planted_code(directory, code=code, flags=flags, expected=expected):
        build = build_library(directory, PLANTED_CODE % code, "-O2", "-fno-builtin-malloc",
                              "-fno-omit-frame-pointer", *flags)
        fails("check-code", expected, build=build)


PLANTED_COMMENTS = [
    ("/* See `no_such_function_here`. */\n", r"nothing is called no_such_function_here"),
    ("/* See `no_such_file.c`. */\n", r"nothing is called no_such_file"),
    ("/* TO" + "DO: later. */\n", r"unfinished"),
]

for text, expected in PLANTED_COMMENTS:

    @case("check-comments sees %r" % text.strip())
    def planted_comment(directory, text=text, expected=expected):
        tree = copy_tree(directory)
        append(tree, "lib/base/os.c", text)
        fails("check-comments", expected, tree=tree)


@case("check-comments sees a file without head and SPDX line")
def planted_head(directory):
    tree = copy_tree(directory)
    append(tree, "lib/stray.c", "int stray;\n")
    fails("check-comments", r"lib/stray\.c:1: no SPDX line", tree=tree)
    fails("check-comments", r"lib/stray\.c:2: no head comment", tree=tree)


@case("check-comments sees a head comment that only repeats the header's")
def planted_repetition(directory):
    tree = copy_tree(directory)
    spdx = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
    append(tree, "tools/util/stray.h", spdx + "/*\n * stray.h - something\n *\n * More.\n */\n")
    append(tree, "tools/util/stray.c", spdx + "/*\n * stray.c - something\n */\n")
    fails("check-comments", r"tools/util/stray\.c:2: .* only repeats", tree=tree)


@case("check-comments wants no head comment of a source file with a header")
def no_head(directory):
    tree = copy_tree(directory)
    spdx = "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
    append(tree, "tools/util/stray.h", spdx + "/*\n * stray.h - something\n */\n")
    append(tree, "tools/util/stray.c", spdx + '#include "util/stray.h"\n')
    status, output = call("check-comments", tree)
    equal((status, output), (0, ""), "check-comments")
    os.unlink(os.path.join(tree, "tools/util/stray.h"))
    fails("check-comments", r"tools/util/stray\.c:2: no head comment", tree=tree)


@case("check-docs sees an option that no page has, and one that no command has")
def planted_docs(directory):
    tree = copy_tree(directory)
    replace(tree, "man/heaptally-top.1", r"\.It Fl n ", ".It Fl Z ")
    fails("check-docs", r"heaptally-top\.1: -n is missing", r"heaptally-top\.1: .*-Z", tree=tree)


@case("check-docs sees a format that a page has not, and one that its command has not")
def planted_formats(directory):
    tree = copy_tree(directory)
    replace(tree, "man/heaptally-timeline.1", r"\.Cm mprof ,", ".Cm wprof ,")
    fails("check-docs", r"heaptally-timeline\.1: the format mprof is only in the command",
          r"heaptally-timeline\.1: the format wprof is only described", tree=tree)


@case("check-docs sees a folder that ARCHITECTURE.md does not describe")
def planted_architecture(directory):
    tree = copy_tree(directory)
    os.mkdir(os.path.join(tree, "tools", "stray"))
    append(tree, "tools/stray/stray.c", "\n")
    replace(tree, "ARCHITECTURE.md", r"\*\*memory/\*\*", "**memories/**")
    fails("check-docs", r"tools/stray/ is missing", r"lib/memory/ is missing", r"there is no lib/memories/",
          tree=tree)


@case("check-docs sees a page that mandoc warns of, and an example that fails")
def planted_example(directory):
    need("mandoc")
    tree = copy_tree(directory)
    append(tree, "man/heaptally-list.1", ".No such macro\n.Bx\n.El\n")
    replace(tree, "man/heaptally-info.1", r"\$ heaptally info", "$ heaptally info --no-such-option")
    fails("check-docs", r"heaptally-list\.1.*mandoc", r"heaptally-info\.1: .*status", tree=tree)


@case("check-format sees a badly formatted line and a long function")
def planted_format(directory):
    need("clang-format-14")
    tree = copy_tree(directory)
    append(tree, "lib/base/os.c", "int  badly( void );\n")
    fails("check-format", r"lib/base/os\.c:\d+: not as clang-format", tree=tree)
    append(tree, "lib/memory/arena.c", "void\nf(void)\n{\n" + "\tf();\n" * 50 + "}\n")
    fails("check-format", r"lib/memory/arena\.c:\d+: a function of 50 lines", tree=tree)


@case("check-plan sees a test that the plan lacks, one that is gone, and another sum in README")
def planted_plan(directory):
    tree = copy_tree(directory)
    shutil.copytree(os.path.join(SOURCE, "tests"), os.path.join(tree, "tests"), dirs_exist_ok=True)
    shutil.copy(os.path.join(SOURCE, "README.md"), tree)
    append(tree, "tests/cli/stray.bats", "\n")
    append(tree, "tests/unit/test_stray.c", "\n")
    os.remove(os.path.join(tree, "tests", "exact", "temporary.py"))
    fails("check-plan", r"tests/plan: tests/cli/stray\.bats is missing", r"tests/plan: tests/unit/test_stray is missing",
          r"there is no tests/exact/temporary\.py", tree=tree)
    replace(tree, "README.md", r"\d+ passed, 0", "1 passed, 0")
    fails("check-plan", r"README\.md: 1 passed, and tests/plan has", tree=tree)


@case("check-format sees what shellcheck sees")
def planted_shell(directory):
    need("shellcheck")
    tree = copy_tree(directory)
    append(tree, "scripts/quickstart", "rm $undefined_thing\n")
    fails("check-format", r"scripts/quickstart.*SC2086", tree=tree)


run_cases()
