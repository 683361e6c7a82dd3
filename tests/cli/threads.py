#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Threads are shown by the names that they gave themselves, those that ended too."""
import os
import subprocess

from harness import (LIBRARY, case, end_child, environment, equal, heaptally, need, report, run, run_cases)

SOURCE = """
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *volatile kept[8];
static pthread_barrier_t named, done;

__attribute__((noipa)) static void keep(int i, size_t bytes) { errno = 77; kept[i] = malloc(bytes); if (errno != 77) _exit(9); }
static void say(const char *what) { printf("%s %ld\\n", what, syscall(SYS_gettid)); fflush(stdout); }

static void *by_itself(void *x)
{
	free(malloc(3));
	pthread_setname_np(pthread_self(), "loader");
	say("loader");
	keep(0, 1000);
	return x;
}

static void *by_others(void *x)
{
	say("parser");
	pthread_barrier_wait(&named);
	pthread_barrier_wait(&named);
	keep(1, 2000);
	return x;
}

static void *late(void *x)
{
	say("late");
	keep(2, 4000);
	prctl(PR_SET_NAME, "lazy bones");
	pthread_barrier_wait(&done);
	pthread_barrier_wait(&done);
	return x;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	(void)argv;
	pthread_barrier_init(&named, NULL, 2);
	pthread_barrier_init(&done, NULL, 2);
	pthread_create(&thread, NULL, by_itself, NULL);
	pthread_join(thread, NULL);
	pthread_create(&thread, NULL, by_others, NULL);
	pthread_barrier_wait(&named);
	pthread_setname_np(thread, "parser \\033[1m");
	pthread_barrier_wait(&named);
	pthread_join(thread, NULL);
	prctl(PR_SET_NAME, "boss");
	say("boss");
	keep(3, 8000);
	pthread_create(&thread, NULL, late, NULL);
	pthread_barrier_wait(&done);
	if (argc > 1)
		raise(SIGSTOP);
	pthread_barrier_wait(&done);
	pthread_join(thread, NULL);
	return 0;
}
"""
SIZES = {"loader": 1000, "parser": 2000, "late": 4000, "boss": 8000}
NAMES = {"loader": "loader", "parser": "parser \033[1m", "boss": "boss"}


def compile_it():
    with open("named.c", "w", encoding="ascii") as file:
        file.write(SOURCE)
    equal(run([need("gcc"), "-g", "-O0", "-fno-builtin", "-pthread", "-o", "named", "named.c"]).returncode, 0, "gcc")


def traced(options):
    folder = os.path.abspath("recordings")
    os.mkdir(folder, 0o700)
    result = run(["./named"], env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY=options + ":dir=" + folder))
    equal((result.returncode, result.stderr), (0, b""), "the program")
    ids = {line.split()[0]: int(line.split()[1]) for line in result.stdout.decode().splitlines()}
    (name,) = os.listdir(folder)
    return ids, os.path.join(folder, name)


def by_thread(*words):
    groups = report("top", "--by", "thread", "--at", "exit", "--include", "function=keep", *words)["groups"]
    return {group["thread"]: (group["thread_name"], group["live_bytes"]) for group in groups}


def check_names(ids, found):
    for what, name in NAMES.items():
        equal(found[ids[what]], (name, SIZES[what]), what)


@case("--by thread: in the recording and in a tally, of threads that ended")
def ended(_directory):
    compile_it()
    ids, recording = traced("threads=on")
    equal(heaptally("snapshot", "-q", "-o", "kept.tally", recording).returncode, 0, "snapshot")
    for file in recording, "kept.tally":
        check_names(ids, by_thread(file))
        shown = heaptally("top", "--by", "thread", "--at", "exit", file).stdout
        assert b"thread %d loader\n" % ids["loader"] in shown, shown
        assert b"\033" not in shown, shown


@case("--blocks alone: blocks, block and groups have names")
def single(_directory):
    compile_it()
    ids, recording = traced("blocks=on")
    equal(heaptally("snapshot", "-q", "--blocks", "-o", "kept.tally", recording).returncode, 0, "snapshot")
    for file in recording, "kept.tally":
        check_names(ids, by_thread(file))
        rows = report("blocks", "--include", "function=keep", file)["blocks"]
        found = {row["thread"]: (row["thread_name"], row["size_bytes"]) for row in rows}
        check_names(ids, found)
        (address,) = [row["address"] for row in rows if row["size_bytes"] == 1000]
        equal(report("block", file, address)["block"]["thread_name"], "loader", "of a block")
        said = heaptally("block", file, address).stdout.decode()
        assert "by thread %d (loader)\n" % ids["loader"] in said, said
        listed = heaptally("blocks", "--include", "function=keep", file).stdout.decode()
        assert "  %d loader  " % ids["loader"] in listed, listed
        places = {line.index("keep") for line in listed.splitlines() if "named.c:" in line}
        equal(len(places), 1, "columns of keep")


@case("a filter takes numbers and names")
def filtered(_directory):
    compile_it()
    ids, recording = traced("threads=on")
    for pattern in "load*", str(ids["loader"]):
        totals = report("top", "--at", "exit", "--include", "thread=%s,function=keep" % pattern, recording)["totals"]
        equal(totals["live_bytes"], 1000, pattern)


@case("a thread that lives has the name that it has now")
def living(_directory):
    compile_it()
    child = subprocess.Popen(["./named", "stop"], stdout=subprocess.PIPE,
                             env=environment(LD_PRELOAD=LIBRARY, HEAPTALLY="threads=on:out=now.recording"))
    try:
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
        groups = report("top", "--by", "thread", "--include", "function=keep", "now.recording")["groups"]
        found = {group["live_bytes"]: group["thread_name"] for group in groups}
        equal(found, {1000: "loader", 2000: NAMES["parser"], 4000: "lazy bones", 8000: "boss"}, "names")
        equal(heaptally("snapshot", "-q", "-o", "now.tally", "now.recording").returncode, 0, "snapshot")
        groups = report("top", "--by", "thread", "--include", "function=keep", "now.tally")["groups"]
        equal({group["live_bytes"]: group["thread_name"] for group in groups}, found, "in a tally")
        os.kill(child.pid, 18)
        equal(child.wait(60), 0, "status")
    finally:
        end_child(child)
        child.stdout.close()


run_cases()
