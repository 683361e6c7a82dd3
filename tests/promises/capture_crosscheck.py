# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every captured stack equals what unw_backtrace finds at the same place: a million and more."""
import os

from harness import BUILD, DATA, LIBRARY, case, environment, equal, need, report, run, run_cases

# Strings and objects of V8's, and its pool of threads beside it.
NODE = """
const crypto = require('crypto'), zlib = require('zlib'), fs = require('fs');
for (let i = 0; i < 400; i++) {
    crypto.createHash('sha256').update('a' + i).digest('hex');
    zlib.deflateSync(Buffer.alloc(1000, i));
    JSON.parse(JSON.stringify({a: [1, 2, 3], b: i}));
}
for (let i = 0; i < 50; i++) {
    zlib.deflate(Buffer.alloc(10000, i), () => {});
    crypto.pbkdf2('a', 'b', 10, 32, 'sha1', () => {});
    fs.readFile('/etc/passwd', () => {});
}
"""


def check_stacks(command, at_least, **variables):
    """Run it with every stack compared, which must be so many, and none may differ."""
    variables = environment(
        LD_PRELOAD=LIBRARY,
        HEAPTALLY="crosscheck=1:out=%s/check.rec" % os.getcwd(),
        **variables,
    )
    equal(run(command, env=variables).returncode, 0, "status")
    info = report("info", "check.rec")
    assert info["crosscheck_count"] >= at_least, info
    equal(info["crosscheck_differences"], 0, "differences")


@case("CPython, PYTHONMALLOC=malloc: a million stacks and no difference")
def cpython(_directory):
    command = [need("python3"), "-sB", os.path.join(DATA, "json-ast.py")]
    check_stacks(command, 1000000, PYTHONMALLOC="malloc")


@case("eight threads that make new stacks at once: a million and no difference")
def threads(_directory):
    check_stacks([os.path.join(BUILD, "tests/promises/wander"), "8", "125000"], 1000000)


@case("node, whose compiled code has no unwind tables: no stack differs")
def node(_directory):
    check_stacks([need("node"), "-e", NODE], 40000)


run_cases()
