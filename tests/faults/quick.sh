#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The part of the fault scorecard that fits in a minute or two, as tests.
exec python3 -B "${srcdir:?}"/tests/faults/scorecard --quick --tap --tracer heaptally
