# SPDX-License-Identifier: LGPL-2.1-or-later
"""The HTML page of `heaptally report`: its numbers, its size, names of any bytes, and what a browser makes of it."""
import json
import os
import pty
import re
import subprocess

import losing
from browser import Browser
from harness import COMMAND, LIBRARY, SOURCE, build_with_name, case, end_child, environment, equal, heaptally, need, \
    program, record, report, run, run_cases, wait_to_succeed

MOST_BYTES = 2000000
# What ends the element, a comment and a string, markup, a newline and what is no UTF-8.
HOSTILE = b"x</script \n<script pwned=1//<!--\"'`&amp;\\\xff\xc3<img src=x onerror=pwned=2 "
STACKS = r"""
#include <stdlib.h>
static void *volatile kept;
static void one(unsigned path, int depth);
__attribute__((noinline)) static void zero(unsigned path, int depth)
{
    if (depth == 0) { kept = malloc(16 + path % 7); return; }
    if (path & 1) one(path >> 1, depth - 1); else zero(path >> 1, depth - 1);
    __asm__ volatile("");
}
static void one(unsigned path, int depth)
{
    if (depth == 0) { kept = malloc(24); return; }
    if (path & 1) one(path >> 1, depth - 1); else zero(path >> 1, depth - 1);
    __asm__ volatile("");
}
int main(int argc, char **argv)
{
    int depth = argc > 1 ? atoi(argv[1]) : 4;
    for (unsigned path = 0; path < 1u << depth; path++) zero(path, depth);
    kept = malloc(1000000);
    return kept == 0;
}
"""


MARKED = r"""
#include <heaptally.h>
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept[3];
static void wait_for(const char *name) { while (access(name, F_OK) != 0) usleep(1000); }
__attribute__((noinline)) static void early(void) { kept[0] = malloc(300000); }
__attribute__((noinline)) static void late(void)
{
    kept[1] = malloc(500000);
    kept[2] = malloc(7000);
}
__attribute__((noinline)) static void load(void) { early(); heaptally_mark("first"); wait_for("seen.first"); late(); }
int main(void)
{
    load();
    free(kept[0]);
    heaptally_mark("second");
    wait_for("seen.second");
    free(kept[1]);
    return 0;
}
"""


def make(path, *words):
    done = heaptally("report", "-f", "-o", path, *words)
    equal((done.returncode, done.stderr), (0, b""), "status of %r" % (words,))
    with open(path, encoding="utf-8") as file:
        return file.read()


def read(text):
    """The data of a page, as its script reads them."""
    [data] = re.findall(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(data)


def expand(sparse, count):
    values, at = [0] * count, 0
    for step, value in zip(sparse[::2], sparse[1::2]):
        at += step
        values[at] = value
    return values


def columns(data):
    """{(metric, side, moment): {name: numbers}}"""
    nodes, lines = 2 * len(data["nodes"]["parent"]) + 1, len(data["lines"]["place"]) + 1
    return {(column["metric"], column["side"], column["moment"]): {
        name: expand(column.get(name, []), lines if name.startswith("line") else nodes)
        for name in ("bytes", "blocks", "lineBytes", "lineBlocks")} for column in data["columns"]}


def place(data, number):
    name, file, line, module, _kind = data["places"][number]
    return data["strings"][name], data["strings"][file], line, data["strings"][module]


def by_line(data, values):
    """{(file, line): sum} of the lines that have one."""
    found = {}
    for number, value in zip(data["lines"]["place"], values):
        _name, file, line, _module = place(data, number)
        if value and file and line:
            found[os.path.abspath(file), line] = found.get((os.path.abspath(file), line), 0) + value
    return found


def top_lines(member, *words):
    found = {}
    for group in report("top", "-n", "0", *words)["groups"]:
        frame = group["frames"][0]
        if group[member] and frame.get("file") and frame.get("line"):
            found[os.path.abspath(frame["file"]), frame["line"]] = group[member]
    return found


def record_words():
    equal(record("words.tally", [program("wordindex"), os.path.join(SOURCE, "COPYING")], "--every", "0.01").returncode,
          0, "status")


def record_marked(directory):
    """Three moments that are the same on every machine: it goes on when each mark can be looked at."""
    with open("marked.c", "w", encoding="ascii") as file:
        file.write(MARKED)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-I", os.path.join(SOURCE, "lib", "include"), "-o", "marked",
               "marked.c"]).returncode, 0, "gcc")
    os.environ["XDG_RUNTIME_DIR"] = directory
    child = subprocess.Popen([COMMAND, "run", "-q", "-f", "-o", "marked.tally", "--", "./marked"], env=environment())
    try:
        for label in ("first", "second"):
            wait_to_succeed("info", "marked@mark:" + label, child=child)
            with open("seen." + label, "wb"):
                pass
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)


@case("numbers: every column is that of top and info, in the tree and in the lines")
def numbers(_directory):
    record_words()
    equal(record("tree.tally", [program("tree")]).returncode, 0, "status")
    for tally in ("words.tally", "tree.tally"):
        data = read(make("page.html", tally))
        last = data["sides"][0]["moments"][-1]["number"]
        for (metric, side, moment), values in columns(data).items():
            info = report("info", "%s@snap:%d" % (tally, moment))
            wanted = {"live": "live", "peak": "peak", "total": "total", "temporary": "temporary"}[metric]
            what = "%s of moment %d" % (metric, moment)
            if metric != "temporary":
                equal(sum(values["bytes"]), info[wanted + "_bytes"], what)
                equal(sum(values["lineBytes"]), info[wanted + "_bytes"], what + " by line")
            equal(sum(values["blocks"]), info[wanted + "_blocks"], what)
            equal((side, metric == "live" or moment == last), (0, True), "side, and moment")
        of = columns(data)
        equal(by_line(data, of["peak", 0, last]["lineBytes"]), top_lines("live_bytes", "--at", "peak", tally), "peak")
        equal(by_line(data, of["total", 0, last]["lineBytes"]), top_lines("total_bytes", "--at", "peak", tally), "total")
        equal(by_line(data, of["temporary", 0, last]["lineBlocks"]),
              top_lines("temporary_blocks", "--at", "peak", tally), "temporary")
    assert len(data["sides"][0]["moments"]) >= 1
    parents = data["nodes"]["parent"]
    assert all(-1 <= parent < number for number, parent in enumerate(parents)), "a caller after what it calls"


@case("filters and wrappers are those of top; moments are at most some")
def filters(_directory):
    equal(record("words.tally", [program("wordindex"), os.path.join(SOURCE, "COPYING")], "--every", "0.002").returncode,
          0, "status")
    for words in (["--include", "function=add_*"], ["--exclude", "add_*", "--any-frame"], ["--include", "nothing"]):
        data = read(make("page.html", *words, "words.tally"))
        values = columns(data)["peak", 0, data["sides"][0]["moments"][-1]["number"]]
        equal(sum(values["bytes"]), report("top", "--at", "peak", *words, "words.tally")["totals"]["live_bytes"], words)
    moments = data["sides"][0]["moments"]
    assert len(moments) <= 24, len(moments)
    equal(read(make("page.html", "words.tally@snap:2"))["sides"][0]["atNumber"], 2, "the moment that was asked for")


@case("a million stacks are a page of less than 2 MB, whose sums are exact")
def million(_directory):
    with open("stacks.c", "w", encoding="ascii") as file:
        file.write(STACKS)
    equal(run([need("gcc"), "-g", "-O1", "-fno-optimize-sibling-calls", "-o", "stacks", "stacks.c"]).returncode, 0, "gcc")
    equal(record("stacks.tally", ["./stacks", "20"]).returncode, 0, "status")
    info = report("info", "stacks.tally")
    data = read(make("stacks.html", "stacks.tally"))
    assert os.path.getsize("stacks.html") < MOST_BYTES, os.path.getsize("stacks.html")
    assert len(data["nodes"]["parent"]) <= 5000
    assert sum(data["nodes"]["cut"]) > 1000000, "stacks: %d" % sum(data["nodes"]["cut"])
    values = columns(data)["total", 0, data["sides"][0]["moments"][-1]["number"]]
    equal((sum(values["bytes"]), sum(values["blocks"])), (info["total_bytes"], info["total_blocks"]), "sums")
    equal(sum(values["lineBytes"]), info["total_bytes"], "sum of lines")


@case("names of any bytes stay names: in the file, and in the browser")
def names(directory):
    need("chromium")
    build_with_name(b"hostile", HOSTILE)
    equal(record(b"<b>&\"'.tally", [b"./hostile"]).returncode, 0, "status")
    text = make("page.html", b"<b>&\"'.tally")
    equal(text.count("</script>"), 2, "ends of scripts")
    assert "<script>pwned" not in text and "<img" not in text and "<!--\"" not in text
    data = read(text)
    [name] = [name for name in data["strings"] if "pwned=1" in name]
    assert "\\n" in name and "\\xff" in name, name
    with Browser(directory) as browser:
        browser.open("page.html")
        equal(browser.complaints, [], "complaints")
        equal(browser.ask("typeof pwned"), "undefined", "what the name says")
        equal(browser.ask("document.querySelectorAll('img, b').length"), 0, "elements of the name")
        assert name in browser.ask("document.getElementById('graph').textContent"), "the name is not shown"
        assert name in browser.ask("document.getElementById('table').textContent"), "the name is not in the table"


@case("no address, no request, no warning; and nothing of the program's data or of its source")
def offline(directory):
    need("chromium")
    record_words()
    text = make("page.html", "words.tally")
    assert not re.search(r"(https?|ftp|wss?):|//[a-z]+\.|@import|url\(", text), "an address"
    assert "source" not in read(text) and "copyrighted" not in text, "a word of what was read"
    with Browser(directory) as browser:
        browser.open("page.html")
        equal(browser.ask("document.documentElement.dataset.ready"), "yes", "ready")
        equal([url for url in browser.requests if not url.endswith("/page.html") and url != "data:,"], [], "requests")
        equal(browser.complaints, [], "complaints")
        assert browser.ask("fetch('data:,x').then(() => 'sent', () => 'refused')") == "refused"


STATUS = "document.getElementById('status').textContent"
ROWS = "[...document.querySelectorAll('#table tbody tr')].map((row) => [...row.cells].map((cell) => cell.textContent))"


def choose(browser, identity, value):
    browser.ask("{ const it = document.getElementById(%s); it.value = %s; it.dispatchEvent(new Event('input'));"
                " it.dispatchEvent(new Event('change')); }" % (json.dumps(identity), json.dumps(value)))


def metric(browser, name):
    browser.ask("document.querySelector('#metrics input[value=%s]').click()" % name)


@case("in the browser: metrics, moments, growth between two, and the table that follows")
def chosen(directory):
    need("chromium")
    record_marked(directory)
    make("page.html", "marked.tally")
    with Browser(directory) as browser:
        browser.open("page.html")
        assert browser.ask(STATUS).startswith("Peak: 788.1 KiB in 3 blocks"), browser.ask(STATUS)
        before = browser.ask(ROWS)
        equal([row[0] for row in before], ["488.3 KiB", "293.0 KiB", "6.8 KiB"], "sizes at the peak")
        metric(browser, "allocations")
        equal(browser.ask(STATUS), "Allocations: 3.", "allocations")
        metric(browser, "total")
        assert browser.ask(STATUS).startswith("Total: 788.1 KiB in 3 blocks"), browser.ask(STATUS)
        metric(browser, "live")
        assert browser.ask(STATUS).startswith("Live: 6.8 KiB in 1 block, at exit"), browser.ask(STATUS)
        choose(browser, "moment", "0")
        assert browser.ask(STATUS).startswith("Live: 293.0 KiB in 1 block, at mark first"), browser.ask(STATUS)
        equal([row[-1].split()[0] for row in browser.ask(ROWS)], ["early"], "rows at the first mark")
        # The same by a click on a point of the curve; with Shift it is the first of two.
        point = "(() => { const box = document.querySelectorAll('#chart .moment')[%d].getBoundingClientRect();" \
                " return [box.x + box.width / 2, box.y + box.height / 2]; })()"
        browser.click(*browser.ask(point % 1))
        assert browser.ask(STATUS).startswith("Live: 495.1 KiB in 2 blocks, at mark second"), browser.ask(STATUS)
        browser.click(*browser.ask(point % 0), modifiers=8)
        assert browser.ask(STATUS).startswith("Growth: 293.0 KiB before, 495.1 KiB now, +202.1 KiB"), browser.ask(STATUS)
        equal([row[0] for row in browser.ask(ROWS)], ["+488.3 KiB", "\u2212293.0 KiB", "+6.8 KiB"], "changes")
        labels = browser.ask("[...document.querySelectorAll('.frame')].map((it) => [it.className, it.textContent])")
        assert ["frame more", "new +495.1 KiB late"] in labels and ["frame less", "gone \u2212293.0 KiB early"] in labels, labels
        browser.click(*browser.ask(point % 2))
        assert browser.ask(STATUS).startswith("Growth: 293.0 KiB before, 6.8 KiB now, \u2212286.1 KiB"), browser.ask(STATUS)
        metric(browser, "peak")
        equal(browser.ask(ROWS), before, "the table, again at the peak")
        equal(browser.complaints, [], "complaints")


@case("in the browser: search, zoom by keys and by clicks, and shapes")
def used(directory):
    need("chromium")
    record_words()
    make("page.html", "words.tally")
    with Browser(directory) as browser:
        browser.open("page.html")
        before = browser.ask(ROWS)
        # A search marks frames and filters rows; what it finds is said.
        choose(browser, "search", "grow_TABLE")
        assert "1 frame match" in browser.ask(STATUS), browser.ask(STATUS)
        equal([row[-1].split()[0] for row in browser.ask(ROWS)], ["grow_table"], "rows of the search")
        choose(browser, "search", "/^add_/")
        assert browser.ask("document.querySelectorAll('.frame.hit').length") >= 2
        choose(browser, "search", "/[/")
        equal(browser.ask(ROWS), [], "rows of a wrong expression")
        browser.ask("document.getElementById('reset').click()")
        # Zoom by keys: in to the innermost frame, and out with Escape.
        browser.ask("document.querySelector('#graph [tabindex=\"0\"]').focus()")
        for _ in range(6):
            browser.press("ArrowDown")
        browser.press("Enter")
        assert ", in add_word, " in browser.ask(STATUS), browser.ask(STATUS)
        equal({row[-1].split()[0] for row in browser.ask(ROWS)},
              {"add_position", "remember_excerpt", "grow_table", "add_word"}, "rows below add_word")
        assert browser.ask("document.activeElement.getAttribute('aria-label')").startswith("add_word, ")
        browser.press("Escape")
        equal(browser.ask(ROWS), before, "the table after Escape")
        browser.ask("[...document.querySelectorAll('.frame')].find((it) => it.textContent === 'read_file').click()")
        assert ", in read_file, " in browser.ask(STATUS), browser.ask(STATUS)
        metric(browser, "total")
        assert ", in read_file, " in browser.ask(STATUS), "another number forgets the zoom"
        browser.ask("document.querySelector('.frame').click()")
        metric(browser, "peak")
        equal(browser.ask(ROWS), before, "the table after a click on the outermost frame")
        for shape in ("flame", "callers", "icicle"):
            choose(browser, "shape", shape)
            assert browser.ask("document.querySelectorAll('.frame').length") > 5, shape
        choose(browser, "frames", "line")
        choose(browser, "by", "file")
        assert "wordindex.c" in browser.ask(ROWS)[0][-1], browser.ask(ROWS)
        equal(browser.complaints, [], "complaints")


@case("narrow, dark, printed: nothing is cut, and text can be read")
def looks(directory):
    need("chromium")
    record_words()
    make("page.html", "words.tally")
    with Browser(directory, width=375, height=700) as browser:
        for scheme in ("light", "dark"):
            browser.prefer(scheme=scheme)
            browser.open("page.html")
            for name in ("peak", "growth"):
                metric(browser, name)
                equal(browser.ask("document.documentElement.scrollWidth"), 375, "width, " + scheme)
                assert browser.ask("document.getElementById('caption').getBoundingClientRect().width") > 300, "caption"
        colors = "(() => { const style = getComputedStyle(document.body); return [style.color, style.backgroundColor]; })()"
        light = [int(number) for number in re.findall(r"\d+", browser.ask(colors)[1])][:3]
        assert sum(light) < 150, "dark is %s" % light
        browser.prefer(media="print", scheme="dark")
        equal(browser.ask(colors), ["rgb(0, 0, 0)", "rgb(255, 255, 255)"], "colours of print")
        equal(browser.ask("getComputedStyle(document.querySelector('.controls')).display"), "none", "controls in print")
        equal(browser.complaints, [], "complaints")


@case("what a screen reader is told: names of controls, levels of frames, one stop of Tab")
def told(directory):
    need("chromium")
    record_words()
    make("page.html", "words.tally")
    with Browser(directory) as browser:
        browser.open("page.html")
        equal(browser.ask("[...document.querySelectorAll('input, select, button')].filter((it) =>"
                          " !(it.labels && it.labels.length) && !it.textContent.trim()).length"), 0, "without a name")
        equal(browser.ask("document.querySelectorAll('#graph [tabindex=\"0\"]').length"), 1, "stops in the graph")
        assert browser.ask("[...document.querySelectorAll('.frame')].every((it) => it.getAttribute('role') === 'treeitem'"
                           " && Number(it.getAttribute('aria-level')) > 0 && it.getAttribute('aria-label'))")
        equal(browser.ask("document.querySelectorAll('[role=status]').length"), 2, "what is read out")
        equal(browser.ask("document.documentElement.lang"), "en", "language")
        assert "peak" in browser.ask("document.querySelector('#chart svg').getAttribute('aria-label')")
        equal(browser.ask("document.querySelectorAll('th[aria-sort]').length"), 1, "sorted columns")


def record_pair():
    for name, words in (("old", ["COPYING"]), ("new", ["COPYING", "README.md"])):
        equal(record(name + ".tally", [program("wordindex"), *(os.path.join(SOURCE, word) for word in words)]).returncode,
              0, "status")


@case("of two runs, numbers are those of diff, and the changes need no colour")
def compared(directory):
    need("chromium")
    record_pair()
    data = read(make("diff.html", "old.tally", "new.tally"))
    equal([side["operand"] for side in data["sides"]], [os.path.abspath("old.tally"), os.path.abspath("new.tally")]
          if data["sides"][0]["operand"].startswith("/") else ["old.tally", "new.tally"], "operands")
    of = columns(data)
    for side, name in enumerate(("old", "new")):
        info = report("info", name + ".tally")
        [(_, _, moment)] = [key for key in of if key[:2] == ("peak", side)]
        for kind in ("peak", "total", "live"):
            equal(sum(of[kind, side, moment]["bytes"]), info[kind + "_bytes"], "%s of %s" % (kind, name))
    peaks = [by_line(data, values["lineBytes"]) for key, values in sorted(of.items()) if key[0] == "peak"]
    wanted = {}
    for group in report("diff", "--all", "old.tally", "new.tally")["groups"]:
        frame, now = group["frames"][0], group["live_bytes"]
        if frame.get("line"):
            wanted[os.path.abspath(frame["file"]), frame["line"]] = now - group["live_bytes_diff"], now
    for line in set(peaks[0]) | set(peaks[1]):
        equal((peaks[0].get(line, 0), peaks[1].get(line, 0)), wanted[line], line)
    with Browser(directory) as browser:
        browser.open("diff.html")
        equal(browser.complaints, [], "complaints")
        for frame in ("more", "less"):
            labels = browser.ask("[...document.querySelectorAll('.frame.%s')].map((it) => it.textContent)" % frame)
            sign = "+" if frame == "more" else "\u2212"
            assert all(sign in label for label in labels), labels
        assert browser.ask("document.querySelectorAll('.frame.more').length") > 0
        assert browser.ask("document.querySelectorAll('#chart .old').length") == 1
        equal(browser.ask("document.querySelector('#metrics input[value=growth]')"), None, "growth within a run")
        assert browser.ask(ROWS)[0][0].startswith("+"), browser.ask(ROWS)
    make("back.html", "new.tally", "old.tally")
    with Browser(directory) as browser:
        browser.open("back.html")
        assert browser.ask("getComputedStyle(document.querySelector('.frame.less')).backgroundImage").startswith(
            "repeating-linear-gradient"), "what shrank is not hatched"
    same = read(make("same.html", "new.tally", "new.tally"))
    for key, values in columns(same).items():
        if key[1] == 0:
            equal(values, columns(same)[(key[0], 1, key[2])], "a run and itself, %s" % key[0])


@case("source is quoted when it is asked for, and only from below the working directory")
def source(directory):
    need("chromium")
    os.mkdir("inside")
    with open("secret.h", "w", encoding="ascii") as file:
        file.write("static void *other(void)\n{ return malloc(5000); } /* outside_text */\n")
    with open("inside/app.c", "w", encoding="ascii") as file:
        file.write("#include <stdlib.h>\n#include \"../secret.h\"\nint main(void)\n{\n\tvoid *kept = malloc(100); /* in<side>_text */\n"
                   "\treturn kept == other();\n}\n")
    equal(run([need("gcc"), "-g", "-O0", "-o", "app", os.path.abspath("inside/app.c")]).returncode, 0, "gcc")
    equal(record("app.tally", ["./app"]).returncode, 0, "status")
    os.chdir("inside")
    plain, quoted = make("plain.html", "../app.tally"), make("quoted.html", "--with-source", "../app.tally")
    assert "side>_text" not in plain and "source" not in read(plain)
    assert "outside_text" not in quoted, "a line of a file elsewhere"
    lines = [line for one in read(quoted)["source"] for line in one[2:]]
    assert any("in<side>_text" in line for line in lines), lines
    with Browser(directory) as browser:
        browser.open("quoted.html")
        browser.ask("document.getElementById('frames').value = 'line';"
                    " document.getElementById('frames').dispatchEvent(new Event('change'))")
        browser.ask("[...document.querySelectorAll('.frame')].find((it) => it.title.includes('app.c:5')).click()")
        assert "in<side>_text" in browser.ask("document.querySelector('#details .source mark').textContent")
        equal(browser.complaints, [], "complaints")
    # A link below the directory that leads out of it.
    os.chdir("..")
    os.mkdir("trap")
    os.rename("inside/app.c", "app.c")
    os.symlink("../app.c", "inside/app.c")
    os.chdir("inside")
    assert "side>_text" not in make("linked.html", "--with-source", "../app.tally")


@case("a process that runs, and one without a single block")
def living(_directory):
    child = subprocess.Popen([program("exits"), "10", "stop"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        child.stdout.readline()
        data = read(make("now.html", str(child.pid)))
        equal((data["sides"][0]["pid"], data["sides"][0]["state"]), (child.pid, "running"), "process")
        assert data["sides"][0]["live"] > 0
        [[_seconds, whole, *parts]] = data["sides"][0]["residents"]
        assert abs(whole - sum(parts)) <= whole / 100, "resident memory"
    finally:
        end_child(child)
    equal(record("none.tally", ["true"]).returncode, 0, "status")
    read(make("none.html", "none.tally"))


@case("where the resident memory was, at the moment that is looked at and of two runs")
def resident(directory):
    need("chromium")
    child = subprocess.Popen([program("resident"), "holes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        pid = child.stdout.readline().split()[1].decode()
        heaptally("snapshot", "-q", "-o", "before.tally", pid)
        child.stdin.write(b"trim\n")
        child.stdin.flush()
        child.stdout.readline()
        heaptally("snapshot", "-q", "-o", "after.tally", pid)
    finally:
        end_child(child)
    wanted = {part["name"]: part["resident_bytes"] for part in report("resident", "before.tally")["parts"]}
    [side] = read(make("page.html", "before.tally"))["sides"]
    [[_seconds, whole, *parts]] = side["residents"]
    equal((sum(parts), len(parts)), (sum(wanted.values()), len(side["parts"])), "parts")
    equal(parts[side["parts"].index("pinned free")], wanted["pinned_free"], "pinned")
    assert whole >= 70 << 20, whole
    make("two.html", "before.tally", "after.tally")
    lines = "[...document.querySelectorAll('#parts p')].map((it) => it.textContent)"
    with Browser(directory) as browser:
        browser.open("page.html")
        [line] = browser.ask(lines)
        assert re.match(r"\d+\.\d MiB resident at .*: pinned free 38\.\d MiB . free pages kept 38\.\d MiB", line), line
        browser.open("two.html")
        before, now = browser.ask(lines)
        assert before.startswith("before: ") and "free pages kept 38." in before, before
        assert now.startswith("now: ") and "MiB" in now and "free pages kept 38." not in now, now
        equal(browser.complaints, [], "complaints")


@case("a block of no bytes is one: in the numbers of the page, its tree and its table")
def of_no_bytes(directory):
    need("chromium")
    with open("none.c", "w", encoding="ascii") as file:
        file.write("#include <stdlib.h>\nstatic void *volatile kept[4];\n"
                   "__attribute__((noinline)) static void nothing(int i) { kept[i] = malloc(0); }\n"
                   "__attribute__((noinline)) static void something(void) { kept[3] = malloc(100); }\n"
                   "int main(void) { for (int i = 0; i < 3; i++) nothing(i); something(); return 0; }\n")
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", "none", "none.c"]).returncode, 0, "gcc")
    equal(record("none.tally", ["./none"]).returncode, 0, "status")
    make("page.html", "none.tally")
    with Browser(directory) as browser:
        browser.open("page.html")
        for shape in ("icicle", "callers"):
            browser.ask("document.getElementById('shape').value = '%s';"
                        " document.getElementById('shape').dispatchEvent(new Event('change'))" % shape)
            assert browser.ask(STATUS).startswith("Peak: 100 B in 4 blocks"), browser.ask(STATUS)
            equal([[row[0], row[2], row[3].split()[0]] for row in browser.ask(ROWS)],
                  [["100 B", "1", "something"], ["0 B", "3", "nothing"]], "rows")
        equal(browser.complaints, [], "complaints")


def answer(*words, **variables):
    done = heaptally("report", *words, env=environment(**variables))
    return done.returncode, done.stderr.decode()


@case("what does not go together is refused, before anything is written")
def refused(_directory):
    record_pair()
    status, text = answer("old.tally", "new.tally")
    assert status == 2 and "heaptally diff" in text, text
    status, text = answer("--with-source", "-o", "page.md", "new.tally")
    assert status == 2 and "--with-source" in text, text
    status, text = answer("--open", "-o", "-", "new.tally")
    assert status == 2 and "--open" in text, text
    equal(answer("old.tally", "new.tally", "third.tally")[0] != 0, True, "three operands")
    for tally in ("old.tally", "new.tally"):
        before = os.stat(tally)
        status, text = answer("-f", "--format", "html", "-o", tally, "old.tally", "new.tally")
        equal((status, os.stat(tally).st_ino), (2, before.st_ino), "a page in the place of " + tally)
    leader, follower = pty.openpty()
    done = subprocess.run([COMMAND, "report", "--format", "html", "new.tally"], stdin=subprocess.DEVNULL, stdout=follower,
                          stderr=subprocess.PIPE, env=environment(), timeout=60, check=False)
    os.close(leader)
    os.close(follower)
    assert done.returncode == 2 and b"terminal" in done.stderr, done
    equal(sorted(name for name in os.listdir(".") if not name.endswith(".tally")), [], "files that were written")


@case("--open writes a page, named after what is read, and lets the desktop open it")
def opened(directory):
    record_pair()
    os.mkdir("bin")
    with open("bin/xdg-open", "w", encoding="ascii") as file:
        file.write("#!/bin/sh\necho \"$1\" >'%s/opened'\nexit ${OPEN_STATUS:-0}\n" % directory)
    os.chmod("bin/xdg-open", 0o755)
    path = os.path.join(directory, "bin") + ":" + os.environ["PATH"]
    equal(answer("--open", "new.tally", PATH=path), (0, ""), "status")
    with open("opened", encoding="utf-8") as file:
        equal(file.read(), os.path.realpath("new.html") + "\n", "what was opened")
    assert read(open("new.html", encoding="utf-8").read())
    status, text = answer("--open", "new.tally", PATH=path)
    assert status == 2 and "new.html" in text, text
    status, text = answer("--open", "-o", "other.html", "new.tally", PATH=path, OPEN_STATUS="3")
    assert status == 2 and "is written" in text and os.path.exists("other.html"), text
    status, text = answer("--open", "-o", "third.html", "new.tally", PATH=directory)
    assert status == 2 and "is written" in text and os.path.exists("third.html"), text


LOSING = """
int main(int argc, char **argv) { lose_few(3 * argc); lose_many(20); keep(); pass(); clean(); return argv == NULL; }
"""


def lost_of(data, side=0):
    [values] = [values for (metric, of, _moment), values in columns(data).items() if (metric, of) == ("lost", side)]
    return values


@case("what is lost is a metric, where somebody has looked, and by the graph beside a recording")
def lost(directory):
    losing.build("losing", LOSING)
    equal(record("old.tally", ["./losing"], "--leaks").returncode, 0, "status")
    equal(record("new.tally", ["./losing", "more"], "--leaks").returncode, 0, "status")
    equal(record("without.tally", ["./losing"]).returncode, 0, "status")
    run(["./losing"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="leaks:out=%s/beside.recording" % directory))
    few, many = 3 * 600, 20 * 40
    for name in ("old.tally", "beside.recording"):
        data = read(make("page.html", name))
        values, side = lost_of(data), data["sides"][0]
        equal((sum(values["bytes"]), sum(values["blocks"]), sum(values["lineBytes"])), (few + many, 26, few + many), name)
        equal((side["lost"], side["lostBlocks"]), (few + many, 26), "total of " + name)
        equal(sorted(by_line(data, values["lineBytes"]).values()), [many, few], "lines of " + name)
        text = heaptally("report", "--format", "md", name).stdout.decode()
        assert "| lost | 2.5 KiB | 2600 | 26 |" in text, text
    equal(sum(lost_of(read(make("page.html", "--include", "function=lose_many", "old.tally")))["bytes"]), many, "filtered")
    data = read(make("page.html", "old.tally", "new.tally"))
    equal([sum(lost_of(data, side)["bytes"]) for side in (0, 1)], [few + many, 2 * few + many], "of two")
    for words in (["without.tally"], ["without.tally", "new.tally"], ["old.tally", "without.tally"]):
        data = read(make("page.html", *words))
        assert not [column for column in data["columns"] if column["metric"] == "lost"], words
    assert b"| lost |" not in heaptally("report", "--format", "md", "without.tally").stdout
    need("chromium")
    make("page.html", "old.tally")
    with Browser(directory) as browser:
        browser.open("page.html")
        assert " lost 2.5 KiB in 26 blocks" in browser.ask("document.getElementById('facts').textContent")
        metric(browser, "lost")
        equal(browser.ask(STATUS), "Lost: 2.5 KiB in 26 blocks.", "status")
        equal({row[-1].split()[0] for row in browser.ask(ROWS)}, {"lose_few", "lose_many"}, "rows")
        make("page.html", "old.tally", "new.tally")
        browser.open("page.html")
        metric(browser, "lost")
        assert browser.ask(STATUS).startswith("Lost: 2.5 KiB before, 4.3 KiB now, +1.8 KiB"), browser.ask(STATUS)
        make("page.html", "without.tally")
        browser.open("page.html")
        equal(browser.ask("document.querySelectorAll('#metrics input[value=lost]').length"), 0, "without a look")
        equal(browser.complaints, [], "complaints")


run_cases()
