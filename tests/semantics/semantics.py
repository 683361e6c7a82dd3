#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every row of the tables that say what tracemalloc, memory_profiler and gc mean for programs.

The modules are in the order of those tables; `evidence.py` says how a row is shown.
"""
import numbers_of_sites  # noqa: F401
import calls  # noqa: F401
import groups  # noqa: F401
import profilers  # noqa: F401

from harness import run_cases

run_cases()
