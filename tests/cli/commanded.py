# SPDX-License-Identifier: LGPL-2.1-or-later
"""A traced program that allocates as it is told, for tests of living processes."""
import contextlib
import os
import subprocess

from harness import LIBRARY, end_child, environment, equal, program

DONE, PENDING, TROUBLE = 0, 1, 2


class Commanded:
    """The program under the runtime; its recordings are in the directory of the case."""

    def __init__(self, prefix=(), **variables):
        os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
        os.environ.pop("HEAPTALLY", None)
        if not prefix:
            variables.setdefault("LD_PRELOAD", LIBRARY)
        self.child = subprocess.Popen([*prefix, program("commanded")], stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, env=environment(**variables))

    def tell(self, line):
        self.child.stdin.write(line.encode() + b"\n")
        self.child.stdin.flush()
        equal(self.child.stdout.readline(), b"ok\n", "answer to " + line)

    @property
    def pid(self):
        return str(self.child.pid)

    def end(self):
        self.child.stdin.close()
        self.child.wait(60)
        self.child.stdout.close()


@contextlib.contextmanager
def commanded(*prefix, **variables):
    process = Commanded(prefix, **variables)
    try:
        yield process
        process.end()
    finally:
        end_child(process.child)
