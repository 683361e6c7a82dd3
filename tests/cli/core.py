#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""leaks, refs and retained without the help of the process: of a core file, and from outside.

What a copy of the process finds (the twin) is the truth here: tests/exact holds it against memcheck.
"""
import contextlib
import json
import os
import shutil
import signal
import struct
import subprocess

import schema
from core_writer import allow_core, gdb_core, kernel_core, kernel_writes_cores, write_core
from harness import LIBRARY, Skip, case, end_child, environment, equal, heaptally, need, need_library, program, record, run, run_cases

KINDS = ("definite", "indirect", "possible", "reachable")


@contextlib.contextmanager
def living(*words, options="leaks", preload="", argv=None):
    """A traced program that waits, with cores allowed; its process."""
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen(argv or [program("leaks"), "wait", *words], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, preexec_fn=allow_core,
                             env=environment(LD_PRELOAD=(LIBRARY + " " + preload).strip(),
                                             HEAPTALLY=(options + ":").lstrip(":") + "out=a.recording"))
    try:
        equal(child.stdout.readline(), b"ready\n", "the program")
        yield child
        child.stdin.close()
        child.wait(60)
    finally:
        end_child(child)
        child.stdout.close()


def ask(*words, status=1, command="leaks"):
    result = heaptally(command, "--format", "json", *words)
    equal(result.returncode, status, "status of %r: %r" % (words, result.stderr))
    document = json.loads(result.stdout)
    schema.check(document)
    return document


def refuse(*words, status=3, command="leaks"):
    """The one line that a command has for why there is no answer."""
    result = heaptally(command, *words)
    equal((result.returncode, result.stdout), (status, b""), "status of %r: %r" % (words, result.stderr))
    line = result.stderr.decode()
    equal(line.count("\n"), 1, "lines of %r" % line)
    return line


def kinds(document):
    """By site; but not the events that the program makes while it waits: their blocks come and go."""
    sites = {tuple((frame["function"], frame["line"]) for frame in site["frames"]):
             {kind: (site[kind]["blocks"], site[kind]["bytes"]) for kind in KINDS} for site in document["sites"]}
    return {frames: found for frames, found in sites.items()
            if all(function != "wait_for_end" for function, _line in frames)}


def same_kinds(document, truth, what):
    got = kinds(document)
    differing = {site: (got.get(site), truth.get(site)) for site in {*got, *truth} if got.get(site) != truth.get(site)}
    assert not differing, "%s: %r" % (what, differing)


def check_all(child, truth):
    """Everything that looks from outside finds what the twin has found."""
    pid = str(child.pid)
    document = ask("--outside", "--settle", "0.1", pid)
    same_kinds(document, truth, "from outside")
    equal((document["quality"]["mode"], document["quality"]["sure"]), ("outside", False), "mode")
    os.kill(child.pid, signal.SIGSTOP)
    try:
        same_kinds(ask("--outside", "--settle", "0", pid), truth, "from outside, stopped")
        document = ask("--core", write_core(child.pid, "written"))
        same_kinds(document, truth, "a core that was written here")
        equal(document["quality"]["mode"], "core", "mode of it")
    finally:
        os.kill(child.pid, signal.SIGCONT)
    core = gdb_core(child.pid, "-a")
    if core is not None:
        document = ask("--core", core)
        same_kinds(document, truth, "a core of gdb's")
        quality = document["quality"]
        equal((quality["sure"], quality["missed_bytes"], quality["registers_unseen"]), (True, 0, False), "quality")


@case("a core, a process from outside, and its copy have the same kinds, to the block")
def same(_directory):
    for words in ((), ("threads",)):
        with living(*words) as child:
            check_all(child, kinds(ask("--settle", "0.1", str(child.pid))))


@case("other allocators: the same")
def other_allocators(_directory):
    found = 0
    for name in ("jemalloc", "tcmalloc_minimal", "mimalloc"):
        try:
            library = need_library(name)
        except Skip:
            continue
        found += 1
        with living("threads", preload=library) as child:
            check_all(child, kinds(ask("--settle", "0.1", str(child.pid))))
    if found == 0:
        raise Skip("no other allocator is installed")


@case("a program that crashes: its core finds its recording, and lost is said of what is lost")
def crashes(_directory):
    with living("threads", "abort") as child:
        truth = kinds(ask("--settle", "0.1", str(child.pid)))
        if kernel_writes_cores():
            child.stdin.close()
            equal(child.wait(60), -signal.SIGABRT, "the end of the program")
            core = kernel_core()
        else:
            core = write_core(child.pid, "written")
    document = ask("--core", core)
    same_kinds(document, truth, "kinds")
    equal(document["quality"]["sure"], True, "sure")
    result = heaptally("leaks", "--core", core)
    equal(result.returncode, 1, "status")
    first = result.stdout.decode().split("\n")[0]
    assert ", in its core: " in first and " are lost, from " in first, first
    # By hand, and when it has another name.
    same_kinds(ask("--core", core, "a.recording"), truth, "named")
    os.rename("a.recording", "b.recording")
    line = refuse("--core", core)
    assert "the recording of its process %d is not there any more" % child.pid in line, line
    same_kinds(ask("--core", core, "b.recording"), truth, "moved")


@case("retained and refs of a core are those of the process")
def graph_commands(_directory):
    with living("threads") as child:
        pid = str(child.pid)
        truth = {command: ask(*words, pid, command=command, status=0)
                 for command, words in (("retained", ()), ("refs", ("--site", "keep_tree")))}
        core = gdb_core(child.pid, "-a") or write_core(child.pid, "written")
        retained = ask("--core", core, command="retained", status=0)
        names = [{(root["kind"], root["name"], root["retained"]["blocks"]) for root in one["roots"] if root["kind"] == "global"}
                 for one in (truth["retained"], retained)]
        equal(names[1], names[0], "variables")
        assert ("global", "kept_tree", 3) in names[1], names[1]
        equal(retained["quality"]["mode"], "core", "mode")
        refs = ask("--core", core, "--site", "keep_tree", command="refs", status=0)
        equal(refs["site"], truth["refs"]["site"], "who points at them")
        outside = ask("--outside", pid, command="retained", status=0)
        equal({root["name"] for root in outside["roots"] if root["kind"] == "global"},
              {name for _, name, _ in names[0]}, "from outside")


REGISTER = """
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static volatile int ready;
static __attribute__((noinline)) void *hidden(void) { return calloc(1, 4321); }
static __attribute__((noinline)) void lost(void) { *(volatile char *)calloc(1, 1234) = 1; }
static void *hold(void *unused) {
	unsigned long block = (unsigned long)hidden();
	char area[8192];
	memset(area, 0, sizeof(area));
	__asm__ volatile("" : : "r"(area) : "memory");
	ready = 1;
	/* pause(), with the only pointer in a register; nothing is pushed. */
	__asm__ volatile("movq %0, %%rbx\\n\\txorl %%edi, %%edi\\n\\tmovq %%rdi, %0\\n"
			 "1:\\tmovl $34, %%eax\\n\\tsyscall\\n\\tjmp 1b"
			 : "+r"(block) : : "rax", "rbx", "rcx", "rdi", "r11", "memory");
	return unused; }
int main(void) {
	pthread_t thread; struct pollfd end = {0, POLLIN, 0}; char area[8192];
	lost();
	memset(area, 0, sizeof(area));
	__asm__ volatile("" : : "r"(area) : "memory");
	pthread_create(&thread, 0, hold, 0);
	while (!ready) poll(0, 0, 1);
	poll(0, 0, 20);
	puts("ready"); fflush(stdout);
	while (poll(&end, 1, 2) == 0) free(malloc(10));
	return 0; }
"""


@case("a block that only a register of another thread holds: a core knows, from outside it seems lost")
def registers(_directory):
    with open("app.c", "w", encoding="ascii") as file:
        file.write(REGISTER)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-pthread", "-o", "app", "app.c"]).returncode, 0, "gcc")
    with living(argv=["./app"]) as child:
        core = gdb_core(child.pid, "-a")
        def kind_of(document, function):
            return [[kind for kind in KINDS if one[kind]["blocks"]] for one in document["sites"]
                    if one["frames"][0]["function"] == function]
        outside = ask("--outside", "--settle", "0.1", str(child.pid))
        assert kind_of(outside, "hidden") in ([["definite"]], [["possible"]]), outside["sites"]
        equal((outside["quality"]["sure"], outside["quality"]["registers_unseen"]), (False, True), "said so")
        result = heaptally("leaks", "--outside", "--settle", "0.1", str(child.pid))
        assert b" lost, from " in result.stdout and b" seem" in result.stdout.split(b"\n")[0], result.stdout
        if core is None and kernel_writes_cores():
            child.send_signal(signal.SIGABRT)
            child.wait(60)
            core = kernel_core()
        if core is None:
            raise Skip("neither gdb nor the kernel writes a core here")
        document = ask("--core", core)
        equal(kind_of(document, "hidden"), [["reachable"]], "by its register")
        equal(kind_of(document, "lost"), [["definite"]], "what is lost")
        equal(document["quality"]["sure"], True, "sure")


KERNEL = """
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
static __attribute__((noinline)) void give(int fd) {
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = calloc(1, 777)};
	epoll_ctl(fd, EPOLL_CTL_ADD, 0, &event);
	memset(&event, 0, sizeof(event));
	__asm__ volatile("" : : "r"(&event) : "memory"); }
int main(void) {
	struct pollfd end = {0, POLLIN, 0}; char area[8192]; int fd = epoll_create1(0);
	give(fd);
	memset(area, 0, sizeof(area));
	__asm__ volatile("" : : "r"(area) : "memory");
	puts("ready"); fflush(stdout);
	while (poll(&end, 1, 2) == 0) free(malloc(10));
	return 0; }
"""


@case("what the kernel keeps for epoll is in no core: it seems lost there, and is seen from outside")
def kernel_keeps(_directory):
    with open("app.c", "w", encoding="ascii") as file:
        file.write(KERNEL)
    equal(run([need("gcc"), "-g", "-O1", "-fno-builtin", "-o", "app", "app.c"]).returncode, 0, "gcc")
    with living(argv=["./app"]) as child:
        outside = ask("--outside", "--settle", "0.1", str(child.pid), status=0)
        equal(outside["summary"]["reachable"]["bytes"] >= 777, True, "from outside")
        os.kill(child.pid, signal.SIGSTOP)
        core = write_core(child.pid, "written")
        os.kill(child.pid, signal.SIGCONT)
    document = ask("--core", core)
    equal((document["summary"]["definite"], document["quality"]["sure"]), ({"blocks": 1, "bytes": 777}, False), "in the core")
    result = heaptally("leaks", "--core", core)
    assert b"777 B in 1 block seems lost" in result.stdout and b"epoll" in result.stdout, result.stdout


def patched(core, name, place, value):
    shutil.copyfile(core, name)
    with open(name, "r+b") as file:
        file.seek(place)
        file.write(value)
    return name


@case("what is no core, or one of another machine: one line each")
def bad_cores(_directory):
    with living() as child:
        core = write_core(child.pid, "written")
    for name, place, value, words in (
            ("text", 0, b"hello, world", "not a core file"), ("narrow", 4, b"\1", "32-bit"),
            ("other", 5, b"\2", "byte order"), ("arm", 18, struct.pack("<H", 183), "another kind of machine"),
            ("program", 16, struct.pack("<H", 3), "a program or a library, not a core file"),
            ("none", 56, struct.pack("<H", 0), "damaged"), ("notes", 64, struct.pack("<I", 0), "without its notes")):
        for command in ("leaks", "retained"):
            line = refuse("--core", patched(core, name, place, value), command=command, status=2)
            assert words in line and name in line, line
    assert "Is a directory" in refuse("--core", ".", status=2)
    assert "No such file" in refuse("--core", "missing", status=2)
    open("empty", "wb").close()
    assert "empty" in refuse("--core", "empty", status=2)
    assert "one at a time" in heaptally("leaks", "--core", core, "--outside").stderr.decode()
    assert "one process" in refuse("--core", core, "--process", "all", status=2)


@case("a core of an untraced program, or without the tables, or of another process")
def no_answer(_directory):
    child = subprocess.Popen([program("leaks"), "wait"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    try:
        child.stdout.readline()
        core = write_core(child.pid, "bare")
        assert "was not traced" in refuse("--core", core)
    finally:
        end_child(child)
        child.stdout.close()
    with living(options="") as child:
        # As the kernel leaves it out, where nobody has asked for it.
        os.kill(child.pid, signal.SIGSTOP)
        core = write_core(child.pid, "plain", lambda name, flags: name != "")
        os.kill(child.pid, signal.SIGCONT)
        line = refuse("--core", core)
        assert "run --leaks" in line and "gcore -a" in line, line
        shutil.copyfile("a.recording", "other.recording")
    with living() as child:
        core = write_core(child.pid, "written")
        line = refuse("--core", core, "other.recording", status=2)
        assert "of another process" in line and str(child.pid) in line, line
    # It has ended as it should since, and its recording names the sites of then.
    equal(ask("--core", core)["process"]["pid"], child.pid, "process")


@case("a core that is cut off, and one without some mappings: seems lost, and what was missed is said")
def cut(_directory):
    with living() as child:
        os.kill(child.pid, signal.SIGSTOP)
        core = write_core(child.pid, "written")
        lacking = write_core(child.pid, "lacking", lambda name, flags: name != "[stack]")
        os.kill(child.pid, signal.SIGCONT)
    document = ask("--core", lacking)
    equal(document["quality"]["sure"], False, "sure")
    assert document["quality"]["missed_bytes"] > 0, document["quality"]
    result = heaptally("leaks", "--core", lacking)
    assert b"seem lost" in result.stdout and b"as the core does not have it" in result.stdout, result.stdout
    whole = os.stat(core).st_size
    for part in range(0, 8):
        os.truncate(core, whole - part * whole // 8)
        result = heaptally("leaks", "--core", core, "--format", "json")
        assert result.returncode in (0, 1, 2, 3), (part, result)
        if result.returncode > 1:
            equal(result.stderr.count(b"\n"), 1, "lines of %r" % result.stderr)
        elif part > 0:
            equal(json.loads(result.stdout)["quality"]["sure"], False, "sure of part %d" % part)
    for size in (63, 120, 500):
        os.truncate(core, size)
        equal(heaptally("leaks", "--core", core).returncode, 2, "status of %d bytes" % size)


@case("a tally has the names, too")
def of_tally(_directory):
    os.environ["XDG_RUNTIME_DIR"] = os.getcwd()
    child = subprocess.Popen([*heaptally_run(), "-q", "-o", "app.tally", "--leaks", "--", program("leaks"), "wait"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment())
    try:
        equal(child.stdout.readline(), b"ready\n", "the program")
        pid = int(run(["pgrep", "-P", str(child.pid)]).stdout.split()[0])
        core = write_core(pid, "written")
        truth = kinds(ask("--core", core))
        child.stdin.close()
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()
    same_kinds(ask("--core", core, "app.tally"), truth, "by its tally")
    same_kinds(ask("--core", core), truth, "the tally is found")
    record("other.tally", [program("leaks")])
    refuse("--core", core, "other.tally", status=2)


def heaptally_run():
    return [os.environ["HEAPTALLY_COMMAND"], "run"]


@case("from outside: who may not, a process that ends, and one that is not running")
def outside_refused(_directory):
    with living() as child:
        pid = str(child.pid)
        if os.geteuid() == 0:
            os.chmod(".", 0o755)
            result = heaptally("leaks", "--outside", os.path.abspath("a.recording"), user=65534, group=65534, extra_groups=[])
            equal(result.returncode, 3 if b"memory may not be read" in result.stderr else 2, result.stderr)
            equal(result.stderr.count(b"\n"), 1, "lines of %r" % result.stderr)
        child.kill()
        child.wait(60)
        line = refuse("--outside", "a.recording")
        assert "--outside is for a process that lives" in line, line
    # It is not known any more, unless another process of this number has left its recording.
    result = heaptally("leaks", "--outside", pid)
    assert result.returncode in (2, 3) and result.stderr.count(b"\n") == 1, result


FILTER = r"""
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
int main(int count, char **words) {
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {sizeof(filter) / sizeof(*filter), filter};
	if (count < 2 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program)) return 9;
	execv(words[1], words + 1);
	return 9; }
"""
UNDUMPABLE = r"""
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(void) { char c; *(void *volatile *)malloc(100) = 0; prctl(PR_SET_DUMPABLE, 0); puts("ready"); fflush(stdout);
	return read(0, &c, 1) > 0; }
"""


def build(name, text):
    with open(name + ".c", "w", encoding="ascii") as file:
        file.write(text)
    equal(run([need("gcc"), "-g", "-fno-builtin", "-o", name, name + ".c"]).returncode, 0, "gcc")


def obstacle(result):
    """What one line says of why."""
    equal((result.returncode, result.stdout, result.stderr.count(b"\n")), (3, b"", 1), "refused: %r" % result.stderr)
    head, found, why = result.stderr.decode().partition(": its memory may not be read: ")
    assert found and head.startswith("heaptally: "), result.stderr
    return why


@case("a process whose blocks are all recorded (--blocks): its copy, a core and from outside have the same kinds")
def with_blocks(_directory):
    with living("threads") as child:
        plain = kinds(ask("--settle", "0.1", str(child.pid)))
    os.unlink("a.recording")
    with living("threads", options="leaks:blocks=on") as child:
        truth = kinds(ask("--settle", "0.1", str(child.pid)))
        equal(truth, plain, "as without")
        check_all(child, truth)


ADVISED = r"""
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
static void **g_whole, **g_part, **g_small[3000];
static __attribute__((noinline)) void *hold(void) { return calloc(1, 77); }
static __attribute__((noinline)) void advise(void) {
	void *whole, *small;
	/* The words before the first are in another mapping; of the second, the parts are. */
	if (posix_memalign(&whole, 4096, 64 * 4096) != 0) exit(9);
	memset(whole, 0, 64 * 4096);
	g_whole = whole;
	g_part = calloc(1, 300 * 4096);
	char *page = (char *)(((size_t)g_part + 100 * 4096) & -4096ul);
	if (madvise(whole, 64 * 4096, MADV_RANDOM) || madvise(page, 100 * 4096, MADV_RANDOM)) exit(9);
	for (int i = 0; i < 64; i++) g_whole[i * 512 + 1] = hold();
	for (int i = 0; i < 299; i++) g_part[i * 512 + 1] = hold();
	/* Of any allocator, each page at which one begins. */
	for (int i = 0; i < 3000; i++) {
		g_small[i] = small = calloc(1, 32);
		if ((size_t)small % 4096 == 0 && madvise(small, 4096, MADV_RANDOM)) exit(9);
		g_small[i][1] = hold(); }
	char area[16384]; memset(area, 0, sizeof(area)); __asm__ volatile("" : : "r"(area) : "memory"); }
int main(void) {
	struct pollfd end = {0, POLLIN, 0};
	advise();
	puts("ready"); fflush(stdout);
	while (poll(&end, 1, 2) == 0) free(malloc(10));
	return 0; }
"""


def lost_of(document):
    return [document["summary"][kind]["blocks"] for kind in ("definite", "indirect", "possible")]


@case("blocks whose memory is of several mappings, by madvise: what they hold is not lost, whoever looks")
def advised(_directory):
    build("advised", ADVISED)
    for name in ("", "jemalloc", "tcmalloc_minimal", "mimalloc"):
        try:
            library = need_library(name) if name else ""
        except Skip:
            continue
        with living(argv=["./advised"], preload=library) as child:
            pid = str(child.pid)
            for words in (["--settle", "0.1", pid], ["--outside", "--settle", "0.1", pid],
                          ["--core", gdb_core(child.pid, "-a") or write_core(child.pid, "written")]):
                equal(lost_of(ask(*words, status=0)), [0, 0, 0], "lost, by %r, %s" % (words, name or "glibc"))
        equal(lost_of(ask("a.recording", status=0)), [0, 0, 0], "lost at exit, %s" % (name or "glibc"))
        for left in "a.recording", "a.graph":
            os.unlink(left)


@case("from outside, by a filter of system calls: said, with what helps")
def filtered(_directory):
    build("filter", FILTER)
    with living() as child:
        why = obstacle(run(["./filter", os.environ["HEAPTALLY_COMMAND"], "leaks", "--outside", str(child.pid)]))
        assert why.startswith("a filter of system calls forbids process_vm_readv") and "leave out --outside" in why, why
        ask("--settle", "0.1", str(child.pid))


@case("from outside: a process of another user is his, and one that has forbidden it has")
def of_others(_directory):
    if os.geteuid() != 0:
        raise Skip("only root can be two users")
    other = {"user": 65534, "group": 65534, "extra_groups": []}
    build("undumpable", UNDUMPABLE)
    os.chmod(".", 0o777)
    with living() as child:
        os.chmod("a.recording", 0o644)
        why = obstacle(heaptally("leaks", "--outside", os.path.abspath("a.recording"), **other))
        assert why.startswith("it is that of user 0; look as that user, or with CAP_SYS_PTRACE"), why
    os.unlink("a.recording")
    child = subprocess.Popen(["./undumpable"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, **other,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="out=a.recording"))
    try:
        equal(child.stdout.readline(), b"ready\n", "the program")
        why = obstacle(heaptally("leaks", "--outside", os.path.abspath("a.recording"), **other))
        assert "has forbidden it (PR_SET_DUMPABLE)" in why, why
        # Who may do what a debugger may is not refused.
        ask("--outside", "--settle", "0", os.path.abspath("a.recording"))
    finally:
        end_child(child)
        child.stdout.close()


@case("no answer of the process itself: the way from outside is offered")
def offered(_directory):
    with open("app.c", "w", encoding="ascii") as file:
        file.write('#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n'
                   "int main(void) { char c; memset(malloc(100), 0, 100); setvbuf(stdout, 0, _IONBF, 0);\n"
                   'puts("ready"); return read(0, &c, 1) > 0; }')
    equal(run([need("gcc"), "-g", "-fno-builtin", "-o", "app", "app.c"]).returncode, 0, "gcc")
    with living(argv=["./app"]) as child:
        line = refuse("--wait", "0.2", str(child.pid))
        assert "heaptally leaks --outside %d" % child.pid in line, line
        equal(ask("--outside", "--settle", "0.1", str(child.pid))["summary"]["definite"], {"blocks": 1, "bytes": 100}, "lost")


run_cases()
