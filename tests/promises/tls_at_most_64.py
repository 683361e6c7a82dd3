# SPDX-License-Identifier: LGPL-2.1-or-later
"""Thread-local storage is initial-exec and takes at most 64 bytes."""
import re

from harness import LIBRARY, case, equal, need, run, run_cases

TLS_BYTES = 64


def readelf(*options):
    result = run([need("readelf"), "-W", *options, LIBRARY])
    equal(result.returncode, 0, "status of readelf")
    return result.stdout.decode()


@case("size of the TLS segment")
def size(_directory):
    sizes = re.findall(r"^ +TLS +\S+ +\S+ +\S+ +\S+ +(0x[0-9a-f]+)", readelf("-l"), re.M)
    equal(len(sizes), 1, "TLS segments")
    assert 0 < int(sizes[0], 16) <= TLS_BYTES, "%d bytes" % int(sizes[0], 16)


@case("no dynamic TLS")
def model(_directory):
    assert "__tls_get_addr" not in readelf("--dyn-syms")
    kinds = set(re.findall(r"R_X86_64_\w*(?:TP|TLS)\w*", readelf("-r")))
    equal(kinds - {"R_X86_64_TPOFF64"}, set(), "TLS relocations")


run_cases()
