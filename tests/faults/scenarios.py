# SPDX-License-Identifier: LGPL-2.1-or-later
"""The list of scenarios of FAULTS.md, section 4; each is a function that gets a Bench and returns a Verdict."""

REGISTERED = []


class Scenario:
    def __init__(self, number, title, quick, function):
        self.number = number
        self.title = title
        self.quick = quick
        self.function = function


def scenario(number, title, quick=True):
    """quick: part of the subset that make check runs."""

    def register(function):
        REGISTERED.append(Scenario(number, title, quick, function))
        return function

    return register


def every():
    # The modules register themselves when they are imported; they need `scenario` from here.
    import scenarios_children
    import scenarios_limits
    import scenarios_program
    import scenarios_reader
    import scenarios_threads

    del scenarios_children, scenarios_limits, scenarios_program, scenarios_reader, scenarios_threads
    return sorted(REGISTERED, key=lambda entry: entry.number)
