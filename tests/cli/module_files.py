#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""module_files.py - names come from the file that was mapped, wherever it is now, or there are none"""
import os
import shutil
import subprocess
import time

from harness import LIBRARY, Skip, case, end_child, environment, equal, heaptally, need, record, report, run, \
    run_cases

NO_BUILD_ID = "-Wl,--build-id=none"
CHANGED = "changed since the recording, so its names are not used"
GONE = "was deleted or is not in reach"

# Each build has one function that allocates. With a word, wait for the end of the input.
PROGRAM = """
#include <stdlib.h>
#include <unistd.h>
void *kept[100];
__attribute__((noinline)) void NAME(void) { for (int i = 0; i < 100; i++) kept[i] = malloc(BYTES); }
int main(int argc, char **argv)
{
	char byte;
	NAME();
	if (argc > 1 && write(1, argv[0], 1) == 1)
		while (read(0, &byte, 1) > 0)
			;
	return 0;
}
"""
PLUGIN = """
#include <stdlib.h>
void *kept[100];
__attribute__((noinline)) static void NAME(void) { for (int i = 0; i < 100; i++) kept[i] = malloc(BYTES); }
void fill(void) { NAME(); kept[0] = kept[1]; }
"""
# loader PLUGIN [-d DIRECTORY] [-u] [-w]: go there, load it, unlink it, allocate in it, wait.
LOADER = """
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int unlinks = 0, waits = 0;
	void (*fill)(void);
	void *plugin;
	char byte;

	for (int i = 2; i < argc; i++) {
		unlinks |= strcmp(argv[i], "-u") == 0;
		waits |= strcmp(argv[i], "-w") == 0;
		if (strcmp(argv[i], "-d") == 0 && chdir(argv[++i]) != 0)
			return 2;
	}
	plugin = dlopen(argv[1], RTLD_NOW);
	if (plugin == NULL || (unlinks && unlink(argv[1]) != 0))
		return 3;
	*(void **)&fill = dlsym(plugin, "fill");
	fill();
	if (waits && write(1, argv[0], 1) == 1)
		while (read(0, &byte, 1) > 0)
			;
	return 0;
}
"""
FORKER = """
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
void *kept[100];
__attribute__((noinline)) void NAME(void) { for (int i = 0; i < 100; i++) kept[i] = malloc(BYTES); }
int main(int argc, char **argv)
{
	pid_t child;
	if (argc < 2 || rename(argv[1], argv[0]) != 0)
		return 2;
	child = fork();
	if (child == 0)
		NAME();
	return child > 0 && waitpid(child, NULL, 0) != child;
}
"""


# Three functions that save what the caller has in registers, and no frame pointer to follow.
DEEP = """
#include <stdlib.h>
#include <string.h>
void *kept[100];
__attribute__((noinline)) void NAME(int i) { kept[i] = malloc(BYTES); }
__attribute__((noinline)) int middle(int n, int m) { for (int i = 0; i < n; i++) NAME(i % m); return n + m; }
__attribute__((noinline)) int outer(int n, char *c) { int k = middle(n, 100); return k + (int)strlen(c); }
int main(int argc, char **argv) { return outer(99 + argc, argv[0]) == 0; }
"""
GAPS = ["-O2", "-fomit-frame-pointer", "-fno-optimize-sibling-calls", "-Wl,--build-id",
        "-Wl,-z,separate-code", "-Wl,-z,max-page-size=0x200000"]


def build(text, output, *flags, name="old_name", size=300):
    with open("source.c", "w", encoding="utf-8") as source:
        source.write(text)
    done = run([need("gcc"), "-g", "-O1", "-fno-builtin", "-DNAME=" + name, "-DBYTES=%d" % size, *flags,
                "-o", output, "source.c"])
    equal((done.returncode, done.stderr), (0, b""), "compiler")
    return os.path.abspath(output)


def build_pair(*flags, text=PROGRAM, names=("old_name", "new_name")):
    """The file that is going to run, and an older one that is going to take its place."""
    other = build(text, "other", *flags, name=names[1], size=7)
    return build(text, "prog", *flags, name=names[0]), other


def trace(recording, arguments, **options):
    done = run(arguments, env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + recording), **options)
    equal(done.returncode, 0, "status")
    return recording


def start(recording, arguments, **options):
    """A living process that has allocated all it will."""
    child = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment(
        LD_PRELOAD=LIBRARY, HEAPTALLY="out=" + recording), **options)
    if child.stdout.read(1) == b"":
        raise Skip("cannot be started here: status %d" % child.wait())
    return child


def finish(child):
    child.stdin.close()
    try:
        child.wait(30)
    finally:
        child.stdout.close()
        end_child(child)


def top(recording, *options):
    done = heaptally("top", "-n", "0", *options, recording)
    equal(done.returncode, 0, done.stderr)
    return done.stdout.decode()


def has(text, *words, lacks=()):
    for word in words:
        assert word in text, (word, text)
    for word in lacks:
        assert word not in text, (word, text)


def wait_for_clock(directory):
    """Until the times of files are later than now: they have the grain of a tick."""
    now = time.time_ns()
    path = os.path.join(directory, "clock")
    while True:
        with open(path, "w", encoding="utf-8") as file:
            file.write("x")
        if os.stat(path).st_ctime_ns > now:
            return


def overwrite(program, other):
    shutil.copyfile(other, program)


def rename(program, other):
    os.rename(other, program)


def same_time(program, other):
    times = os.stat(program)
    shutil.copyfile(other, other + ".copy")
    os.utime(other + ".copy", ns=(times.st_atime_ns, times.st_mtime_ns))
    os.rename(other + ".copy", program)


def truncate(program, _other):
    os.truncate(program, os.path.getsize(program) - 1)


def move_folder(program, other):
    """Both files keep all their times."""
    folder = os.path.dirname(program)
    os.mkdir("elsewhere")
    os.rename(other, "elsewhere/" + os.path.basename(program))
    os.rename(folder, "before")
    os.rename("elsewhere", folder)


def get_segments(path):
    """(first page, end) of each segment, and the build-id."""
    text = run([need("readelf"), "-lnW", path]).stdout.decode()
    loads = [line.split() for line in text.splitlines() if line.split()[:1] == ["LOAD"]]
    pages = [(int(words[2], 16) // 4096, int(words[2], 16) + int(words[5], 16)) for words in loads]
    return pages, text.split("Build ID: ")[1].split()[0]


@case("a program with gaps between its segments has stacks, names and its build-id")
def gaps(directory):
    loader = need("readelf") and run([need("readelf"), "-lW", "/bin/sh"]).stdout.decode()
    loader = loader.split("interpreter: ")[1].split("]")[0]
    for number, flags in enumerate((["-pie", "-fPIE"], ["-no-pie"])):
        program = build(DEEP, "gaps%d" % number, *GAPS, *flags)
        segments, build_id = get_segments(program)
        assert any(next_one[0] * 4096 > before[1] + 8192 for before, next_one in zip(segments, segments[1:])), segments
        for words in ([program], [loader, program]):
            equal(record("run.tally", words).returncode, 0, "status")
            rows = report("top", "--by", "stack", "run.tally")["groups"]
            frames = [row["frames"] for row in rows if row["frames"][0]["function"] == "old_name"]
            equal([[frame["function"] for frame in stack][:4] for stack in frames],
                  [["old_name", "middle", "outer", "main"]], words)
            equal({frame["build_id"] for frame in frames[0][:4]}, {build_id}, words)


@case("without build-id, a program that was replaced in any way lends no names")
def replaced(directory):
    for change in (overwrite, rename, same_time, truncate, move_folder):
        folder = os.path.join(directory, change.__name__)
        os.makedirs(folder + "/bin")
        os.chdir(folder)
        _program, other = build_pair(NO_BUILD_ID)
        program = shutil.move("prog", folder + "/bin/prog")
        recording = trace(folder + "/r.recording", [program])
        has(top(recording), "old_name", lacks=(CHANGED, GONE))
        change(program, other)
        has(top(recording), "prog+0x", program + " " + CHANGED,
            lacks=("new_name", "old_name", "debug symbols"))


@case("without build-id, a file that is still the same lends its names")
def same(directory):
    program, _other = build_pair(NO_BUILD_ID)
    recording = trace(directory + "/r.recording", [program])
    os.chmod(program, 0o700)
    os.link(program, "link")
    has(top(recording), "old_name", lacks=(CHANGED, GONE))
    os.rename(program, "kept")
    os.rename("kept", program)
    has(top(recording), "old_name", lacks=(CHANGED, GONE))


@case("replaced while the launcher still runs: the snapshot says so")
def launcher(_directory):
    build_pair(NO_BUILD_ID)
    equal(record("run.tally", ["sh", "-c", "./prog; mv prog kept; mv other prog"]).returncode, 0, "status")
    text = top("run.tally", "--process", "prog")
    has(text, "prog+0x", CHANGED, lacks=("new_name", "old_name", "debug symbols"))


@case("a link that leads to another file now lends no names")
def link(directory):
    _program, other = build_pair(NO_BUILD_ID, "-shared", "-fPIC", text=PLUGIN)
    os.rename("prog", "libold.so")
    os.rename(other, "libnew.so")
    os.symlink("libold.so", "libfill.so")
    with open("user.c", "w", encoding="utf-8") as source:
        source.write("void fill(void);\nint main(void) { fill(); return 0; }\n")
    done = run([need("gcc"), "-o", "user", "user.c", directory + "/libfill.so"])
    equal((done.returncode, done.stderr), (0, b""), "compiler")
    recording = trace(directory + "/r.recording", ["./user"])
    has(top(recording), "old_name", lacks=(CHANGED, GONE))
    os.unlink("libfill.so")
    os.symlink("libnew.so", "libfill.so")
    has(top(recording), "libfill.so+0x", CHANGED, lacks=("new_name", "old_name"))


@case("a plug-in without build-id that changed after it was loaded lends no names")
def plugin(directory):
    loader = build(LOADER, "loader")
    path, other = build_pair(NO_BUILD_ID, "-shared", "-fPIC", text=PLUGIN)
    recording = trace(directory + "/r.recording", [loader, path])
    has(top(recording), "old_name", lacks=(CHANGED, GONE))
    wait_for_clock(directory)
    os.rename(other, path)
    has(top(recording), "prog+0x", CHANGED, lacks=("new_name", "old_name"))


@case("a child of fork() knows the files that its parent was made of")
def forked(directory):
    program, other = build_pair(NO_BUILD_ID, text=FORKER)
    os.mkdir("recordings", 0o700)
    done = run([program, other], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="dir=%s/recordings" % directory))
    equal(done.returncode, 0, "status")
    texts = [top("recordings/" + name) for name in os.listdir("recordings")]
    equal(len([text for text in texts if CHANGED in text]), 1, texts)
    for text in texts:
        has(text, lacks=("new_name",))


@case("a plug-in that was unlinked: the report says that it is gone, not to install packages")
def unlinked(directory):
    loader = build(LOADER, "loader")
    for flags in ([], [NO_BUILD_ID]):
        path = build(PLUGIN, "plugin.so", "-shared", "-fPIC", *flags)
        recording = trace(directory + "/r.recording", [loader, path, "-u"])
        has(top(recording), "plugin.so+0x", path + " " + GONE, lacks=("old_name", "debug symbols"))
        os.unlink(recording)


@case("a living process has the file of a program that was deleted or replaced")
def living(directory):
    for number, flags in enumerate(([], [NO_BUILD_ID])):
        program, other = build_pair(*flags)
        recording = directory + "/%d.recording" % number
        child = start(recording, [program, "wait"])
        try:
            os.unlink(program)
            has(top(recording), "old_name", lacks=(CHANGED, GONE))
            os.rename(other, program)
            has(top(recording), "old_name", lacks=(CHANGED, GONE, "new_name"))
        finally:
            finish(child)
        has(top(recording), "prog+0x", CHANGED, lacks=("old_name", "new_name"))


@case("a program that runs from a memfd has names while it lives")
def memfd(directory):
    program = build(PROGRAM, "prog")
    fd = os.memfd_create("unpacked")
    with open(program, "rb") as file:
        os.write(fd, file.read())
    recording = directory + "/r.recording"
    child = start(recording, ["unpacked", "wait"], executable="/proc/self/fd/%d" % fd, pass_fds=[fd])
    os.close(fd)
    try:
        has(top(recording), "old_name", lacks=(CHANGED, GONE))
    finally:
        finish(child)
    has(top(recording), GONE, lacks=("old_name", "debug symbols"))


@case("a relative name is made absolute when the plug-in is seen")
def relative(directory):
    loader = build(LOADER, "loader")
    os.mkdir("plugins")
    path = build(PLUGIN, "plugins/plugin.so", "-shared", "-fPIC", "-Wl,--build-id")
    for name in ("./plugin.so", "../plugins/plugin.so", ".///plugin.so"):
        recording = trace(directory + "/r.recording", [loader, name, "-d", "plugins"])
        os.chdir("/")
        has(top(recording), "old_name", lacks=(CHANGED, GONE))
        os.chdir(directory)
        os.unlink(recording)
    os.unlink(path)


@case("a relative name without build-id is followed while the process lives")
def relative_living(directory):
    loader = build(LOADER, "loader")
    os.mkdir("plugins")
    build(PLUGIN, "plugins/plugin.so", "-shared", "-fPIC", NO_BUILD_ID)
    recording = directory + "/r.recording"
    child = start(recording, [loader, "./plugin.so", "-d", "plugins", "-w"])
    try:
        has(top(recording), "old_name", lacks=(CHANGED, GONE))
    finally:
        finish(child)
    has(top(recording), "plugin.so+0x", GONE, lacks=("old_name",))


@case("a name below /proc/self is another file here, and is said to be out of reach")
def own_descriptor(directory):
    loader = build(LOADER, "loader")
    for flag in ("-Wl,--build-id", NO_BUILD_ID):
        path = build(PLUGIN, "plugin.so", "-shared", "-fPIC", flag)
        fd = os.open(path, os.O_RDONLY)
        os.unlink(path)
        name = "/proc/self/fd/%d" % fd
        recording = directory + "/r.recording"
        child = start(recording, [loader, name, "-w"], pass_fds=[fd])
        os.close(fd)
        try:
            has(top(recording), "old_name", lacks=(CHANGED, GONE))
        finally:
            finish(child)
        has(top(recording), name + " " + GONE, lacks=("old_name", CHANGED))
        os.unlink(recording)


def in_namespaces(directory, *flags):
    """Where the path of the program leads to another one, or none, for us."""
    os.mkdir("hidden")
    os.mkdir("visible")
    os.chmod(directory, 0o755)
    _program, other = build_pair()
    os.rename("prog", "hidden/prog")
    os.rename(other, "visible/prog")
    recording = directory + "/r.recording"
    words = [need("unshare"), "--propagation", "private", *flags]
    if os.geteuid() != 0:
        words.append("-r")
    # Only the program is traced.
    child = subprocess.Popen(
        [*words, "sh", "-c", "mount --bind %s/hidden %s/visible && LD_PRELOAD=%s exec %s/visible/prog wait"
         % (directory, directory, LIBRARY, directory)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env=environment(HEAPTALLY="out=" + recording))
    if child.stdout.read(1) == b"":
        raise Skip("no namespaces here: status %d" % child.wait())
    try:
        has(top(recording), "old_name", lacks=(CHANGED, GONE, "new_name"))
    finally:
        finish(child)
    has(top(recording), "prog+0x", CHANGED, lacks=("old_name", "new_name"))


@case("another mount namespace is followed while the process lives")
def mounts(directory):
    in_namespaces(directory, "-m")


@case("another mount and pid namespace is followed while the process lives")
def pids(directory):
    in_namespaces(directory, "-m", "-p", "-f")


run_cases()
