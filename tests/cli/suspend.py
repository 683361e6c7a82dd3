# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that is stopped: who waits for `heaptally run` sees it stop, and go on, as the program itself."""
import os
import signal

from harness import COMMAND, case, environment, equal, need, run_cases

STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
SELF = 'echo $$ >program; kill -%d $$; read -r word <answer; exit "$word"'


def start(script, prefix):
    """A process group of its own whose parent is in another one of the session, as a shell's job is."""
    pid = os.fork()
    if pid == 0:
        os.setpgid(0, 0)
        os.execvpe((prefix + ["/bin/sh"])[0], prefix + ["/bin/sh", "-c", script], environment())
    return pid


def wait_stopped(pid):
    _, status = os.waitpid(pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status), "it ended with %d" % status
    return os.WSTOPSIG(status)


def program_id():
    with open("program", encoding="ascii") as file:
        return int(file.read())


def answer(word):
    with open("answer", "w", encoding="ascii") as file:
        file.write("%d\n" % word)


def status_of(pid):
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def traced():
    return [COMMAND, "run", "-q", "-f", "-o", "x.tally", "--"]


def session(prefix, number, resume):
    """(signal that stopped what we wait for, its status)"""
    os.mkfifo("answer")
    pid = start(SELF % number, prefix)
    try:
        stopped = wait_stopped(pid)
        resume(pid)
        answer(7)
        return stopped, status_of(pid)
    except BaseException:
        os.killpg(pid, signal.SIGKILL)
        raise
    finally:
        os.unlink("answer")


RESUMES = {
    "its group": lambda pid: os.killpg(pid, signal.SIGCONT),
    "who was started": lambda pid: os.kill(pid, signal.SIGCONT),
    "the program alone": lambda pid: os.kill(program_id(), signal.SIGCONT),
}

for number in STOPS:
    for what, resume in RESUMES.items():

        @case("%s, and %s is continued" % (number.name, what))
        def stops(_directory, number=number, resume=resume):
            need("sh")
            bare = session([], number, resume)
            equal(bare, (number, 7), "bare")
            equal(session(traced(), number, resume), bare, "traced")


@case("stopped by somebody else, again and again")
def again(_directory):
    os.mkfifo("answer")
    pid = start("echo $$ >program; read -r word <answer; exit $word", traced())
    try:
        while not os.path.exists("program") or not os.path.getsize("program"):
            os.sched_yield()
        for _ in range(3):
            os.kill(program_id(), signal.SIGSTOP)
            equal(wait_stopped(pid), signal.SIGSTOP, "what stopped it")
            os.killpg(pid, signal.SIGCONT)
        answer(5)
        equal(status_of(pid), 5, "status")
    except BaseException:
        os.killpg(pid, signal.SIGKILL)
        raise


run_cases()
