# SPDX-License-Identifier: LGPL-2.1-or-later
"""gate.py - what the gates share: the options, the list of sources, and the verdict

A gate is called as `scripts/check-NAME [--source DIR] [--build DIR]`, prints one line for each
violation and returns 1 if there was one.
"""
import argparse
import os
import re
import subprocess
import sys

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE_FOLDERS = ("lib", "tools", "tests")


class Gate:
    def __init__(self, summary):
        parser = argparse.ArgumentParser(description=summary)
        parser.add_argument("--source", default=TOP, help="the source tree")
        parser.add_argument("--build", default=None, help="the build tree (SOURCE/build)")
        options = parser.parse_args()
        self.source = os.path.abspath(options.source)
        self.build = os.path.abspath(options.build or os.path.join(self.source, "build"))
        self.violations = 0

    @property
    def library(self):
        return os.path.join(self.build, "lib", ".libs", "libheaptally.so")

    @property
    def command(self):
        return os.path.join(self.build, "tools", "heaptally")

    def violation(self, text):
        self.violations += 1
        print(text)

    def sources(self, *suffixes, folders=SOURCE_FOLDERS):
        """Paths relative to the source tree, sorted; build trees inside it are left out."""
        found = []
        for folder in folders:
            for directory, names, files in os.walk(os.path.join(self.source, folder)):
                names[:] = [n for n in names if n != "build" and not n.startswith(".")]
                found += [os.path.relpath(os.path.join(directory, name), self.source)
                          for name in files if name.endswith(suffixes)]
        return sorted(found)

    def read(self, path):
        with open(os.path.join(self.source, path), encoding="utf-8") as file:
            return file.read()

    def output(self, *command):
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout

    def finish(self):
        sys.exit(1 if self.violations else 0)


TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.S)


def blank(text):
    """As many lines as the text, and nothing on them."""
    return "\n" * text.count("\n")


def without_comments(text):
    return TOKEN.sub(lambda m: m[0] if m[0][0] in "\"'" else blank(m[0]) or " ", text)


def without_comments_and_strings(text):
    return TOKEN.sub(lambda m: '""' if m[0][0] in "\"'" else blank(m[0]) or " ", text)


def comments(text):
    """(line number, text) of each comment."""
    for match in TOKEN.finditer(text):
        if match[0][0] == "/":
            yield text.count("\n", 0, match.start()) + 1, match[0]
