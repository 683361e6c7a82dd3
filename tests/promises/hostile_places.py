# SPDX-License-Identifier: LGPL-2.1-or-later
"""A recording is a new file of its owner's alone; whatever was planted in its place is not touched."""
import glob
import os
import socket
import stat
import subprocess
import time

from harness import LIBRARY, Skip, case, environment, equal, report, run, run_cases
from traced import UNSHARE, need_private_mounts, target

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


@case("out= names a symbolic link: what it points to is unchanged")
def symbolic_link(directory):
    with open("precious", "w", encoding="ascii") as file:
        file.write("precious")
    os.symlink("precious", "planted")
    runs(HEAPTALLY="out=%s/planted" % directory)
    with open("precious", encoding="ascii") as file:
        equal(file.read(), "precious", "what the link points to")


@case("out= names a hard link: the other name is unchanged")
def hard_link(directory):
    with open("precious", "w", encoding="ascii") as file:
        file.write("precious")
    os.link("precious", "planted")
    runs(HEAPTALLY="out=%s/planted" % directory)
    with open("precious", encoding="ascii") as file:
        equal(file.read(), "precious", "the other name")


@case("out= names a FIFO without a reader: nobody waits")
def fifo(directory):
    os.mkfifo("planted")
    runs(HEAPTALLY="out=%s/planted" % directory)
    assert stat.S_ISFIFO(os.lstat("planted").st_mode) or os.path.isfile("planted")


def own_device(name, minor):
    """A device that only this test sees; unprivileged, a link to the one that it cannot harm."""
    if os.getuid() != 0:
        os.symlink("/dev/" + name, name)
        return
    try:
        os.mknod(name, 0o666 | stat.S_IFCHR, os.makedev(1, minor))
        with open(name, "rb"):
            pass
    except PermissionError as reason:
        raise Skip("device nodes cannot be made here") from reason


@case("out= names a directory, a socket, a missing folder, nothing")
def others(directory):
    os.mkdir("folder")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("folder", "socket", "missing/file"):
            runs(HEAPTALLY="out=%s/%s" % (directory, name))
    runs(HEAPTALLY="out=", XDG_RUNTIME_DIR=directory)


@case("out= names a device: it stays what it is")
def devices(directory):
    for name, minor in (("null", 3), ("full", 7)):
        own_device(name, minor)
        runs(HEAPTALLY="out=%s/%s" % (directory, name), XDG_RUNTIME_DIR=directory)
        assert stat.S_ISCHR(os.stat(name).st_mode), name + " is gone"


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


def in_runtime_directory(directory):
    return glob.glob(os.path.join(directory, "heaptally", "*"))


@case("the folder of the user is made private")
def own_folder(directory):
    runs(XDG_RUNTIME_DIR=directory)
    equal(stat.S_IMODE(os.lstat("heaptally").st_mode), 0o700, "mode of the folder")
    found = in_runtime_directory(directory)
    equal(len(found), 1, "recordings")
    private(found[0])


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
