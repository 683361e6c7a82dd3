# SPDX-License-Identifier: LGPL-2.1-or-later
"""The completions, asked as each shell asks them: what the command's --help names is offered."""
import os
import re

from harness import BUILD, case, environment, equal, heaptally, need, run, run_cases

FOLDER = os.path.join(BUILD, "completions")
ASK_BASH = """
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_heaptally
printf '%s\\n' "${COMPREPLY[@]}"
"""
# The functions of zsh that complete are replaced by ones that print what they are given.
ASK_ZSH = """
file=$1; shift
words=("$@") CURRENT=$#
_arguments() { print -rl -- "$@" }
_describe() { print -rl -- "${(@P)2}" }
ask() { source "$file" }
ask
"""


def commands():
    text = heaptally("--help").stdout.decode()
    section = re.search(r"^Commands:\n(.*?)\n\n", text, re.M | re.S)[1]
    return re.findall(r"^  ([a-z-]+) ", section, re.M)


def options(command):
    return set(re.findall(r"^ +(?:-., )?(--[a-z-]+)", heaptally(command, "--help").stdout.decode(), re.M))


def ask(words):
    done = run(words)
    equal((done.returncode, done.stderr), (0, b""), " ".join(words))
    return done.stdout.decode().splitlines()


def bash(*words):
    return ask([need("bash"), "-c", ASK_BASH, "bash", os.path.join(FOLDER, "heaptally"), "heaptally", *words])


def zsh(*words):
    return ask([need("zsh"), "-fc", ASK_ZSH, "zsh", os.path.join(FOLDER, "_heaptally"), "heaptally", *words])


def fish(line):
    """Without the user's settings; words and their descriptions are divided by a tab."""
    script = "source %s/heaptally.fish; complete -C 'heaptally %s'" % (FOLDER, line)
    home = environment(HOME=os.getcwd(), XDG_CONFIG_HOME=os.getcwd(), XDG_DATA_HOME=os.getcwd())
    done = run([need("fish"), "--no-config", "-c", script], env=home)
    equal(done.returncode, 0, done.stderr)
    return [found.split("\t")[0] for found in done.stdout.decode().splitlines()]


@case("bash: every command, and every option of each")
def bash_all(_directory):
    names = commands()
    assert len(names) >= 15, names
    equal(set(names) - set(bash("")), set(), "commands")
    equal(bash("to"), ["top"], "to")
    for name in names:
        offered = {word.rstrip("=") for word in bash(name, "--")}
        equal(offered, options(name), name)


@case("bash: the values of an option, in each way to write it")
def bash_values(_directory):
    equal(bash("top", "--format", "c"), ["csv"], "--format c")
    equal(bash("top", "--format", "=", "c"), ["csv"], "--format=c")
    equal(bash("top", "--format", "="), ["text", "json", "csv", *bash("top", "--format", "=")[3:]], "--format=")
    equal(bash("run", "--start", "o"), ["on", "off"], "--start o")
    equal(bash("diff", "--by", "f"), ["function", "file"], "--by f")
    equal(bash("top", "-n", ""), [""], "a number")
    equal(bash("no-such-command", ""), [""], "no command")


@case("bash: files where files are meant, also behind the -- of run")
def bash_files(directory):
    for name in ("one.tally", "other"):
        with open(os.path.join(directory, name), "w", encoding="ascii"):
            pass
    equal(sorted(bash("top", "o")), ["one.tally", "other"], "operand")
    equal(bash("run", "-o", "one"), ["one.tally"], "-o")
    equal(bash("run", "--", "ls", "--f"), [""], "the options of the program are not ours")


@case("zsh: every command, every option, and values")
def zsh_all(_directory):
    names = commands()
    equal([line.split(":")[0] for line in zsh("")], names, "commands")
    for name in names:
        offered = set(re.findall(r"^(--[a-z-]+)", "\n".join(zsh(name, "--")), re.M))
        equal(offered, options(name), name)
    found = [line for line in zsh("top", "--") if line.startswith("--format=")]
    assert re.search(r":FORMAT:\(text json csv( \w+)*\)$", found[0]), found


@case("fish: every command, every option, and values")
def fish_all(_directory):
    names = commands()
    equal(set(names) - set(fish("")), set(), "commands")
    for name in ("run", "top", "diff", "blocks"):
        equal(options(name) - set(fish(name + " --")), set(), name)
    equal(set(fish("run --start o")), {"on", "off"}, "--start")
    equal(fish("top --format c"), ["csv"], "--format")


run_cases()
