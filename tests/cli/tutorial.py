#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally-tutorial(7) is true: each section is typed, and what it shows is printed.

Of a line that the page shows, numbers, units and the folder of a file may differ, and `...` stands
for anything; a line `...` for any lines.
"""
import os
import re
import subprocess

from harness import BUILD, COMMAND, SOURCE, case, environment, run_cases

SECONDS = 120
END = "end of a command, status "

with open(os.path.join(SOURCE, "man", "heaptally-tutorial.7"), encoding="utf-8") as file:
    PAGE = file.read()


def plain(line):
    return re.sub(r"^\\&", "", line).replace(r"\(aq", "'").replace(r"\-", "-").replace(r"\e", "\\")


def steps(section):
    """(command, status, shown lines) of all that is typed."""
    found = []
    for block in re.findall(r"^\.Bd -literal[^\n]*\n(.*?)^\.Ed$", section, re.M | re.S):
        for line in map(plain, block.splitlines()):
            if line.startswith("$ "):
                status = re.search(r"# status (\d+)$", line)
                found.append((line[2:], int(status[1]) if status else 0, []))
            else:
                found[-1][2].append(line)
    return found


NUMBER = r"[+-]?[0-9][0-9.,]*"


def pattern(line):
    """What matches a shown line: runs of blanks, numbers, units and folders are free."""
    if line == "...":
        return r"(?:.*\n)*?"
    words = []
    for word in line.split():
        if word == "...":
            words.append(".*")
        elif re.fullmatch(NUMBER, word):
            words.append(NUMBER)
        elif re.fullmatch(r"[+-]?(B|KiB|MiB|KiB/s|MiB/s)", word):
            words.append(r"(?:B|KiB|MiB|GiB)(?:/s)?")
        elif re.fullmatch(r"[\w-]+\.c:[0-9]+", word):
            words.append(r"\S*" + re.escape(word.split(":")[0]) + ":[0-9]+")
        else:
            words.append(re.sub(r"[0-9]+", "[0-9]+", re.escape(word)))
    return r"[ \t]*" + r"[ \t]+".join(words) + r"[ \t]*\n"


def check(command, shown, output):
    if not shown:
        return
    wanted = "".join(pattern(line) for line in shown).replace(r"[ \t]+.*[ \t]+", r"[ \t]+.*")
    assert re.fullmatch(wanted, output), "%s: the page shows\n%s\nand it printed\n%s" % (
        command, "\n".join(shown), output)


def type_in(section, directory):
    """One shell, so that what runs in the background goes on; a line after each command tells its end."""
    found = steps(section)
    assert found, section
    script = "".join("%s\necho \"%s$?\"\n" % (command, END) for command, _, _ in found)
    tools = os.pathsep.join((os.path.dirname(COMMAND), os.path.join(BUILD, "tests", "programs"), os.environ["PATH"]))
    runtime = os.path.join(directory, ".runtime")
    os.makedirs(runtime, mode=0o700, exist_ok=True)
    process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=environment(PATH=tools, XDG_RUNTIME_DIR=runtime, COLUMNS="100"), text=True,
                               start_new_session=True)
    try:
        output = process.communicate(script, timeout=SECONDS)[0]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        output = process.communicate()[0]
    printed = re.split(r"^%s(\d+)\n" % END, output, flags=re.M)
    assert len(printed) // 2 == len(found), output
    for number, (command, status, shown) in enumerate(found):
        text, got = printed[2 * number], int(printed[2 * number + 1])
        assert got == status, "%s: status %d\n%s" % (command, got, text)
        # What runs in the background may say its first words later.
        if not command.endswith("&"):
            check(command, shown, text)


APP = '''rows = []


def load():
    for number in range(50000):
        rows.append("row %d of the table" % number)


load()
'''


def prepare():
    with open("app.py", "w", encoding="ascii") as file:
        file.write(APP)
    with open("book.txt", "w", encoding="ascii") as book:
        book.write("\n".join("word%d and the rest" % i for i in range(5000)))
    with open("larger.txt", "w", encoding="ascii") as book:
        book.write("\n".join("word%d and the rest" % i for i in range(9000)))


SECTIONS = re.findall(r"^\.Sh ([^\n]*\?)\n(.*?)(?=^\.Sh )", PAGE, re.M | re.S)
assert len(SECTIONS) >= 5, "sections: %r" % SECTIONS

# The last question is asked of the server's tally.
LEFT_BY = {"WHY IS MORE RESIDENT THAN LIVES?": SECTIONS[0][1]}

for title, section in SECTIONS:

    @case("the tutorial: %s" % title.lower())
    def true(directory, title=title, section=section):
        prepare()
        if title in LEFT_BY:
            type_in(LEFT_BY[title], directory)
        type_in(section, directory)


run_cases()
