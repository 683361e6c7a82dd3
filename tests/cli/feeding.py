# SPDX-License-Identifier: LGPL-2.1-or-later
"""A traced program that waits, and goes a step further with each byte that it is fed."""
import subprocess

from harness import LIBRARY, end_child, environment, equal, need, run

# What allocates before the first line, and for each byte since.
MAIN = r"""
int main(void)
{
    char byte = 0;
    before();
    while (write(1, "\n", 1) == 1 && read(0, &byte, 1) == 1)
        since();
    return 0;
}
"""


class Feeding:
    """Its source writes a line, then reads a byte, again and again; `name` is its number."""

    def __init__(self, source):
        with open("feeding.c", "w", encoding="ascii") as file:
            file.write(source)
        equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", "feeding", "feeding.c"]).returncode, 0, "gcc")
        self.process = subprocess.Popen(["./feeding"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=feeding.recording"))
        self.process.stdout.readline()
        self.name = str(self.process.pid)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        end_child(self.process)
        self.process.stdin.close()
        self.process.stdout.close()

    def feed(self):
        self.process.stdin.write(b"x")
        self.process.stdin.flush()
        self.process.stdout.readline()
