# SPDX-License-Identifier: LGPL-2.1-or-later
"""Scenarios about what runs out or is not there: memory, disk, limits, file systems."""
import os
import shutil
import tempfile

from judge import Skip, Verdict, difference, judge_numbers, missing, reword, worst, wrong
from processes import UNSHARE, call, private_mounts
from scenarios import scenario
from scenarios_threads import counted

CGROUPS = "/sys/fs/cgroup/memory"
MIB = 1 << 20
NOBODY = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


@scenario(19, "killed by the cgroup's memory limit (F41)")
def out_of_memory(bench):
    if os.geteuid() != 0 or not os.path.exists(os.path.join(CGROUPS, "memory.limit_in_bytes")):
        raise Skip("needs root and a memory cgroup (version 1)")
    group = tempfile.mkdtemp(prefix="scorecard.", dir=CGROUPS)
    try:
        with open(os.path.join(group, "memory.limit_in_bytes"), "w", encoding="ascii") as file:
            file.write(str(64 * MIB))
        words = ["/bin/sh", "-c", 'echo $$ > "$0"/cgroup.procs && exec "$@"', group]
        return bench.compare(
            [bench.target("leak"), "culprit", "200"], culprit(bench), prefix=words, keep=note_top(bench)
        )
    finally:
        os.rmdir(group)


def note_top(bench):
    def keep(run, directory):
        run.top = []
        if hasattr(bench.tracer, "top") and run.main:
            run.top = bench.tracer.top(run.main["path"], "--by", "function")

    return keep


def culprit(bench):
    def criterion(run):
        if not run.readable:
            return missing(run)
        blocks = counted(run.shared)[0]
        if abs(run.main["total_blocks"] - blocks) > 1:
            return wrong(run, "%d blocks instead of %d" % (run.main["total_blocks"], blocks))
        if hasattr(bench.tracer, "top"):
            names = [frame["function"] for group in run.top[:1] for frame in group["frames"]]
            if "the_culprit" not in names:
                return wrong(run, "the culprit is not on top")
        return Verdict("P", "recording readable, culprit on top")

    return criterion


SMALL_DISK = """
mount -t tmpfs -o size=%d,mode=1777 none "$0" || exit 99
test %d = 0 || dd if=/dev/zero of="$0"/full bs=4096 count=%d 2>/dev/null
"$@"
status=$?
cp --sparse=always "$0"/*.recording "$HERE" 2>/dev/null
exit $status
"""


def on_disk(bench, size, free, count):
    """Recordings go to a small disk, full but for free bytes, in a mount namespace of its own.

    What is written there is copied to the folder of the run for the reader.
    """
    folder = bench.directory()
    fill = max(size - free, 0) // 4096
    words = ["/bin/sh", "-c", "HERE=$PWD" + SMALL_DISK % (size, fill, fill), folder]
    argv = [bench.target("leak"), "steps", str(count), "0"]
    bench.idle_numbers()
    original = bench.tracer.variables
    bench.tracer.variables = lambda directory: {"HEAPTALLY": "out=%s/%%e.%%p.recording" % folder}
    try:
        return bench.compare(argv, of_small_disk, prefix=UNSHARE + words)
    finally:
        bench.tracer.variables = original
        os.rmdir(folder)


def of_small_disk(run):
    """The traced program is a child of the shell that copies, so its process id is another one."""
    if not run.data:
        return Verdict("H", "no room at the start: no recording, of which `run` tells")
    run.data[0]["pid"] = 0
    return judge_numbers(run)


@scenario(20, "full disk before and during the run, truncated file (F16)")
def full_disk(bench):
    if not private_mounts():
        raise Skip("needs root and mounts of its own")
    if bench.tracer.name == "heaptrack":
        return worst([reader_without_room(bench)])
    return worst(
        [
            on_disk(bench, MIB, 0, 20000),
            on_disk(bench, MIB, 65536, 20000),
            on_disk(bench, 4 * MIB, 4 * MIB, bench.scale(60000, 1000000)),
            truncated(bench),
        ]
    )


def reader_without_room(bench):
    """heaptrack's own program writes nothing; a full disk ends the process behind its FIFO."""

    def act(started, directory):
        wait_for(lambda: b"2" in read_file(started.out))
        if started.traced:
            bench.tracer.reader.kill()

    verdict = bench.compare([bench.target("leak"), "steps", "200000", "2000"], act=act)
    return reword(verdict, "the process behind the FIFO ends")


def truncated(bench):
    """The user truncates the file of a running program; root may do to files whatever it likes."""
    user = NOBODY if os.geteuid() == 0 else []
    open_to_user = ["/bin/sh", "-c", 'chmod 1777 . && exec "$@"', "sh"]

    def act(started, directory):
        wait_for(lambda: b"3" in read_file(started.out))
        for name in os.listdir(directory):
            if name.endswith(".recording"):
                call(user + ["/usr/bin/truncate", "-s", "0", os.path.join(directory, name)])

    argv = [bench.target("leak"), "steps", "20000", "20000"]
    verdict = bench.compare(argv, judge_numbers, act=act, prefix=open_to_user + user)
    return reword(verdict, "truncated by its user")


def wait_for(condition, seconds=10):
    import time

    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)


def read_file(path):
    with open(path, "rb") as file:
        return file.read()


LIMITS = {
    "as": [1 << n for n in range(21, 35)],
    "data": [1 << n for n in range(16, 33)],
    "fsize": [0] + [1 << n for n in range(10, 33, 2)],
    "nofile": [3, 4, 5, 16, 1024],
    "stack": [1 << n for n in range(15, 24)] + ["unlimited"],
    "memlock": [0, 4096, 1 << 26],
    "nproc": [0, 1, 2],
}


# The loader refuses a library whose data does not fit, whoever preloads it.
DATA_OF_A_LIBRARY = 1 << 19


def under_limits(bench, argv, name, values):
    """Every limit under which the bare program works."""
    verdicts = []
    for value in values:
        prefix = ["/usr/bin/prlimit", "--%s=%s" % (name, value)]
        bare = bench.bare(argv, prefix=prefix)
        if bare.ended.status != 0:
            continue
        traced = bench.run(argv, prefix=prefix)
        broken = difference(bare, traced)
        if broken and name == "data" and value < DATA_OF_A_LIBRARY and traced.ended.status == 127:
            verdicts.append(Verdict("H", "data limited to %s: no room for the library" % value))
        elif broken:
            verdicts.append(Verdict("B", "%s limited to %s: %s" % (name, value, broken)))
    return verdicts


@scenario(21, "sweep of resource limits (F29)")
def limits(bench):
    plain = [bench.target("plain"), "2000"]
    verdicts = [Verdict("P", "same wherever the bare program works")]
    for name, values in LIMITS.items():
        if bench.quick:
            values = values[1::3]
        verdicts += under_limits(bench, plain, name, values)
        if not bench.quick and os.path.exists("/usr/bin/python3"):
            verdicts += under_limits(bench, ["/usr/bin/python3", "-c", "print(1)"], name, values)
    return worst(verdicts)


# Whatever is recorded in these places goes away with the mount namespace.
OWN_PLACES = "".join("mount -t tmpfs none %s && " % place for place in ("/tmp", "/dev/shm", "/run"))
WITHOUT = {
    "no /proc": "mount -t tmpfs -o mode=0 none /proc",
    "no /dev/shm": "mount -t tmpfs -o mode=0,ro none /dev/shm",
    "full /dev/shm": "mount -t tmpfs -o size=4096 none /dev/shm && dd if=/dev/zero of=/dev/shm/f bs=4096 count=1 2>/dev/null",
    "no /dev": "mount -t tmpfs -o mode=0 none /dev",
    "nothing to write to": "mount -t tmpfs -o ro none /tmp && mount -t tmpfs -o ro none /dev/shm && mount -t tmpfs -o ro none /run",
}


@scenario(22, "no /proc, no /dev/shm, read-only or unusable folders (F28)")
def without_system(bench):
    if not private_mounts():
        raise Skip("needs root and mounts of its own")
    verdicts = []
    for what, script in WITHOUT.items():
        for user in ([], NOBODY):
            verdict = without(bench, script, user)
            verdicts.append(reword(verdict, what))
    return worst(verdicts)


def without(bench, script, user):
    """No `out=` here: the runtime has to find a place by itself, or do without."""
    words = UNSHARE + ["/bin/sh", "-c", OWN_PLACES + script + ' && cd / && exec "$@"', "sh"] + user
    # /tmp may be covered by then, so what is needed is elsewhere.
    moved = tempfile.mkdtemp(prefix="scorecard.", dir="/var/tmp")
    os.chmod(moved, 0o755)
    tracer = bench.tracer
    bench.idle_numbers()
    variables, library = tracer.variables, tracer.library
    try:
        program = shutil.copy(bench.target("plain"), moved)
        if tracer.name == "heaptally":
            tracer.variables = lambda directory: {}
            tracer.library = shutil.copy(library, moved)
        verdict = bench.compare([program, "2000"], prefix=words)
        if verdict.letter == "P" and tracer.name == "heaptally":
            return under_launcher(bench, words, program)
        return verdict
    finally:
        tracer.variables, tracer.library = variables, library
        shutil.rmtree(moved)


def under_launcher(bench, words, program):
    """`run` has to run the program as well, and to tell why there are no data."""
    tool = shutil.copy(bench.tracer.command, os.path.dirname(program))
    environment = {"PATH": "/usr/bin:/bin", "HEAPTALLY_LIBRARY": bench.tracer.library}
    done = call([*words, tool, "run", "-o", program + ".tally", "--", program, "2000"], env=environment)
    if done is None or done.returncode != 0 or done.stdout != b"done\n":
        status = "no end" if done is None else "status %d" % done.returncode
        return Verdict("B", "under run: %s: %s" % (status, done.stderr.decode().strip()[:80] if done else ""))
    if not done.stderr:
        return Verdict("S", "run says nothing")
    return Verdict("P", "runs as bare, and `run` tells")


@scenario(34, "memory of the tracer, size of a core dump (F41, F42)")
def footprint(bench):
    argv = [bench.target("footprint"), bench.scale(100000, 1000000)]
    bare = bench.bare(argv)

    def criterion(run):
        resident = run.report["resident_kib"] / bare.report["resident_kib"] - 1
        dumped = run.report["dumped_kib"] / bare.report["dumped_kib"] - 1
        if dumped > 0.05:
            return Verdict("S", "core dump %.0f %% larger" % (100 * dumped))
        if resident > 0.5:
            return Verdict("S", "%.0f %% more resident memory" % (100 * resident))
        return Verdict("P", "core %+.1f %%, resident %+.0f %%" % (100 * dumped, 100 * resident))

    return bench.compare(argv, criterion)
