# SPDX-License-Identifier: LGPL-2.1-or-later
"""heaptally live in tmux: every key, a process that ends, and a window that changes its size."""
import os
import re
import shlex
import signal
import subprocess
import time

from feeding import Feeding
from harness import COMMAND, LIBRARY, case, end_child, environment, equal, heaptally, need, program, report, run, run_cases

SECONDS = 60
FEEDING = r"""
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
__attribute__((noinline)) static void small(void) { for (int i = 0; i < 1000; i++) kept = malloc(100); }
__attribute__((noinline)) static void large(void) { kept = malloc(1 << 20); }
__attribute__((noinline)) static void passing(void) { void *volatile block = malloc(10); free(block); }
int main(void)
{
    char byte = 0;
    small();
    passing();
    large();
    while (write(1, "\n", 1) == 1 && read(0, &byte, 1) == 1)
        large(); /* called from here too */
    return 0;
}
"""


class Screen:
    """`heaptally live` in a window of a tmux of its own; its exit status is left in a file."""

    def __init__(self, name, columns=100, lines=24, **variables):
        # A server that ends may be there for a while.
        number = len([name for name in os.listdir(".") if name.startswith("tmux.")])
        self.tmux = [need("tmux"), "-f", "/dev/null", "-S", os.path.abspath("tmux.%d" % number)]
        if os.path.exists("status"):
            os.remove("status")
        words = "trap : INT; %s live %s 2>errors; echo $? >status.new; mv status.new status; sleep 600" % (shlex.quote(COMMAND), name)
        equal(run([*self.tmux, "new-session", "-d", "-x", str(columns), "-y", str(lines), "sh", "-c", words],
                  env=environment(TERM="xterm", SHELL="/bin/sh", **variables)).returncode, 0, "tmux")

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        run([*self.tmux, "kill-server"])

    def text(self):
        return run([*self.tmux, "capture-pane", "-p"]).stdout.decode("utf-8", "replace")

    def press(self, *keys):
        equal(run([*self.tmux, "send-keys", *keys]).returncode, 0, "keys")

    def wait_for(self, pattern):
        end = time.monotonic() + SECONDS
        while True:
            text = self.text()
            if re.search(pattern, text, re.M):
                return text
            assert time.monotonic() < end, "no %r on\n%s" % (pattern, text)
            time.sleep(0.05)

    def shell(self):
        """The process in which the command is run."""
        return int(run([*self.tmux, "display-message", "-p", "#{pane_pid}"]).stdout)

    def status(self):
        end = time.monotonic() + SECONDS
        while not os.path.exists("status"):
            assert time.monotonic() < end, "it does not end:\n" + self.text()
            time.sleep(0.05)
        with open("status", encoding="ascii") as file:
            return int(file.read())


def wait_for_child(pid):
    end = time.monotonic() + SECONDS
    while True:
        with open("/proc/%d/task/%d/children" % (pid, pid), encoding="ascii") as file:
            found = file.read().split()
        if found:
            return int(found[0])
        assert time.monotonic() < end, "nothing is started"
        time.sleep(0.02)


LARGE, SMALL = r"^ +%s .* large  .*feeding\.c:6", r"^ +97\.7 KiB .* 1,000  small  .*feeding\.c:5"


@case("the table, its numbers, and what comes later")
def table(_directory):
    with Feeding(FEEDING) as traced, Screen(traced.name) as screen:
        text = screen.wait_for(SMALL)
        assert re.search(LARGE % r"1\.0 MiB", text, re.M), text
        assert text.index("large") < text.index("small"), text
        assert "feeding " + traced.name in text and "heap 1.1 MiB" in text, text
        traced.feed()
        screen.wait_for(LARGE % r"2\.0 MiB")
        screen.press("q")
        equal(screen.status(), 0, "status")
        assert traced.process.poll() is None, "the process ended"


@case("keys: sort, group, filter, stacks, mark, pause, snapshot, help")
def keys(_directory):
    with Feeding(FEEDING) as traced, Screen(traced.name) as screen:
        screen.wait_for(SMALL)
        screen.press("a")
        text = screen.wait_for(r"^ +1,000 ")
        assert text.index("small") < text.index("large"), text
        screen.press("o")
        screen.wait_for(LARGE % r"1\.0 MiB")
        screen.press("g")
        screen.wait_for("where, by function")
        screen.press("g")
        screen.wait_for("where, by file")
        screen.press("g")
        screen.wait_for("where, by module")
        screen.press("g")
        screen.wait_for("where, by line")
        screen.press("/")
        screen.press("s", "m", "a", "x", "BSpace")
        screen.wait_for("^/sma_")
        screen.press("Enter")
        assert "large" not in screen.wait_for("^/sma$")
        screen.press("Enter")
        text = screen.wait_for(r"97\.7 KiB in 1,000 blocks:")
        assert "main" in text and "large" not in text, text
        screen.press("Escape")
        screen.wait_for("where, by line")
        screen.press("Escape")
        screen.wait_for(LARGE % r"1\.0 MiB")
        screen.press("d")
        screen.wait_for("since mark")
        traced.feed()
        screen.wait_for(r"^ +2\.0 MiB +\+1\.0 MiB ")
        # The same change in what the table is sorted by then.
        screen.press("a")
        screen.wait_for(r"^ +2 +\+1 +2  large ")
        screen.press("o")
        screen.wait_for(r"^ +2\.0 MiB +\+1\.0 MiB ")
        screen.press("g")
        screen.wait_for("The mark is gone")
        screen.press("g", "g", "g")
        screen.wait_for("per second .* by line")
        # Of what lives no more, too.
        screen.press("a", "/", "p", "a", "s", "s", "Enter")
        screen.wait_for(r"^ +1 +(-|\+0) +0  passing ")
        screen.press("Enter")
        assert "passing" in screen.wait_for(r"^1 allocs:"), "its stack"
        screen.press("Escape")
        screen.wait_for("where, by line")
        screen.press("Escape", "o")
        screen.wait_for(LARGE % r"2\.0 MiB")
        screen.press("Space")
        screen.wait_for("PAUSED")
        traced.feed()
        screen.press("?")
        screen.wait_for("keep a snapshot in a file")
        screen.press("?")
        assert "heap 2.1 MiB" in screen.wait_for("where, by line"), "it is not paused"
        screen.press("Space")
        screen.wait_for(LARGE % r"3\.0 MiB")
        screen.press("Enter")
        screen.wait_for(r"^ *live +% +blocks +where")
        text = screen.wait_for(r"^ *3\.0 MiB +100\.0 +3 +main ")
        assert "1.0 MiB in 1 block:" in text, text
        screen.press("Escape")
        screen.wait_for("where, by line")
        # With a filter, too.
        screen.press("/", "l", "a", "r", "Enter")
        screen.wait_for("^/lar$")
        screen.press("s")
        screen.wait_for("A snapshot is kept")
        screen.press("Escape")
        [tally] = [name for name in os.listdir(".") if name.endswith(".tally")]
        equal(report("info", tally)["live_blocks"] >= 1003, True, "blocks of the snapshot")
        screen.press("Down", "Down", "Up", "End", "Home", "PageDown", "PageUp", "x", "Z")
        screen.press("q")
        equal(screen.status(), 0, "status")


@case("a process that ends stays on the screen; another size, 60 columns and no UTF-8 are drawn too")
def ended(_directory):
    with Feeding(FEEDING) as traced, Screen(traced.name, columns=60, lines=14, LC_ALL="C") as screen:
        text = screen.wait_for(r"^ +1\.0 MiB .*large")
        assert all(len(line) < 60 for line in text.splitlines()), text
        assert text.isascii(), text
        assert re.search(r"^\? help  q quit ", text, re.M), text
        screen.press("?")
        for line in (r"Esc: back$", r"temporary: sort$", r"Esc forgets it$", r"others go on$"):
            screen.wait_for(line)
        screen.press("?", "Space")
        screen.wait_for("PAUSED")
        screen.press("Space")
        for columns, lines in ((30, 5), (120, 40), (10, 3), (100, 24)):
            equal(run([*screen.tmux, "resize-window", "-x", str(columns), "-y", str(lines)]).returncode, 0, "resize")
            time.sleep(0.1)
        screen.wait_for(SMALL)
        traced.process.kill()
        traced.process.wait()
        screen.wait_for("ENDED")
        screen.wait_for(LARGE % r"1\.0 MiB")
        screen.press("q")
        equal(screen.status(), 0, "status")


STARTED = r"""
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static void *volatile kept;
static void end(int number) { (void)number; _exit(7); }
__attribute__((noinline)) static void large(void) { kept = malloc(3 << 20); }
int main(int argc, char **argv)
{
    signal(SIGTERM, end);
    large();
    printf("hello %s %d\n", argv[1], getchar());
    fflush(stdout);
    while (argc > 2 && strcmp(argv[2], "stay") == 0)
        pause();
    return 5;
}
"""


def build_started():
    with open("started.c", "w", encoding="ascii") as file:
        file.write(STARTED)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", "started", "started.c"]).returncode, 0, "gcc")


@case("a program that is started: its output and the card come after the screen, its status is ours")
def started(_directory):
    build_started()
    with Screen("-- ./started --any stay", columns=140) as screen:
        screen.wait_for(r"^ +3\.0 MiB .*large  .*started\.c:9")
        assert "hello" not in screen.text(), screen.text()
        screen.press("q")
        equal(screen.status(), 7, "status")
        text = screen.text()
        assert re.search(r"^hello --any -1$", text, re.M) and re.search(r"heap .*peak 3\.0 MiB", text), text


@case("a process that becomes another program is followed, and it is said")
def followed(_directory):
    build_started()
    with Screen("-- sh -c 'sleep 1; exec ./started on stay'", columns=140) as screen:
        screen.wait_for(r"^sh \d+ ")
        screen.wait_for(r"^ +3\.0 MiB .*large  .*started\.c:9")
        assert re.search(r"^started \d+ ", screen.text(), re.M), screen.text()
        screen.wait_for("^sh has become another program: started$")
        # What comes later is that of the new one.
        screen.press("Enter")
        screen.wait_for(r"^3\.0 MiB in 1 block:")
        screen.press("q")
        equal(screen.status(), 7, "status")


BECOMES = r"""
#include <stdlib.h>
#include <unistd.h>
static void *volatile kept;
int main(int argc, char **argv)
{
    char byte;
    kept = malloc(2 << 20);
    while (write(1, "\n", 1) == 1 && read(0, &byte, 1) == 1 && argc > 1)
        execv(argv[1], argv + 1);
    return 0;
}
"""


def build_becomes():
    """One that is traced, and one that cannot be."""
    with open("becomes.c", "w", encoding="ascii") as file:
        file.write(BECOMES)
    for words in (["-o", "becomes"], ["-static", "-o", "alone"]):
        equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", *words, "becomes.c"]).returncode, 0, "gcc")


@case("a running process that becomes one without a recording, and then a traced one again")
def without_recording(directory):
    build_becomes()
    child = subprocess.Popen(["./becomes", "./alone", "./becomes"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, XDG_RUNTIME_DIR=directory))
    try:
        child.stdout.readline()
        with Screen(str(child.pid), columns=140, XDG_RUNTIME_DIR=directory) as screen:
            screen.wait_for(r"^becomes %d .*[^D]$" % child.pid)
            for line in (r"^becomes \d+ .* ENDED, it has become alone, of which there is no recording  heap ",
                         "^becomes has become another program: becomes$"):
                child.stdin.write(b"x")
                child.stdin.flush()
                child.stdout.readline()
                screen.wait_for(line)
            screen.wait_for(r"^ +2\.0 MiB .*main  .*becomes\.c:8")
            child.stdin.close()
            child.wait(60)
            screen.wait_for("ENDED  heap ")
            screen.press("q")
            equal(screen.status(), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()


@case("a program that ends by itself")
def ends_at_once(_directory):
    build_started()
    with Screen("-- ./started soon") as screen:
        # It may be over before it was seen.
        text = screen.wait_for("ENDED|hello soon -1")
        if "ENDED" in text:
            screen.press("q")
        equal(screen.status(), 5, "status")
        screen.wait_for("hello soon -1")


@case("a program that ends while it is looked at: its status is said, and is ours")
def ends_later(_directory):
    with Screen("-- sh -c 'while ! test -e go; do sleep 0.1; done; exit 9'", columns=140) as screen:
        screen.wait_for(r"^sh \d+ ")
        with open("go", "wb"):
            pass
        screen.wait_for("ENDED, status 9  heap ")
        screen.press("?")
        screen.wait_for("keep a snapshot in a file")
        screen.press("q")
        equal(screen.status(), 9, "status")
    with Screen("-- sh -c 'sleep 1; kill -ABRT $$'", columns=140) as screen:
        screen.wait_for(r"ENDED, status 134  heap |Aborted")
        screen.press("q")
        equal(screen.status(), 134, "status after a signal")


@case("Ctrl-C ends the program that was started, and the screen; a process that was there goes on")
def interrupted(_directory):
    build_started()
    # The last one goes on until it gets SIGTERM.
    for words, status in (("./started x stay", 130), ("sh -c 'trap : INT; while :; do sleep 0.1; done'", 143)):
        with Screen("-- " + words, columns=140) as screen:
            screen.wait_for(r"^%s \d+ " % re.escape(os.path.basename(words.split()[0])))
            screen.press("C-c")
            equal(screen.status(), status, words)
            screen.wait_for("heap .*peak")
            screen.wait_for("tally")
    with Feeding(FEEDING) as traced, Screen(traced.name) as screen:
        screen.wait_for(SMALL)
        screen.press("C-c")
        equal(screen.status(), 0, "status")
        equal(traced.process.poll(), None, "the process")
        traced.feed()


@case("SIGTERM to live alone ends the program, too, before it is seen and after")
def terminated(_directory):
    build_started()
    for words, seen in (("./started x stay", r"^started \d+ "), ("env LD_PRELOAD= sleep 600", None)):
        with Screen("-- " + words, columns=140) as screen:
            if seen:
                screen.wait_for(seen)
            live = wait_for_child(screen.shell())
            started = wait_for_child(live)
            os.kill(live, signal.SIGTERM)
            equal(screen.status(), 7 if seen else 143, "status of " + words)
            assert not os.path.exists("/proc/%d" % started), "it goes on"


@case("a program that cannot be started, and no terminal")
def not_started(_directory):
    with Screen("-- ./missing") as screen:
        equal(screen.status(), 127, "status")
        screen.wait_for("missing")
    done = heaptally("live", "--", program("exits"), "10", "return")
    equal((done.returncode, done.stdout), (2, b""), "without a terminal")


@case("what cannot be looked at is said in one line")
def refused(_directory):
    child = subprocess.Popen([program("exits"), "10", "stop"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY))
    try:
        child.stdout.readline()
        done = heaptally("live", str(child.pid))
        assert done.returncode == 2 and b"no terminal" in done.stderr, done
    finally:
        end_child(child)
        child.stdout.close()
    for words in ([], ["999999999"], ["/dev/null"], ["a", "b"]):
        done = heaptally("live", *words)
        assert done.returncode != 0 and done.stderr, words


run_cases()
