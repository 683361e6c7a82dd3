# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the figures were measured on."""

import os
import platform
import re
import subprocess


def first_line(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None
    return done.stdout.strip().split("\n")[0] if done.returncode == 0 else None


def read_field(path, pattern):
    try:
        with open(path) as file:
            match = re.search(pattern, file.read(), re.M)
    except OSError:
        return None
    return match.group(1).strip() if match else None


def available_bytes():
    return int(read_field("/proc/meminfo", r"^MemAvailable:\s+(\d+)") or 0) * 1024


# Types of file systems whose files are nowhere else.
IN_MEMORY = ("tmpfs", "ramfs")


def file_system(path):
    """The type of what holds the path, by the longest mount point above it."""
    with open("/proc/self/mounts") as mounts:
        fields = [line.split()[1:3] for line in mounts]
    path = os.path.realpath(path)
    above = [(len(point), kind) for point, kind in fields if point == "/" or (path + "/").startswith(point + "/")]
    return max(above)[1] if above else "?"


def describe(context):
    return {
        "cpu": read_field("/proc/cpuinfo", r"^model name\s*:\s*(.*)$") or platform.machine(),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_bytes": int(read_field("/proc/meminfo", r"^MemTotal:\s+(\d+)") or 0) * 1024,
        "kernel": platform.release(),
        "libc": " ".join(platform.libc_ver()),
        "source": first_line("git", "-C", context.source, "describe", "--always", "--dirty"),
        "heaptrack": first_line("heaptrack", "--version"),
        "virtual": " hypervisor" in (read_field("/proc/cpuinfo", r"^flags\s*:(.*)$") or ""),
        "load_at_start": os.getloadavg(),
        "recordings": {os.path.dirname(folder): file_system(folder) for folder in (context.temp, context.disk)},
    }


def line(facts):
    return "machine: %d x %s%s, %.0f GiB, Linux %s, %s, heaptally %s, %s, load %.2f\nrecordings: %s" % (
        facts["cpus"], facts["cpu"], " (virtual)" if facts["virtual"] else "", facts["memory_bytes"] / 2**30,
        facts["kernel"], facts["libc"], facts["source"] or "?", facts["heaptrack"] or "no heaptrack",
        facts["load_at_start"][0], ", ".join("%s (%s)" % item for item in facts["recordings"].items()))
