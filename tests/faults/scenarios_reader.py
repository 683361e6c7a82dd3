# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios about the reader: killed or stopped while it reads, hostile files, debug information."""
import json
import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import time

from judge import Skip, Verdict, reword, worst
from processes import call
from scenarios import scenario
from scenarios_limits import read_file, wait_for

GIB = 1 << 30


@scenario(31, "reader and launcher killed or stopped (F37)")
def killed_reader(bench):
    argv = [bench.target("leak"), "steps", "20000", "20000"]
    if bench.tracer.name == "heaptrack":
        return worst([with_fifo_reader(bench, argv, number) for number in (signal.SIGKILL, signal.SIGSTOP)])
    if not hasattr(bench.tracer, "command"):
        raise Skip("has no reader")
    return worst([with_reader(bench, argv), with_launcher(bench, argv)])


def with_fifo_reader(bench, argv, number):
    def act(started, directory):
        wait_for(lambda: b"2" in read_file(started.out))
        os.kill(bench.tracer.reader.pid, number)
        if number == signal.SIGSTOP:
            finishes(started.child, 5)
            os.kill(bench.tracer.reader.pid, signal.SIGCONT)

    bare = bench.bare(argv)
    limit = bare.ended.seconds + 2
    run = bench.run(argv, act=act)
    if run.ended.status != bare.ended.status or run.ended.stdout != bare.ended.stdout:
        return Verdict("B", "reader got %s: %s" % (signal.Signals(number).name, run.ended.how()))
    if run.ended.seconds > limit + 2:
        return Verdict("B", "stood still while its reader was stopped")
    return Verdict("P", "unaffected")


def finishes(child, seconds):
    try:
        child.wait(seconds)
        return True
    except subprocess.TimeoutExpired:
        return False


def with_reader(bench, argv):
    """Readers of the live recording are killed and stopped again and again."""

    def act(started, directory):
        wait_for(lambda: b"1" in read_file(started.out))
        names = [name for name in os.listdir(directory) if name.endswith(".recording")]
        if not names:
            return
        path = os.path.join(directory, names[0])
        for i in range(6):
            reader = subprocess.Popen(
                [bench.tracer.command, "top", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            time.sleep(0.002 * i)
            reader.send_signal(signal.SIGSTOP)
            time.sleep(0.01)
            reader.kill()
            reader.wait()

    verdict = bench.compare(argv, lambda run: exact_total(run), act=act)
    return reword(verdict, "reader killed")


def exact_total(run):
    if run.main.get("total_blocks") != run.report["total_blocks"]:
        return Verdict("S", "%s blocks" % run.main.get("total_blocks"))
    return Verdict("P", "unaffected, exact")


def with_launcher(bench, argv):
    """`heaptally run` dies; the program goes on and reports what it did."""
    directory = bench.directory()
    os.chmod(directory, 0o700)
    report = os.path.join(directory, "report")
    out = os.path.join(directory, "out")
    # The recordings of a killed launcher stay; here they go away with the directory.
    environment = dict(os.environ, FAULTS_REPORT=report, XDG_RUNTIME_DIR=directory)
    environment.pop("LD_PRELOAD", None)
    environment.pop("HEAPTALLY", None)
    with open(out, "wb") as file:
        launcher = subprocess.Popen(
            [bench.tracer.command, "run", "-q", "-o", os.path.join(directory, "x.tally"), "--", *map(str, argv)],
            env=environment, stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.DEVNULL,
            cwd=directory, start_new_session=True,
        )
    try:
        wait_for(lambda: b"2" in read_file(out))
        launcher.kill()
        launcher.wait()
        wait_for(lambda: os.path.exists(report), 20)
        lines = read_file(out).splitlines()
        if not lines or lines[-1] != b"end":
            return Verdict("B", "the program did not survive its launcher")
        return Verdict("P", "survives its launcher")
    finally:
        try:
            os.killpg(launcher.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        shutil.rmtree(directory, ignore_errors=True)


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (GIB, GIB))
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


@scenario(32, "hostile files and hostile names for the reader (F31, F57)")
def hostile(bench):
    if bench.tracer.name == "heaptrack":
        return mutate_raw(bench)
    if not hasattr(bench.tracer, "command"):
        raise Skip("has no reader")
    return worst([mutate_recording(bench), hostile_names(bench)])


def sample(bench, directory, argv):
    """A file of the tracer about argv, and its bytes up to the end of what is used."""
    found = {}

    def keep(run, folder):
        for name in os.listdir(folder):
            if name.endswith(".recording") or name == "raw":
                found["path"] = os.path.join(directory, "sample")
                subprocess.run(
                    ["/bin/cp", "--sparse=always", os.path.join(folder, name), found["path"]], check=True
                )

    bench.run(argv, keep=keep)
    if "path" not in found:
        raise Skip("no file to change")
    return found["path"]


def data_ranges(path):
    """The parts of a sparse file that hold data."""
    ranges = []
    with open(path, "rb") as file:
        end = 0
        size = os.fstat(file.fileno()).st_size
        while end < size:
            try:
                begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            ranges.append((begin, end))
    return ranges


def mutate(path, ranges, generator):
    """Change some bytes of the data in place, mostly near the start; returns what to write back."""
    saved = []
    with open(path, "r+b") as file:
        for _ in range(generator.choice((1, 1, 2, 8))):
            begin, end = generator.choice(ranges[:1] * 3 + ranges)
            offset = generator.randrange(begin, min(end, begin + 2048))
            file.seek(offset)
            saved.append((offset, file.read(1)))
            file.seek(offset)
            file.write(bytes([generator.choice((0, 1, 0x7F, 0x80, 0xFF, generator.randrange(256)))]))
    return saved


def restore(path, saved):
    with open(path, "r+b") as file:
        for offset, byte in reversed(saved):
            file.seek(offset)
            file.write(byte)


def read_once(bench, arguments):
    """What went wrong with one call of the reader, or None."""
    begin = time.monotonic()
    done = call([bench.tracer.command, *arguments], timeout=60, preexec_fn=limited)
    if done is None or time.monotonic() - begin > 20:
        return "no end of `%s`" % arguments[0]
    if done.returncode < 0:
        return "`%s` ended by %s" % (arguments[0], signal.Signals(-done.returncode).name)
    if b"\x1b" in done.stdout + done.stderr:
        return "`%s` printed an escape character" % arguments[0]
    return None


def mutate_recording(bench):
    directory = bench.directory()
    generator = random.Random(11)
    path = sample(bench, directory, [bench.target("plain"), "300"])
    ranges = data_ranges(path)
    try:
        for i in range(bench.scale(60, 3000)):
            saved = mutate(path, ranges, generator)
            command = ("info", "top", "top")[i % 3]
            more = [[], [], ["--format", "json"]][i % 3]
            fault = read_once(bench, [command, *more, path])
            restore(path, saved)
            if fault:
                return Verdict("B", "mutated file %d: %s" % (i, fault))
        for cut in (0, 1, 7, 8, 100, 535, 639, 640, 4096, 65536):
            shorter = os.path.join(directory, "shorter")
            with open(path, "rb") as source, open(shorter, "wb") as file:
                file.write(source.read(cut))
            fault = read_once(bench, ["top", shorter])
            if fault:
                return Verdict("B", "file cut at %d: %s" % (cut, fault))
    finally:
        shutil.rmtree(directory)
    return Verdict("P", "no crash, no hang")


def mutate_raw(bench):
    """heaptrack's interpreter and printer on a raw file with changed bytes."""
    interpret = "/usr/lib/heaptrack/libexec/heaptrack_interpret"
    directory = bench.directory()
    generator = random.Random(11)
    path = sample(bench, directory, [bench.target("plain"), "300"])
    ranges = data_ranges(path)
    try:
        for i in range(bench.scale(60, 1000)):
            saved = mutate(path, ranges, generator)
            with open(path, "rb") as file:
                done = call([interpret], timeout=30, stdin=file, preexec_fn=limited)
            restore(path, saved)
            if done is None or done.returncode < 0:
                how = "no end" if done is None else signal.Signals(-done.returncode).name
                return Verdict("B", "mutated file %d: interpreter: %s" % (i, how))
    finally:
        shutil.rmtree(directory)
    return Verdict("P", "no crash, no hang")


NAMES = (
    b"\x1b]0;owned\x07",
    b"</script><img src=x onerror=alert(1)>",
    b'"];URL="javascript:x',
    b"\xe2\x80\xaeright to left",
    b"new\nline\rreturn",
    b"\xff\xfe not UTF-8",
    b"\xc2\x9b31m",
    b'{"a": "\\u0000"}',
)


def hostile_names(bench):
    """A program whose symbols are replaced by hostile bytes of the same length."""
    directory = bench.directory()
    program = os.path.join(directory, "hostile")
    try:
        for name in NAMES:
            with open(bench.target("leak"), "rb") as file:
                image = file.read()
            for symbol in (b"tally_malloc_at\0", b"branch_right\0", b"branch_left\0"):
                image = image.replace(symbol, (name * 3)[: len(symbol) - 1] + b"\0")
            with open(program, "wb") as file:
                file.write(image)
            os.chmod(program, 0o755)
            fault = names_in_reports(bench, directory, program)
            if fault:
                return Verdict("S", "name %r: %s" % (name, fault))
    finally:
        shutil.rmtree(directory)
    return Verdict("P", "escaped everywhere")


def names_in_reports(bench, directory, program):
    path = sample(bench, directory, [program, "steps", "50", "0"])
    for more in (["--by", "function"], ["--by", "stack"], ["--format", "json"], ["--format", "csv"]):
        done = call([bench.tracer.command, "top", *more, path])
        if done is None or done.returncode != 0:
            return "top %s failed" % " ".join(more)
        # A machine format keeps what is printable, and the direction of writing is.
        bidirectional = () if "--format" in more else (b"\xe2\x80\xae",)
        for bad in (b"\x1b", b"\x07", b"\x9b\x33", b"\r") + bidirectional:
            if bad in done.stdout:
                return "%r in the output of top %s" % (bad, " ".join(more))
        if "json" in more:
            json.loads(done.stdout.decode("utf-8"))
    os.unlink(path)
    return None


BUILDS = {
    "plain": (["-g", "-O0"], None),
    "dwarf 4": (["-gdwarf-4", "-O0"], None),
    "dwarf 5": (["-gdwarf-5", "-O0"], None),
    "compressed": (["-g", "-O0", "-gz=zlib"], None),
    "minimal": (["-g1", "-O0"], None),
    "split": (["-g", "-O0", "-gsplit-dwarf"], None),
    "position dependent": (["-g", "-O0", "-no-pie"], None),
    "no frame pointer": (["-g", "-O0", "-fomit-frame-pointer"], None),
    "debug link": (["-g", "-O0"], "link"),
    "sections": (["-g", "-O0", "-ffunction-sections"], None),
    "with clang": (["-g", "-O0"], "clang"),
    "extra": (["-g3", "-O0"], None),
}
SOURCE = """#include <stdlib.h>
void *keep[1000];
static void *inner(int n) {
	return malloc((size_t)n);
}
static void *outer(int n) {
	void *block = inner(n);
	return block;
}
int main(void) {
	for (int i = 0; i < 1000; i++)
		keep[i] = outer(i);
	return 0;
}
"""


@scenario(33, "debug information of all kinds, binary replaced, debuginfod (F58, F32)")
def debug_information(bench):
    if not hasattr(bench.tracer, "command"):
        raise Skip("reports of heaptally only")
    if shutil.which("gcc") is None:
        raise Skip("needs gcc")
    folder = bench.directory()
    try:
        verdicts = []
        for name, (flags, special) in BUILDS.items():
            if special == "clang" and shutil.which("clang") is None:
                continue
            fault = one_build(bench, folder, flags, special)
            verdicts.append(Verdict("S", "%s: %s" % (name, fault)) if fault else Verdict("P", "same report"))
        verdicts.append(replaced(bench, folder))
        return worst(verdicts)
    finally:
        shutil.rmtree(folder)


def build(folder, flags, special):
    source = os.path.join(folder, "program.c")
    program = os.path.join(folder, "program")
    with open(source, "w", encoding="ascii") as file:
        file.write(SOURCE)
    compiler = "clang" if special == "clang" else "gcc"
    done = call([compiler, *flags, "program.c", "-o", "program"], cwd=folder)
    if done is None or done.returncode != 0:
        return None
    if special == "link":
        call(["objcopy", "--only-keep-debug", "program", "program.debug"], cwd=folder)
        call(["strip", "-g", "program"], cwd=folder)
        call(["objcopy", "--add-gnu-debuglink=program.debug", "program"], cwd=folder)
    return program


def one_build(bench, folder, flags, special):
    """The line of the malloc must be found, and quickly, although debuginfod never answers."""
    program = build(folder, flags, special)
    if program is None:
        return None
    path = sample(bench, folder, [program])
    begin = time.monotonic()
    groups = report_with_black_hole(bench, path)
    if time.monotonic() - begin > 10:
        return "took more than 10 s"
    if not groups:
        return "no report"
    frame = groups[0]["frames"][0]
    found = (frame["function"], os.path.basename(frame["file"] or ""), frame["line"], groups[0]["live_blocks"])
    if found != ("inner", "program.c", 4, 1000):
        return "reports %s:%s in %s, %s blocks" % (found[1], found[2], found[0], found[3])
    return None


def report_with_black_hole(bench, path):
    """A server on the loopback that accepts and never answers."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(5)
        url = "http://127.0.0.1:%d" % server.getsockname()[1]
        environment = dict(os.environ, DEBUGINFOD_URLS=url)
        done = call([bench.tracer.command, "top", "--format", "json", path], timeout=30, env=environment)
    return json.loads(done.stdout)["groups"] if done is not None and done.returncode == 0 else []


def replaced(bench, folder):
    """Another program under the same name: no names of the wrong one may be shown."""
    program = build(folder, ["-g", "-O0"], None)
    path = sample(bench, folder, [program])
    with open(os.path.join(folder, "program.c"), "a", encoding="ascii") as file:
        file.write("int more[100]; void *other(void) { return malloc(1); }\n")
    call(["gcc", "-g", "-O2", "program.c", "-o", "program.new"], cwd=folder)
    os.rename(os.path.join(folder, "program.new"), program)
    done = call([bench.tracer.command, "top", "--format", "json", path])
    if done is None or done.returncode != 0:
        return Verdict("S", "no report after the binary was replaced")
    frame = json.loads(done.stdout)["groups"][0]["frames"][0]
    if frame["file"] and frame["function"] != "inner":
        return Verdict("S", "names of another binary: %s" % frame["function"])
    return Verdict("P", "the replaced binary is not trusted")
