# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the promise tests share: a target bare and preloaded, and the recording that it left."""
import glob
import os

from harness import BUILD, LIBRARY, Skip, environment, equal, report, run


def target(name, folder="faults"):
    path = os.path.join(BUILD, "tests", folder, name)
    assert os.path.exists(path), "%s is not built" % path
    return path


def promise(name):
    return target(name, "promises")


def need_root():
    if os.geteuid() != 0:
        raise Skip("needs root")


UNSHARE = ["/usr/bin/unshare", "-m", "--propagation", "private"]


def need_private_mounts():
    """Mounts that nobody else sees; a plain chroot cannot have them, because its root is no mount."""
    need_root()
    if run([*UNSHARE, "/bin/true"]).returncode != 0:
        raise Skip("mounts cannot be private here")


def read_report(path):
    """What the target counted itself, as numbers; `fds` is text."""
    found = {}
    if os.path.exists(path):
        with open(path, encoding="ascii") as file:
            for line in file:
                key, _, value = line.strip().partition(" ")
                found[key] = value if key == "fds" else int(value)
        os.unlink(path)
    return found


def bare(arguments, preload=(), **variables):
    """The result of a run without the runtime, with `counted` as the target reports it."""
    path = os.path.join(os.getcwd(), "report")
    if preload:
        variables["LD_PRELOAD"] = ":".join(preload)
    result = run([str(word) for word in arguments], env=environment(FAULTS_REPORT=path, **variables))
    result.counted = read_report(path)
    return result


def traced(arguments, preload=(), options=(), **variables):
    """The same under the runtime, which comes first; `recordings` are those that it left."""
    here = os.getcwd()
    for old in glob.glob("*.recording"):
        os.unlink(old)
    variables["HEAPTALLY"] = ":".join(["out=%s/%%e.%%p.recording" % here, *options])
    result = bare(arguments, [LIBRARY, *preload], **variables)
    result.recordings = sorted(glob.glob(os.path.join(here, "*.recording")))
    return result


def same(arguments, preload=(), options=(), **variables):
    """Both runs must look the same from outside; returns the traced one."""
    before = bare(arguments, preload, **variables)
    after = traced(arguments, preload, options, **variables)
    outside = lambda r: (r.returncode, r.stdout, r.stderr, r.counted.get("fds"), r.counted.get("threads"))
    equal(outside(after), outside(before), "what is seen from outside")
    after.bare = before
    return after


NUMBERS = ("total_blocks", "total_bytes", "freed_blocks", "live_blocks", "live_bytes")


def info(result):
    """The totals of the program itself; its children allocate less than it does."""
    assert result.recordings, "no recording"
    return max((report("info", path) for path in result.recordings), key=lambda i: i["total_blocks"])


def exact(result, idle=None, numbers=NUMBERS):
    """The recording has what the target counted, beyond what an idle run of it has."""
    seen = info(result)
    below = idle.info if idle is not None else dict.fromkeys(numbers, 0)
    own = idle.counted if idle is not None else dict.fromkeys(numbers, 0)
    got = {key: seen[key] - below[key] for key in numbers}
    equal(got, {key: result.counted[key] - own[key] for key in numbers}, "totals")
    return seen


def idle(arguments, preload=()):
    """A run that does nothing, to be subtracted."""
    result = traced(arguments, preload)
    result.info = info(result)
    return result
