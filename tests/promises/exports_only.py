# SPDX-License-Identifier: LGPL-2.1-or-later
"""The runtime exports the allocation functions and the C API, nothing else."""
import re

from harness import LIBRARY, case, equal, need, run, run_cases

FAMILY = set(
    "malloc free calloc realloc reallocarray posix_memalign aligned_alloc memalign valloc pvalloc "
    "malloc_usable_size cfree free_sized free_aligned_sized".split()
)


@case("exported symbols")
def exported(_directory):
    result = run([need("nm"), "-D", "--defined-only", LIBRARY])
    equal(result.returncode, 0, "status of nm")
    names = {line.split()[-1].split("@")[0] for line in result.stdout.decode().splitlines()}
    equal(FAMILY - names, set(), "missing")
    # These do not depend on their caller; what `heaptally.h` declares has its prefix.
    extra = {name for name in names - FAMILY if not re.match(r"heaptally_[a-z_]+$|(dlclose|_Fork|access|mlockall|system|popen|faccessat|f?exec[a-z]+|posix_spawnp?)$", name)}
    equal(extra, set(), "extra")
    equal({"dlopen", "dlsym"} & names, set(), "functions that depend on their caller")


run_cases()
