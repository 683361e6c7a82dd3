# SPDX-License-Identifier: LGPL-2.1-or-later
"""The few figures of a recording's header that the bench prints; lib/include/recording.h has the layout."""

import os
import struct

VERSION = 1
FIGURES_OFFSET = 160
FIGURES = ("tracer_bytes", "crosschecks", "crosscheck_differences", "full_walks", "rules")


def read(path):
    """The figures by name, or None when there is no recording of the known version."""
    try:
        with open(path, "rb") as file:
            head = file.read(FIGURES_OFFSET + 8 * len(FIGURES))
            allocated = os.fstat(file.fileno()).st_blocks * 512
    except OSError:
        return None
    if len(head) < FIGURES_OFFSET + 8 * len(FIGURES) or head[:8] != b"heaptaly":
        return None
    if struct.unpack_from("<I", head, 12)[0] != VERSION:
        return None
    figures = dict(zip(FIGURES, struct.unpack_from("<%dQ" % len(FIGURES), head, FIGURES_OFFSET)))
    figures["recording_bytes"] = allocated
    return figures
