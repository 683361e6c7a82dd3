# SPDX-License-Identifier: LGPL-2.1-or-later
"""The decoder of line tables against the interpreter's own, on every CPython found."""
import os

from harness import BUILD, SOURCE, case, environment, equal, run, run_cases
from interpreters import pythons

DECODER = os.path.join(BUILD, "tests", "python", "line_decoder")
TABLES = os.path.join(SOURCE, "tests", "python", "line_tables.py")


@case("every instruction of the standard library's modules has the line that CPython says")
def every_instruction(_directory):
    for python in pythons():
        tables = run([python, "-W", "ignore", TABLES], env=environment())
        equal((tables.returncode, tables.stderr), (0, b""), python)
        with open("tables", "wb") as file:
            file.write(tables.stdout)
        with open("tables", "rb") as file:
            decoded = run([DECODER], stdin=file)
        equal(decoded.returncode, 0, python)
        instructions, wrong = map(int, decoded.stdout.split())
        equal(wrong, 0, "%s: wrong of %d" % (python, instructions))
        assert instructions > 300000, (python, instructions)


run_cases()
