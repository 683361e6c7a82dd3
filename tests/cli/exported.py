# SPDX-License-Identifier: LGPL-2.1-or-later
"""What readers of exports are given: programs whose frames are inlined, templates and Python; and what top says of them."""
import collections
import os

from harness import equal, heaptally, need, record, report, run

VALUES = ("total_blocks", "total_bytes", "live_blocks", "live_bytes")
CPLUSPLUS = r"""
#include <map>
#include <memory>
#include <string>
#include <vector>
namespace {
template <typename T> struct store {
    std::vector<std::unique_ptr<T>> all;
    template <int size> inline __attribute__((always_inline)) void fill(int count) {
        for (int i = 0; i < count; i++)
            all.emplace_back(new T(std::string(size + i, 'x')));
    }
    __attribute__((noinline)) void operator()(int count) { fill<100>(count); }
};
}
static store<std::string> *kept;
int main(int argc, char **)
{
    auto run = [](int count) { kept = new store<std::string>; (*kept)(count); };
    std::map<int, std::string> gone;
    for (int i = 0; i < 10 * argc; i++)
        gone[i] = std::string(1000, 'y');
    run(40 * argc);
    return kept->all.empty();
}
"""
PYTHON = """
class Store:
    def fill(self, count):
        self.kept = [bytes(1000 + i) for i in range(count)]

def work():
    store = Store()
    store.fill(200)
    return store

kept = work()
"""


def write(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)
    return name


def build_cplusplus():
    """The words that run the program, built here."""
    write("store.cpp", CPLUSPLUS)
    equal(run([need("g++"), "-g", "-O2", "-o", "store", "store.cpp"]).returncode, 0, "g++")
    return ["./store"]


def write_python():
    write("store.py", PYTHON)
    return [need("python3"), "-S", "store.py"]


kept = {}


def record_both():
    """The names of tallies of C++ and of Python, which are recorded once for all cases."""
    if not kept:
        for name, words in (("cplusplus.tally", build_cplusplus()), ("python.tally", write_python())):
            equal(record(name, words).returncode, 0, "status of " + name)
            with open(name, "rb") as file:
                kept[name] = file.read()
    for name, content in kept.items():
        with open(name, "wb") as file:
            file.write(content)
    return list(kept)


def export(tally, path, *words):
    """What is exported is what the name of the file says, unless a format is among the words."""
    done = heaptally("export", "-f", "-o", path, *words, tally)
    equal(done.returncode, 0, "status of export: %r" % done.stderr[-300:])
    return path


# --- what top says, in the shape of what readers say ---

def describe(frame):
    """("name file", line); what has no name is where it is in its module."""
    name = frame["function"] or "%s+%s" % (os.path.basename(frame["module"]), frame["offset"])
    return "%s %s" % (name, frame["file"] or ""), frame["line"] or 0


def stacks_of_top(*words):
    """{(stack, column): sum} for each stack, innermost first."""
    found = collections.Counter()
    for group in report("top", "-n", "0", "--by", "stack", *words)["groups"]:
        stack = tuple(describe(frame) for frame in group["frames"])
        for name in VALUES:
            found[stack, name] += group[name]
    return +found
