# SPDX-License-Identifier: LGPL-2.1-or-later
"""What is measured: each function allocates, and returns what has to stay alive."""
import asyncio
import collections
import csv
import dataclasses
import io
import json
import pickle
import re
import threading
import time
import zlib

kept = []


def sizes():
    """Whose sizes have closed forms: no free lists, no frames."""
    count = 300
    keep = [None] * 64
    keep[0] = bytes(1000)
    keep[1] = bytearray(5000)
    keep[2] = "x" * (count + 3700)
    for i in range(3, 13):
        keep[i] = bytes(100 * i)
    for i in range(100):
        bytes(3000)
    grown = bytearray(10)
    for i in range(20):
        grown += b"y" * 1000
    keep[13] = grown
    del grown
    keep[14] = "\u00e9" * count
    keep[15] = "\u03a9" * count
    keep[16] = "\U0001F40D" * count
    keep[17] = 1 << (10 * count + 1000)
    keep[18] = set(range(1000, 2000))
    keep[19] = (bytes(200),
                bytes(300),
                bytes(400))
    return keep


def leaf(count):
    return bytes(count)


def middle(count):
    return leaf(count)


def deep(depth):
    if depth == 0:
        return bytes(7000)
    result = deep(depth - 1)
    kept.append(bytes(50))
    return result


def generate(count):
    for i in range(count):
        yield bytes(600 + i)


def enclose():
    cell = bytes(11)

    def inner():
        return cell, bytes(222)
    return inner


class Node:
    __slots__ = ("left", "right", "data")

    def __init__(self, count):
        self.data = bytes(count)
        self.left = self.right = None


def sort_key(value):
    kept.append(bytes(77))
    return value


def in_thread():
    kept.append(zlib.compress(b"z" * 200000, 1))  # without the global lock
    kept.append(bytes(12345))


def fail():
    raise ValueError(bytes(999))


def frames():
    """Which frame a block is of: inlined calls, callbacks of C, generators, threads, exec."""
    del kept[:]
    kept.extend([None] * 2000)
    del kept[:]
    kept.append(middle(1500))
    kept.append(middle(2500))
    kept.append(deep(180))
    kept.extend(generate(10))
    inner = enclose()
    kept.append(inner())
    kept.append([Node(900 + i) for i in range(5)])
    sorted([3, 1, 2], key=sort_key)
    kept.append(list(map(lambda count: bytes(count), (801, 802, 803))))
    names = {"bytes": bytes, "out": kept}
    exec(compile("x = 1\nout.append(bytes(4321))\n", "<text>", "exec"), names)
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()
    time.sleep(0.05)  # the thread frees its state a little later
    try:
        fail()
    except ValueError as error:
        kept.append(error.args[0])
    return inner


FILES = ["<code %d>" % i for i in range(7)]  # tracemalloc would keep them alive


def codes():
    """Code objects that come and go at one address, each with another line."""
    keep = [None] * 300
    for i in range(300):
        names = {"bytes": bytes}
        exec(compile("\n" * i + "x = bytes(1000 + %d)" % i, FILES[i % 7], "exec"), names)
        keep[i] = names["x"]
        del names
    return keep


def descend(depth, call):
    return call() if depth == 0 else descend(depth - 1, call)


def recursion():
    """Through C at every level, so that each call of Python is one of the evaluation loop."""
    keep = []

    def through(depth):
        keep.append(bytes(100 + depth))
        if depth:
            for _ in map(through, (depth - 1,)):
                pass
    def step(depth):
        if depth % 3 == 0:
            keep.append(bytes(5000 + depth))
        if depth:
            step(depth - 1)
    through(60)
    descend(150, lambda: keep.append(bytes(3000)))
    step(200)
    return keep


def wander():
    """Up and down at random, by plain calls, callbacks of C and generators, through the same lines."""
    keep = []
    state = [1]

    def turn(count):
        state[0] = (state[0] * 1103515245 + 12345) % 2**31
        return (state[0] >> 16) % count
    def through_c(depth):
        for _ in map(step, (depth,)):
            pass
    def generated(depth):
        step(depth)
        yield
    def step(depth):
        while len(keep) < 4000:
            size = 600 + turn(300)
            keep.append(bytes(size))
            way = turn(6) if depth < 30 else 5
            if way in (0, 1):
                step(depth + 1)
            elif way == 2:
                through_c(depth + 1)
            elif way == 3:
                for _ in generated(depth + 1):
                    pass
            elif depth:
                size = 900 + turn(300)
                keep.append(bytes(size))
                return
    step(0)
    return keep


@dataclasses.dataclass
class Row:
    number: int
    text: str
    parts: list = dataclasses.field(default_factory=lambda: [b"x" * 700])


async def produce(queue, count):
    for i in range(count):
        await queue.put(bytes(1000 + i))
        await asyncio.sleep(0)


async def gather():
    queue = asyncio.Queue()
    await asyncio.gather(produce(queue, 10), produce(queue, 10))
    return [queue.get_nowait() for _ in range(20)]


def modules():
    """The standard library, as sums: objects from free lists keep their line (up to 3.12)."""
    rows = [Row(i, "row %d" % i) for i in range(100)]
    text = json.dumps([dataclasses.asdict(row) for row in rows], default=repr)
    out = io.StringIO()
    csv.writer(out).writerows([row.number, row.text] for row in rows)
    return (rows, json.loads(text), out.getvalue(), pickle.loads(pickle.dumps(rows)),
            collections.Counter(re.findall(r"\w+", text * 3)), asyncio.run(gather()))
