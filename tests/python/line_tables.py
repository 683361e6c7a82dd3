# SPDX-License-Identifier: LGPL-2.1-or-later
"""Line tables of the standard library, and the line of each instruction as the interpreter has it.

Run by lines.py, under any CPython; the output is for line_decoder.
"""
import ctypes
import glob
import os
import struct
import sys
import types


def codes_in(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from codes_in(constant)


def main():
    find_line = ctypes.pythonapi.PyCode_Addr2Line
    find_line.argtypes = [ctypes.py_object, ctypes.c_int]
    minor = sys.version_info[1]
    out = sys.stdout.buffer
    out.write(struct.pack("i", minor))
    for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "*.py"))):
        with open(path, "rb") as file:
            whole = compile(file.read(), path, "exec")
        for code in codes_in(whole):
            table = code.co_linetable if minor >= 10 else code.co_lnotab
            offsets = range(0, len(code.co_code), 2)
            out.write(struct.pack("3i", code.co_firstlineno, len(table), len(offsets)) + table)
            for offset in offsets:
                out.write(struct.pack("2i", offset, find_line(code, offset)))


main()
