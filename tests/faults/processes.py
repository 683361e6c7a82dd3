# SPDX-License-Identifier: LGPL-2.1-or-later
"""Run one program to its end, or to the watchdog's, and leave nothing behind.

The program gets a session of its own, so that whatever it started can be ended by its process group.
Output goes to files: a pipe would stay open as long as a lost child holds it.
"""
import os
import resource
import signal
import subprocess
import time


class Ended:
    """What is left of a process: status is negative for a signal, None after the watchdog."""

    def __init__(self, pid, status, stdout, stderr, seconds):
        self.pid = pid
        self.status = status
        self.stdout = stdout
        self.stderr = stderr
        self.seconds = seconds

    @property
    def hung(self):
        return self.status is None

    def how(self):
        if self.hung:
            return "did not end in %.0f s" % self.seconds
        if self.status < 0:
            return "ended by %s" % signal.Signals(-self.status).name
        return "status %d" % self.status


class Started:
    """A program that runs; `finish` waits for it."""

    def __init__(self, argv, environment, directory, stdin=None, limits=()):
        self.out = os.path.join(directory, "stdout")
        self.err = os.path.join(directory, "stderr")
        self.begin = time.monotonic()

        def prepare():
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            for limit, value in limits:
                resource.setrlimit(limit, (value, value))

        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.child = subprocess.Popen(
                argv,
                env=environment,
                cwd=directory,
                stdin=stdin if stdin is not None else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
                preexec_fn=prepare,
            )
        self.pid = self.child.pid

    def kill_group(self):
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    def stop(self):
        """End it if something went wrong before `finish` did."""
        if self.child.returncode is None:
            self.kill_group()
            self.child.wait()

    def finish(self, timeout):
        try:
            status = self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            status = None
        seconds = time.monotonic() - self.begin
        self.kill_group()
        if status is None:
            self.child.wait()
        return Ended(self.pid, status, read(self.out), read(self.err), seconds)


UNSHARE = ["/usr/bin/unshare", "-m", "--propagation", "private"]


def private_mounts():
    """Root may mount what nobody else sees; not so in a plain chroot, whose root is no mount."""
    if os.geteuid() != 0 or not os.path.exists(UNSHARE[0]):
        return False
    done = call([*UNSHARE, "/bin/true"])
    return done is not None and done.returncode == 0


def read(path):
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def call(argv, timeout=120, **options):
    """A tool of ours, not a traced program: its completed process, or None after timeout."""
    options.setdefault("stdin", subprocess.DEVNULL)
    try:
        return subprocess.run(
            argv,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            timeout=timeout,
            check=False,
            **options,
        )
    except subprocess.TimeoutExpired:
        return None
