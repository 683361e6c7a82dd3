# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recording is a new file of its owner's alone; whatever was planted in its place is not touched."""
import glob
import os
import socket
import stat
import subprocess
import time

from harness import LIBRARY, case, environment, equal, report, run, run_cases
from traced import UNSHARE, need_private_mounts, need_root, target

BLOCKS = 2000
PROGRAM = [target("plain"), str(BLOCKS)]
NOBODY = ["/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def runs(prefix=(), **variables):
    """The program must run as ever, whatever became of its recording."""
    settings = ["%s=%s" % item for item in variables.items()]
    words = [*prefix, "/usr/bin/env", "LD_PRELOAD=" + LIBRARY, *settings, *PROGRAM]
    result = run(words, env=environment())
    equal((result.returncode, result.stdout, result.stderr), (0, b"done\n", b""), "result")


def private(path):
    status = os.lstat(path)
    assert stat.S_ISREG(status.st_mode), "no file"
    equal((stat.S_IMODE(status.st_mode), status.st_nlink), (0o400, 1), "mode and links")


def in_runtime_directory(directory):
    return glob.glob(os.path.join(directory, "heaptally", "*"))


def data_of(path):
    """The bytes of a file, without its holes: a recording has gigabytes of them."""
    pieces = []
    with open(path, "rb") as file:
        end = 0
        while True:
            try:
                begin = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                return pieces
            end = os.lseek(file.fileno(), begin, os.SEEK_HOLE)
            pieces.append((begin, os.pread(file.fileno(), end - begin, begin)))


def kept(path):
    """What identifies a file, and its bytes if it has some that can be read without waiting."""
    status = os.lstat(path)
    content = data_of(path) if stat.S_ISREG(status.st_mode) else None
    return status.st_mode, status.st_ino, status.st_rdev, status.st_size, status.st_nlink, content


def plant(kind):
    """Something that is no recording, called planted; false where it cannot be made."""
    if kind == "a file":
        with open("planted", "wb") as file:
            file.write(b"precious")
    elif kind == "an empty file":
        open("planted", "wb").close()
    elif kind in ("a link to a file", "another name of a file"):
        with open("precious", "wb") as file:
            file.write(b"precious")
        (os.symlink if kind == "a link to a file" else os.link)("precious", "planted")
    elif kind == "a link to nothing":
        os.symlink("nothing", "planted")
    elif kind == "a link to a recording":
        runs(HEAPTALLY="out=%s/old.recording" % os.getcwd())
        os.symlink("old.recording", "planted")
    elif kind == "a folder":
        os.mkdir("planted")
    elif kind == "a FIFO":
        os.mkfifo("planted")
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as server:
            server.bind("planted")
    elif kind == "a device":
        need_root()
        os.mknod("planted", stat.S_IFCHR | 0o666, os.makedev(1, 3))


PLANTED = ("a file", "an empty file", "a link to a file", "another name of a file", "a link to nothing",
           "a link to a recording", "a folder", "a FIFO", "a socket", "a device")

for kind in PLANTED:

    @case("out= names %s: it stays, nothing is beside it, and the report says so" % kind)
    def planted(directory, kind=kind):
        plant(kind)
        before = {name: kept(name) for name in os.listdir(".")}
        runs(HEAPTALLY="out=%s/planted" % directory, XDG_RUNTIME_DIR=directory)
        after = {name: kept(name) for name in os.listdir(".") if name != "heaptally"}
        equal(after, before, "what was there")
        found = in_runtime_directory(directory)
        equal(len(found), 1, "recordings in the usual place")
        seen = report("info", found[0])
        equal(seen["total_blocks"], BLOCKS, "blocks")
        assert any("out=" in sentence for sentence in seen["troubles"]), seen["troubles"]


@case("out= names nothing, or a place in a missing folder: the usual place")
def others(directory):
    for number, path in enumerate((os.path.join(directory, "missing/file"), directory + "/new/")):
        runs(HEAPTALLY="out=" + path, XDG_RUNTIME_DIR=directory)
        equal(len(in_runtime_directory(directory)), number + 1, path)
    runs(HEAPTALLY="out=", XDG_RUNTIME_DIR=directory)
    equal(sorted(os.listdir(".")), ["heaptally"], "what is there")


@case("umask 0 and 0777 make no difference to the recording")
def masks(directory):
    for mask in (0, 0o777):
        path = os.path.join(directory, "recording.%o" % mask)
        old = os.umask(mask)
        try:
            runs(HEAPTALLY="out=" + path)
        finally:
            os.umask(old)
        private(path)
        equal(report("info", path)["total_blocks"], BLOCKS, "blocks")


@case("the folder of the user is made private")
def own_folder(directory):
    runs(XDG_RUNTIME_DIR=directory)
    equal(stat.S_IMODE(os.lstat("heaptally").st_mode), 0o700, "mode of the folder")
    found = in_runtime_directory(directory)
    equal(len(found), 1, "recordings")
    private(found[0])


@case("no folder stays where no recording could begin")
def nothing_began(directory):
    no_files = ["/usr/bin/prlimit", "--fsize=4096", "--"]
    runs(no_files, XDG_RUNTIME_DIR=directory, TMPDIR=directory)
    equal(os.listdir(directory), [], "what is left")
    os.mkdir("heaptally", 0o700)
    runs(no_files, XDG_RUNTIME_DIR=directory)
    equal(os.listdir(directory), ["heaptally"], "what was there")


@case("a folder that is a symbolic link, or open to all, or another's, is not used")
def planted_folder(directory):
    need_private_mounts()
    os.chmod(directory, 0o711)
    for what in ("link", "open", "foreign"):
        base = os.path.join(directory, what)
        os.mkdir(base, 0o700)
        os.chown(base, 65534, 65534)
        trap = os.path.join(base, "heaptally")
        if what == "link":
            os.mkdir(os.path.join(base, "elsewhere"), 0o777)
            os.symlink("elsewhere", trap)
        else:
            os.mkdir(trap)
            os.chmod(trap, 0o777)
            os.chown(trap, *((65534, 65534) if what == "open" else (1, 1)))
        private_shm = [*UNSHARE, "/bin/sh", "-c", 'mount -t tmpfs -o mode=1777 n /dev/shm && exec "$@"', "sh"]
        runs([*private_shm, *NOBODY], XDG_RUNTIME_DIR=base, TMPDIR=base)
        inside = os.listdir(os.path.join(base, "elsewhere") if what == "link" else trap)
        mode = stat.S_IMODE(os.stat(trap).st_mode)
        assert not inside or (what == "open" and mode == 0o700), "%s was used: %r" % (what, inside)


@case("the same process id twice: two recordings")
def same_id(directory):
    for _ in range(3):
        runs(HEAPTALLY="dir=" + directory)
    equal(len(glob.glob(os.path.join(directory, "*.recording"))), 3, "recordings")


def start_at(path, *words, **options):
    settings = ["LD_PRELOAD=" + LIBRARY, "HEAPTALLY=out=" + path]
    return subprocess.Popen(["/usr/bin/env", *settings, *words], env=environment(), **options)


def wait_until(holds, what):
    end = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.01)


@case("out= of an earlier run is replaced, and only by a new program")
def replaced(directory):
    path = os.path.join(directory, "out.recording")
    outlives_its_parent = "my $me = $$; if (fork) { exit } 1 while getppid == $me; my @list = (1) x 1000"
    for _ in range(2):
        process = start_at(path, "/usr/bin/perl", "-e", outlives_its_parent, stdout=subprocess.PIPE)
        process.communicate()
        equal(report("info", path)["pid"], process.pid, "process of the file")
    beside = glob.glob(path + ".*")
    equal(len(beside), 2, "recordings of the children: %r" % beside)


@case("out= of an earlier run: programs that start at once all have a recording")
def replaced_at_once(directory):
    path = os.path.join(directory, "out.recording")
    for _ in range(20):
        started = [start_at(path, "/bin/cat", stdin=subprocess.PIPE) for _ in range(5)]
        wait_until(lambda: len(glob.glob(path + "*")) == 5, "five recordings")
        for process in started:
            process.communicate()
        for name in glob.glob(path + ".*"):
            os.unlink(name)


@case("HEAPTALLY with words that make no sense: the program runs")
def nonsense(directory):
    for text in ("frames=0", "frames=x", "out", "=", ":::", "dir=" + "x" * 5000, "\\", "frames=99999999999999999999", "\xff"):
        runs(HEAPTALLY=text, XDG_RUNTIME_DIR=directory)


run_cases()
