# SPDX-License-Identifier: LGPL-2.1-or-later
"""The few figures of a recording that the bench prints, as `heaptally info` tells them."""

import json
import os
import subprocess

from runner import Failed

FIGURES = ("tracer_bytes", "crosscheck_count", "crosscheck_differences", "full_walks", "rule_count")


def read(context, path):
    """The figures by name."""
    context.need_command()
    told = subprocess.run([context.command, "info", "--format", "json", path], stdout=subprocess.PIPE, check=False)
    if told.returncode != 0:
        raise Failed("heaptally info %s: status %d" % (os.path.basename(path), told.returncode))
    told = json.loads(told.stdout)
    figures = {name: told[name] for name in FIGURES}
    figures["recording_bytes"] = os.stat(path).st_blocks * 512
    return figures
