# SPDX-License-Identifier: LGPL-2.1-or-later
"""The count of scripts/check cannot be green by accident: each way to run less than was meant is
planted in the results of an invented build, and fails."""
import os
import re

from harness import SOURCE, case, equal, run, run_cases

PLAN = """# words
    3 tests/unit/test_one quick
    2 tests/cli/two.bats
    1 make-distcheck
"""
LOG = {"test_one": "1..3\nok 1 a\nok 2 b\nok 3 c\n", "two": "1..2\nok 1 a\nok 2 b\n"}


def write(path, text):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


def results(name, *verdicts, log=""):
    write("build/%s.log" % name, log)
    write("build/%s.trs" % name, "".join(":test-result: %s\n" % word for word in verdicts))


def good_build():
    write("plan", PLAN)
    results("tests/unit/test_one", *["PASS"] * 3, log=LOG["test_one"])
    results("tests/cli/two", *["PASS"] * 2, log=LOG["two"])
    results("make-distcheck", "PASS")


def count(last, *options, status=None, says=""):
    """The last line and the status of count-results."""
    done = run([os.path.join(SOURCE, "scripts", "count-results"), "--plan", "plan", *options, "build"])
    output = done.stdout.decode()
    equal(output.splitlines()[-1], last, output + done.stderr.decode())
    wanted = status if status is not None else 0 if ", 0 failed" in last else 1
    equal(done.returncode, wanted, output)
    assert re.search(says, output), "%s does not say %s" % (output, says)


@case("all that was planned ran: green")
def green(_directory):
    good_build()
    count("6 passed, 0 failed, 0 skipped")
    count("3 passed, 0 failed, 0 skipped", "--quick")


@case("a suite that is in no list of tests any more")
def removed(_directory):
    good_build()
    os.remove("build/tests/cli/two.trs")
    os.remove("build/tests/cli/two.log")
    count("4 passed, 1 failed, 0 skipped", says=r"two\.bats did not run \(2 cases\)")
    count("4 passed, 0 failed, 2 skipped", "--allow-missing")
    count("3 passed, 0 failed, 0 skipped", "--quick")


@case("a suite that was ended before its results were written")
def ended(_directory):
    good_build()
    write("build/tests/cli/two.trs", "")
    count("4 passed, 1 failed, 0 skipped", says="did not run")
    count("4 passed, 1 failed, 0 skipped", "--allow-missing", says="did not run")


@case("a suite that runs fewer cases than planned")
def fewer(_directory):
    good_build()
    results("tests/unit/test_one", "PASS", "PASS", log="1..2\nok 1 a\nok 2 b\n")
    count("5 passed, 1 failed, 0 skipped", says="2 of its 3 cases ran")


@case("an empty TAP plan, and an empty one that gives a reason")
def empty(_directory):
    good_build()
    results("tests/cli/two", "SKIP", log="1..0\n")
    count("4 passed, 1 failed, 0 skipped", says="empty plan")
    results("tests/cli/two", "SKIP", log="1..0 # SKIP clang is not installed\n")
    count("4 passed, 1 failed, 1 skipped", says="clang is not installed")
    count("4 passed, 0 failed, 2 skipped", "--unavailable", "clang")


@case("a tool that is missing: its case fails, unless no package has it or the user said so")
def missing(_directory):
    good_build()
    results("tests/cli/two", "PASS", "SKIP", log="1..2\nok 1 a\nok 2 b # SKIP jq is not installed\n")
    count("5 passed, 1 failed, 0 skipped", says="jq is not installed")
    count("5 passed, 1 failed, 0 skipped", "--unavailable", "perl")
    count("5 passed, 0 failed, 1 skipped", "--unavailable", "jq")
    count("5 passed, 0 failed, 1 skipped", "--allow-missing")


@case("a case that cannot run here is skipped, with its reason")
def skipped(_directory):
    good_build()
    results("tests/cli/two", "PASS", "SKIP", log="1..2\nok 1 a\nok 2 b # skip needs root\n")
    count("5 passed, 0 failed, 1 skipped", says="two.bats: needs root")


@case("failures, errors, and failures that were expected, are failures")
def failures(_directory):
    good_build()
    results("tests/cli/two", "PASS", "FAIL", "ERROR", "XFAIL", "XPASS", log="1..2\n")
    count("5 passed, 4 failed, 0 skipped")


@case("a suite that ran and that the plan does not know")
def stranger(_directory):
    good_build()
    results("tests/cli/three", "PASS")
    count("6 passed, 1 failed, 0 skipped", says="tests/cli/three ran and is not in tests/plan")


@case("no plan, an empty plan, and a plan with a line that is none")
def no_plan(_directory):
    good_build()
    for text in ("", "# only words\n", "0 tests/unit/test_one\n", "tests/unit/test_one\n",
                 "3 tests/unit/test_one quik\n"):
        write("plan", text)
        count("0 passed, 1 failed, 0 skipped")
    os.remove("plan")
    count("0 passed, 1 failed, 0 skipped")


@case("nothing ran: neither passed nor green")
def nothing(_directory):
    write("plan", PLAN)
    os.mkdir("build")
    count("0 passed, 3 failed, 0 skipped")
    count("0 passed, 0 failed, 6 skipped", "--allow-missing", status=1)


@case("more cases than planned are told of")
def more(_directory):
    good_build()
    results("tests/cli/two", *["PASS"] * 4, log="1..4\n")
    count("8 passed, 0 failed, 0 skipped", says="2 cases more than tests/plan has")


@case("scripts/check --list and --help run nothing, and bad options are 2")
def options(_directory):
    check = os.path.join(SOURCE, "scripts", "check")
    listed = run([check, "--list"])
    equal(listed.returncode, 0, listed.stderr)
    assert re.search(rb"\d+ +tests/gates/counting\.py +quick\n", listed.stdout), listed.stdout
    total = re.search(rb"(\d+) cases in \d+ files\n$", listed.stdout)
    equal(int(total[1]), sum(int(n) for n in re.findall(rb"^ *(\d+)  ", listed.stdout, re.M)), "sum")
    assert b"--quick" in run([check, "--help"]).stdout
    equal(run([check, "--no-such-option"]).returncode, 2, "status")


run_cases()
