# SPDX-License-Identifier: LGPL-2.1-or-later
"""A row of the table: one program, what it is given to do, and how to tell that it did."""

import glob
import os
import re
import shutil

# The system's programs win over private ones of the same name; some of Debian's are in nobody's PATH.
SYSTEM_PATH = ("/usr/sbin", "/usr/bin", "/sbin", "/bin") + tuple(sorted(glob.glob("/usr/lib/postgresql/*/bin")))

NUMBERS = ((rb"\d+", b"N"),)


class Row:
    """command: a line for the shell, which is replaced by the program (exec).

    package    Debian's name of what it is in; command words are looked for in PATH
    needs      other commands that setup, client or command use; "NAME:PACKAGE" names the package
    files      name -> text, in the folder that every run starts in
    setup      shell script that makes more of the input, untraced, once
    status     what the bare program exits with
    variables  environment, beside a small fixed one
    helper     shell line of a server, untraced, that the command talks to
    client     shell script that talks to the command, which is a server and is then sent `stop`
    ready      where the server listens: a socket in the folder, or "port", which is 127.0.0.1:$PORT
    normal     (pattern, replacement) for all compared text, for what differs between two bare runs
    unordered  threads write lines in any order: they are compared sorted
    least      allocations that a complete recording has at least
    refused    `run` has to refuse it with 125 and a reason, the preload by hand to do no harm
    not_root   as root it refuses to work: it is run as nobody
    """

    def __init__(self, name, package, command, needs=(), files=None, setup="", status=0, variables=None, helper="",
                 client="", ready="", stop="TERM", normal=(), unordered=False, least=1, refused=False,
                 not_root=False, limit_s=120):
        self.name, self.package, self.command, self.needs = name, package, command, needs
        self.files, self.setup, self.status, self.variables = files or {}, setup, status, variables or {}
        self.helper, self.client, self.ready, self.stop = helper, client, ready, stop
        self.normal = [(re.compile(pattern), replacement) for pattern, replacement in normal]
        self.unordered = unordered
        self.least, self.refused, self.not_root, self.limit_s = least, refused, not_root, limit_s

    def program(self):
        """The command's first word that is no assignment."""
        return self.command.split()[0]

    def missing(self, path):
        """Packages of the commands that are not there."""
        wanted = [] if self.program().startswith("./") else [(self.program(), self.package)]
        wanted += [need.partition(":")[::2] for need in self.needs]
        return [package or command for command, package in wanted if shutil.which(command, path=path) is None]


def search_path():
    private = [folder for folder in os.environ.get("PATH", "").split(":") if folder not in SYSTEM_PATH]
    return ":".join(SYSTEM_PATH + tuple(private))
