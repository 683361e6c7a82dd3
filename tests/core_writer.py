# SPDX-License-Identifier: LGPL-2.1-or-later
"""Core files for tests: the kernel's, gdb's, and one that is written here, of a process that waits.

`write_core` needs nothing installed. It knows of no register but the stack pointer, which /proc tells of a
thread that waits in a system call.
"""
import os
import re
import resource
import shutil
import struct
import subprocess

PAGE = 4096
NOTES = {"prstatus": 1, "prpsinfo": 3, "auxv": 6, "file": 0x46494c45}


def kernel_writes_cores():
    """Whether a process that crashes leaves its core in its directory, as core or core.PID."""
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as file:
        return file.read().strip() in ("core", "core.%p")


def allow_core():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def kernel_core():
    """The one core file of this directory, with a name of its own from now on."""
    found = [name for name in os.listdir(".") if name.startswith("core")]
    assert len(found) == 1, found
    os.rename(found[0], "kernel")
    return "kernel"


def gdb_core(pid, *words):
    """What gcore writes, or None where it is not installed."""
    if shutil.which("gcore") is None:
        return None
    result = subprocess.run(["gcore", *words, "-o", "gdb", str(pid)], stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, timeout=300, check=False)
    assert result.returncode == 0, result.stdout
    return "gdb.%d" % pid


def note(kind, data):
    return struct.pack("<III8s", 5, len(data), NOTES[kind], b"CORE") + data.ljust(-(-len(data) // 4) * 4, b"\0")


def thread_note(pid, thread):
    with open("/proc/%d/task/%d/syscall" % (pid, thread), encoding="ascii") as file:
        words = file.read().split()
    registers = [0] * 27
    registers[15] = 0 # in a system call
    registers[19] = int(words[-2], 16) if len(words) > 2 else 0
    return note("prstatus", struct.pack("<12xh2xQQIiii64x27QI4x", 0, 0, 0, thread, 0, 0, 0, *registers, 0))


def mappings(pid):
    with open("/proc/%d/smaps" % pid, encoding="utf-8", errors="surrogateescape") as file:
        for text in re.split(r"(?m)^(?=[0-9a-f]+-[0-9a-f]+ )", file.read())[1:]:
            words = text.split("\n")[0].split(None, 5)
            start, end = (int(word, 16) for word in words[0].split("-"))
            yield start, end, words[1], int(words[2], 16), words[5] if len(words) > 5 else "", text


def write_core(pid, path, wanted=lambda name, flags: True):
    """Of what `wanted` says of a mapping's name and flags, and all the others without contents."""
    loads, files = [], []
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as memory:
        for start, end, flags, offset, name, text in mappings(pid):
            if name.startswith("[v"):
                continue
            if name.startswith("/"):
                files.append((start, end, offset, name))
            data = b""
            touched = (int(re.search(r"Anonymous: *(\d+)", text)[1]) != 0 or not name.startswith("/")
                       or name.startswith(("/dev/zero", "/SYSV", "/memfd:")))
            if flags[0] == "r" and touched and wanted(name, flags):
                memory.seek(start)
                data = memory.read(end - start)
            loads.append((start, end, (flags[0] == "r") * 4 | (flags[1] == "w") * 2 | (flags[2] == "x"), data))
    threads = sorted(int(name) for name in os.listdir("/proc/%d/task" % pid))
    notes = b"".join(thread_note(pid, thread) for thread in threads)
    notes += note("prpsinfo", struct.pack("<24xi12x16s80x", pid, b"program"))
    with open("/proc/%d/auxv" % pid, "rb") as file:
        notes += note("auxv", file.read())
    notes += note("file", struct.pack("<QQ", len(files), PAGE)
                  + b"".join(struct.pack("<QQQ", start, end, offset // PAGE) for start, end, offset, _ in files)
                  + b"".join(os.fsencode(name) + b"\0" for _, _, _, name in files))
    place = 64 + 56 * (len(loads) + 1)
    headers = struct.pack("<IIQQQQQQ", 4, 0, place, 0, 0, len(notes), 0, 4)
    place = -(-(place + len(notes)) // PAGE) * PAGE
    with open(path, "wb") as file:
        file.seek(place)
        for start, end, flags, data in loads:
            headers += struct.pack("<IIQQQQQQ", 1, flags, place, start, 0, len(data), end - start, PAGE)
            place += len(data)
            file.write(data)
        file.truncate(place)
        file.seek(0)
        file.write(b"\x7fELF\2\1\1".ljust(16, b"\0")
                   + struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, len(loads) + 1, 0, 0, 0)
                   + headers + notes)
    return path
