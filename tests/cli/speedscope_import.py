# SPDX-License-Identifier: LGPL-2.1-or-later
"""speedscope's own importer reads what we write for it, folded stacks and pprof: what it then saves has the numbers of top.

Its page is given a file as its command does that, and asked to save: that is all that it understood.
"""
import base64
import collections
import json
import os
import time

from browser import SECONDS, Browser
from exported import export, record_both, write
from harness import case, equal, report, run_cases
from npm_package import find_package

# What would be downloaded is kept; the page has no name for it.
KEEP = """
window.URL.createObjectURL = blob => { blob.text().then(text => { window.saved = text; }); return "#saved"; };
HTMLAnchorElement.prototype.click = function () {};
"""
SAVE = """
(() => {
    const [button] = [...document.querySelectorAll("div")].filter(
        one => one.onclick !== undefined && one.childNodes.length === 2 && one.textContent.endsWith("Export"));
    if (button) button.click();
    return window.saved || null;
})()
"""


def understand(browser, path):
    """The document that speedscope saves of a file."""
    with open(path, "rb") as file:
        data = base64.b64encode(file.read()).decode("ascii")
    name = os.path.basename(path)
    script = write("load.js", KEEP + "speedscope.loadFileFromBase64(%s, %s)" % (json.dumps(name), json.dumps(data)))
    page = os.path.join(find_package("speedscope"), "dist", "release", "index.html")
    # Another query is another page, which begins anew.
    browser.open("file://%s?%d#localProfilePath=%s" % (page, browser.number, os.path.abspath(script).lstrip("/")))
    end = time.monotonic() + SECONDS
    while True:
        saved = browser.ask(SAVE)
        if saved:
            return json.loads(saved)
        assert time.monotonic() < end, "speedscope saves nothing of %s: %r" % (path, browser.complaints)
        time.sleep(0.1)


def stacks_of(profile, frames, describe):
    """{stack, root first: sum}; what is saved are events: a frame opens or closes at a sum."""
    found, stack, before = collections.Counter(), [], 0
    for event in profile["events"]:
        if event["at"] != before:
            found[tuple(describe(frames[frame]) for frame in stack)] += event["at"] - before
            before = event["at"]
        if event["type"] == "O":
            stack.append(event["frame"])
        else:
            equal(stack.pop(), event["frame"], "what closes")
    equal((stack, before), ([], profile["endValue"]), "what is open at the end")
    return found


def stacks_of_top(column, describe, wanted, *words):
    """The same of top, of those frames that are wanted."""
    found = collections.Counter()
    document = report("top", "-n", "0", "--by", "stack", *words)
    for group in document["groups"]:
        found[tuple(describe(frame) for frame in reversed(group["frames"]) if wanted(frame))] += group[column]
    found = +found
    equal(sum(found.values()), document["totals"][column], "sum of the stacks")
    return found


def name_of(frame):
    """What a frame of top is called in an export."""
    return frame["function"] or "%s+%s" % (os.path.basename(frame["module"]), frame["offset"])


def compare(profile, frames, describe, wanted, what):
    found = stacks_of(profile, frames, describe)
    equal(found - wanted, collections.Counter(), "what top has not, of " + what)
    equal(wanted - found, collections.Counter(), "what speedscope has not, of " + what)


def check_page(browser):
    """It complains of nothing, and asks for nothing but its own files."""
    equal(browser.complaints, [], "complaints")
    equal([url for url in browser.requests if not url.startswith(("file:", "data:"))], [], "requests")


@case("speedscope: five profiles with inlined frames, files and lines")
def own_format(directory):
    find_package("speedscope")
    columns = {"live bytes": ("live_bytes", "bytes"), "bytes at the peak": ("peak_bytes", "bytes"),
               "bytes in total": ("total_bytes", "bytes"), "allocations": ("total_blocks", "none"),
               "temporary allocations": ("temporary_blocks", "none")}
    with Browser(directory) as browser:
        for tally in record_both():
            document = understand(browser, export(tally, "a.speedscope.json"))
            equal([profile["name"] for profile in document["profiles"]], list(columns), "profiles")
            equal(document["profiles"][document["activeProfileIndex"]]["name"], "bytes at the peak", "what is shown first")
            for profile in document["profiles"]:
                column, unit = columns[profile["name"]]
                equal(profile["unit"], unit, "unit of " + column)
                compare(profile, document["shared"]["frames"],
                        lambda frame: (frame["name"], frame.get("file"), frame.get("line")),
                        stacks_of_top(column, lambda frame: (name_of(frame), frame["file"] or frame["module"], frame["line"]),
                                      lambda frame: True, "--at", "exit", tally), "%s of %s" % (column, tally))
        check_page(browser)


@case("folded: the functions of each stack")
def folded(directory):
    find_package("speedscope")
    with Browser(directory) as browser:
        for tally in record_both():
            document = understand(browser, export(tally, "a.folded"))
            [profile] = document["profiles"]
            compare(profile, document["shared"]["frames"], lambda frame: frame["name"],
                    stacks_of_top("live_bytes", lambda frame: name_of(frame).replace(";", ":"), lambda frame: True, tally), tally)
        check_page(browser)


@case("pprof: bytes in use of each stack; of inlined functions speedscope keeps none")
def pprof(directory):
    find_package("speedscope")
    with Browser(directory) as browser:
        for tally in record_both():
            document = understand(browser, export(tally, "a.pb.gz"))
            [profile] = document["profiles"]
            equal(profile["unit"], "bytes", "unit")
            compare(profile, document["shared"]["frames"], lambda frame: (frame["name"], frame.get("file")),
                    stacks_of_top("live_bytes", lambda frame: (name_of(frame), frame["file"]),
                                  lambda frame: not frame["inlined"], tally), tally)
        check_page(browser)


run_cases()
