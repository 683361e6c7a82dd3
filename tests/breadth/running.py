# SPDX-License-Identifier: LGPL-2.1-or-later
"""One run of a row in a folder of its own, and all of it that can be compared."""

import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

NOBODY = 65534
TEXT_LIMIT = 1 << 24


class Failed(Exception):
    """The row cannot be run here; the text says why."""


class Result:
    """parts: name -> bytes. What is compared beside the exit status: output, answers of a server, files."""

    def __init__(self):
        self.status, self.seconds, self.parts = None, 0.0, {}


class Place:
    """The folders of a row. Every run has the same path, so that paths in its output are the same."""

    def __init__(self, row, path, temp):
        self.row, self.path = row, path
        self.top = tempfile.mkdtemp(prefix="b.", dir=temp)
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else temp
        self.recordings = tempfile.mkdtemp(prefix="heaptally-breadth.", dir=memory)
        self.work, self.input, self.home, self.tmp, self.logs = (
            os.path.join(self.top, name) for name in ("work", "input", "home", "tmp", "logs"))
        for folder in (self.input, self.logs):
            os.mkdir(folder)
        self.tally = os.path.join(self.logs, "x.tally")
        self.port = free_port()
        self.dropped = row.not_root and os.getuid() == 0

    def release(self):
        shutil.rmtree(self.top, ignore_errors=True)
        shutil.rmtree(self.recordings, ignore_errors=True)

    def hand_over(self):
        """What a run as nobody may write becomes its own."""
        if not self.dropped:
            return
        for top in (self.top, self.recordings):
            for folder, _, files in os.walk(top):
                for name in [folder] + [os.path.join(folder, file) for file in files]:
                    os.chown(name, NOBODY, NOBODY, follow_symlinks=False)

    def fresh(self, source):
        """Bring all folders that a run may write to their first state."""
        for folder in (self.work, self.home, self.tmp):
            shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, self.work, symlinks=True)
        os.mkdir(self.home)
        os.mkdir(self.tmp)
        self.hand_over()

    def environment(self):
        result = {"PATH": self.path, "HOME": self.home, "TMPDIR": self.tmp, "LC_ALL": "C.UTF-8", "TZ": "UTC",
                  "USER": "breadth", "TERM": "dumb", "SOURCE_DATE_EPOCH": "1000000000", "PORT": str(self.port),
                  "XDG_RUNTIME_DIR": self.tmp}
        result.update(self.row.variables)
        return result


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(place, argv, log, variables=None):
    """A process in its own group, with its output in files: a pipe would wait for whoever inherits it."""
    identity = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if place.dropped else {}
    streams = [open(os.path.join(place.logs, log + suffix), "wb") for suffix in (".out", ".err")]
    try:
        return subprocess.Popen(argv, cwd=place.work, env=dict(place.environment(), **(variables or {})),
                                stdin=subprocess.DEVNULL, stdout=streams[0], stderr=streams[1],
                                start_new_session=True, **identity)
    finally:
        for stream in streams:
            stream.close()


def end_group(child):
    """End what is left of a process that start() made, and of its group."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass
    child.wait()


def output(place, log, suffix=".out"):
    with open(os.path.join(place.logs, log + suffix), "rb") as file:
        return file.read(TEXT_LIMIT)


def script(place, text, log):
    """Run shell text untraced to its end."""
    child = start(place, ["bash", "-ec", text], log)
    try:
        status = child.wait(place.row.limit_s)
    except subprocess.TimeoutExpired:
        status = None
    finally:
        end_group(child)
    if status != 0:
        last = output(place, log, ".err").decode(errors="replace").strip().splitlines()[-1:]
        raise Failed("%s: status %s: %s" % (log, status, " ".join(last)))


def listens(place):
    if place.row.ready == "port":
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", place.port)) == 0
    # By the folder's descriptor: the address of a socket has room for a hundred bytes only.
    folder = os.open(place.work, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex("/proc/self/fd/%d/%s" % (folder, place.row.ready)) == 0
    finally:
        os.close(folder)


def wait_ready(place, child):
    end = time.monotonic() + place.row.limit_s
    while time.monotonic() < end and child.poll() is None:
        if listens(place):
            return True
        time.sleep(0.02)
    return False


def converse(place, child):
    """Talk to a server and stop it; what it answered."""
    if not wait_ready(place, child):
        return b"(the server did not listen)"
    try:
        script(place, place.row.client, "client")
        answers = output(place, "client")
    except Failed as failure:
        answers = output(place, "client") + str(failure).encode()
    if child.poll() is None:
        child.send_signal(getattr(signal, "SIG" + place.row.stop))
    return answers


def files_below(place):
    """name -> what is in it, for all that the run has made or left."""
    found = {}
    for folder, _, names in os.walk(place.work):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.islink(path):
                content = os.readlink(path).encode()
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = hashlib.sha256(file.read()).hexdigest().encode()
            else:
                content = b"(no file)"
            found["file " + os.path.relpath(path, place.work)] = content
    return found


def normalize(row, text):
    for pattern, replacement in row.normal:
        text = pattern.sub(replacement, text)
    return b"".join(sorted(text.splitlines(keepends=True))) if row.unordered else text


def execute(place, prefix=(), variables=None):
    """Run the command once, after `prefix`, with these variables."""
    row, result = place.row, Result()
    place.fresh(place.input)
    helper = None
    if row.helper:
        helper = start(place, ["bash", "-c", "exec " + row.helper], "helper")
        if not wait_ready(place, helper):
            end_group(helper)
            raise Failed("the helper does not listen")
    before = time.monotonic()
    # The preload begins at the program itself, not at the shell that reads its line.
    assignments = "".join(" %s=%s" % pair for pair in (variables or {}).items())
    line = "exec env%s " % assignments if variables else "exec "
    child = start(place, ["bash", "-c", line + '"$@" ' + row.command, "bash"] + list(prefix), "command")
    try:
        if row.client:
            result.parts["answers"] = converse(place, child)
        result.status = child.wait(row.limit_s)
    except subprocess.TimeoutExpired:
        pass
    finally:
        result.seconds = time.monotonic() - before
        for process in (child, helper):
            if process:
                end_group(process)
    result.parts["stdout"] = output(place, "command")
    result.parts["stderr"] = output(place, "command", ".err")
    for name in result.parts:
        result.parts[name] = normalize(row, result.parts[name])
    result.parts.update(files_below(place))
    return result


def prepare(place):
    """Make the input of a row."""
    row = place.row
    for name, text in row.files.items():
        path = os.path.join(place.input, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
    if row.setup:
        place.fresh(place.input)
        script(place, row.setup, "setup")
        shutil.rmtree(place.input)
        shutil.move(place.work, place.input)
