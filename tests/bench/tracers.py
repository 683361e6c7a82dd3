# SPDX-License-Identifier: LGPL-2.1-or-later
"""How each tracer is put around a command, and what memory it takes."""

import ctypes.util
import os
import shutil

from runner import Failed


class Tracer:
    """The command alone. `slow` tracers run once, and only when asked for."""

    name = "untraced"
    slow = False

    def __init__(self, context):
        self.context = context

    def missing(self):
        return None

    def wrap(self, argv, out):
        """(variables, command) that trace argv and write to files that begin with out."""
        return {}, argv

    def memory(self, row, samples):
        """Peak bytes of the program and of what the tracer starts beside it."""
        return max(sample.maxrss_bytes for sample in samples)


class Heaptally(Tracer):
    name = "heaptally"

    def missing(self):
        return None if os.path.exists(self.context.library) else "heaptally: %s is not built" % self.context.library

    def wrap(self, argv, out):
        return {"LD_PRELOAD": self.context.library, "HEAPTALLY": "out=%s.recording" % out}, argv


class HeaptrackRaw(Tracer):
    name = "heaptrack --raw"
    options = ("--raw",)

    def missing(self):
        return None if shutil.which("heaptrack") else "%s: not installed" % self.name

    def wrap(self, argv, out):
        return {}, ["heaptrack", *self.options, "-o", out, *argv]

    def parts(self):
        folder = os.path.dirname(os.path.realpath(shutil.which("heaptrack")))
        library = os.path.join(folder, "../lib/heaptrack")
        return (os.path.join(library, "libheaptrack_preload.so"), os.path.join(library, "libexec/heaptrack_interpret"))

    def memory(self, row, samples):
        """
        The script starts three processes, whose peaks wait4 cannot tell apart. So start them the same way once
        more, each measured alone. The compressor is left out, in heaptrack's favour.
        """
        context = self.context
        preload, interpreter = self.parts()
        fifo = context.path("out.fifo")
        os.mkfifo(fifo, 0o600)
        reader = [interpreter] if "--raw" not in self.options else ["cat"]
        beside = context.start(reader, stdin=fifo)
        variables = dict(row.variables, LD_PRELOAD=preload, DUMP_HEAPTRACK_OUTPUT=fifo)
        program = context.start(row.argv, variables, row.cwd)
        _, _, program_bytes, status = context.finish(program)
        _, _, beside_bytes, _ = context.finish(beside)
        context.clear()
        if status != 0:
            raise Failed("%s: status %d" % (self.name, status))
        return program_bytes + (beside_bytes if "--raw" not in self.options else 0)


class Heaptrack(HeaptrackRaw):
    name = "heaptrack"
    options = ()


class Gperftools(Tracer):
    name = "gperftools"
    slow = True

    def missing(self):
        return None if ctypes.util.find_library("tcmalloc") else "gperftools: libtcmalloc is not installed"

    def wrap(self, argv, out):
        return {"LD_PRELOAD": ctypes.util.find_library("tcmalloc"), "HEAPPROFILE": out}, argv


class Jemalloc(Tracer):
    """Every allocation sampled, which is what the others do."""

    name = "jemalloc"
    slow = True

    def missing(self):
        return None if ctypes.util.find_library("jemalloc") else "jemalloc: not installed"

    def wrap(self, argv, out):
        options = "prof:true,lg_prof_sample:0,prof_accum:true,prof_final:true,prof_prefix:" + out
        return {"LD_PRELOAD": ctypes.util.find_library("jemalloc"), "MALLOC_CONF": options}, argv


class Dhat(Tracer):
    name = "dhat"
    slow = True

    def missing(self):
        return None if shutil.which("valgrind") else "dhat: valgrind is not installed"

    def wrap(self, argv, out):
        return {}, ["valgrind", "-q", "--tool=dhat", "--dhat-out-file=" + out, *argv]


ALL = (Tracer, Heaptally, HeaptrackRaw, Heaptrack, Gperftools, Jemalloc, Dhat)


def available(context):
    """The tracers to run, in table order; what is left out is noted in the context."""
    chosen = []
    for kind in ALL:
        tracer = kind(context)
        if tracer.slow and not context.all_tracers:
            context.skip("%s: only with --all" % tracer.name)
            continue
        reason = tracer.missing()
        if reason:
            context.skip(reason)
        else:
            chosen.append(tracer)
    return chosen
