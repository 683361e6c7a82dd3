"""Allocations below 10 to 800 calls of Python, each of which is several frames."""
import sys


def descend(depth, kept):
    if depth == 0:
        kept.extend([bytes(100) for _ in range(10)])
    else:
        descend(depth - 1, kept)
    kept.append(str(depth))


sys.setrecursionlimit(5000)
for turn in range(150):
    blocks = []
    descend(10 + turn * 37 % 790, blocks)
print(len(blocks))
