# SPDX-License-Identifier: LGPL-2.1-or-later
"""More that is measured, by measured.py: modules in C, and what programs are made of.

Each function allocates, and returns what has to stay alive. What is no module of every CPython is
imported in its function.
"""
import asyncio
import contextvars
import dataclasses
import functools
import queue
import threading
import time
import weakref


@dataclasses.dataclass
class Record:
    name: str
    data: bytes
    parts: list = dataclasses.field(default_factory=lambda: [bytes(701)])


class Slotted:
    __slots__ = ("data", "next", "__weakref__")

    def __init__(self, count, following):
        self.data = bytes(count)
        self.next = following

    @functools.cached_property
    def never(self):
        return None

    @property
    def copy(self):
        return self.data + b"x"

    def __add__(self, other):
        return self.data + other.data


# A cache of CPython's, by address, keeps names that are made anew.
NAMES = ["name%d" % i for i in range(20)]


class Plain:
    def __init__(self, count):
        for i in range(count):
            setattr(self, NAMES[i], bytes(600 + i))

    def __getattr__(self, name):
        return bytes(len(name) + 900)

    def __call__(self, count):
        return bytes(count)


def classes():
    """Objects with and without a dictionary, properties, operators, weak references, made classes."""
    keep = [None] * 200
    following = None
    for i in range(20):
        following = keep[i] = Slotted(800 + i, following)
        keep[20 + i] = following.copy
        keep[40 + i] = following + following
    for i in range(20):
        keep[60 + i] = Record("name", bytes(1100 + i))
        keep[80 + i] = Plain(i)
        keep[100 + i] = keep[80 + i].missing
        keep[120 + i] = keep[80 + i](1300 + i)
        keep[140 + i] = weakref.ref(keep[i], lambda gone: None)
    keep[160] = dataclasses.replace(keep[60], data=bytes(1500))
    return keep


def numbers(count):
    for i in range(count):
        received = yield bytes(700 + i)
        kept_inside = bytes(received or 900)
    return kept_inside


def delegate(count):
    result = yield from numbers(count)
    yield result


async def produce_async(count):
    for i in range(count):
        yield bytes(1000 + i)


async def collect_async():
    return [data async for data in produce_async(20)]


def drive(coroutine):
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return stop.value
    return coroutine


def generators():
    """Suspended and finished ones, sent to, delegated to; coroutines without a loop."""
    keep = [None] * 100
    for i in range(20):
        generator = delegate(3)
        keep[i] = [generator, next(generator), generator.send(1200 + i)]
    keep[20] = list(delegate(5))
    keep[21] = [bytes(800 + i) for i in (j * 2 for j in range(10))]
    keep[22] = drive(collect_async())
    return keep


async def work(number, out, variable):
    variable.set(bytes(1000 + number))
    await asyncio.sleep(0)
    out[number] = bytes(2000 + number)
    await asyncio.sleep(0)
    return bytes(3000 + number)


async def gather(variable, out):
    return await asyncio.gather(*(work(number, out, variable) for number in range(10)))


def tasks():
    """Tasks of asyncio, which resume one another from C."""
    out = [None] * 10
    return out, asyncio.run(gather(VARIABLE, out))


VARIABLE = contextvars.ContextVar("variable")


def consume(tasks_to_do, out):
    while True:
        number = tasks_to_do.get()
        if number is None:
            return
        out[number] = bytes(1000 + number)


def workers():
    """Threads that are fed by a queue."""
    out = [None] * 40
    tasks_to_do = queue.SimpleQueue()
    threads = [threading.Thread(target=consume, args=(tasks_to_do, out)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in [*range(40), *[None] * 4]:
        tasks_to_do.put(number)
    for thread in threads:
        thread.join()
    time.sleep(0.05)  # a thread frees its state a little later
    return out


def database():
    """sqlite3: rows, functions of Python that it calls, its own memory."""
    import sqlite3
    connection = sqlite3.connect(":memory:")
    connection.create_function("padded", 1, lambda count: bytes(count))
    connection.execute("create table t (number integer, text text, data blob)")
    connection.executemany("insert into t values (?, ?, ?)",
                           ((1000000 + i, "text %d " % i * 20, bytes(600 + i)) for i in range(100)))
    rows = connection.execute("select number, text, data from t order by number").fetchall()
    padded = connection.execute("select padded(700 + rowid) from t").fetchall()
    return connection, rows, padded


def arrays():
    """numpy: arrays of a size that it gets from malloc and tells tracemalloc of."""
    import numpy
    keep = [None] * 50
    for i in range(20):
        keep[i] = numpy.zeros(1000 + i)
        keep[20 + i] = numpy.arange(2000 + i) + keep[i][0]
    keep[40] = numpy.array([bytes(600 + i) for i in range(10)], dtype=object)
    keep[41] = numpy.frompyfunc(lambda count: bytes(int(count)), 1, 1)(numpy.arange(700, 720))
    return keep


def trees():
    """lxml: documents in the memory of libxml2, and the objects that stand for them."""
    from lxml import etree
    root = etree.fromstring("<list>%s</list>" % "".join(
        "<item number='%d'>%s</item>" % (i, "text" * 200) for i in range(100)))
    texts = [item.text for item in root]
    return root, list(root), texts, etree.tostring(root)


def greenlets():
    """greenlet: stacks that are put aside and come back at the same addresses."""
    import greenlet
    keep = [None] * 60

    def count(start):
        number = start
        while True:
            keep[number] = bytes(1000 + number)
            number = deeper(3, number)

    def deeper(depth, number):
        keep[number + 30] = bytes(2000 + number)
        return deeper(depth - 1, number) if depth else main.switch(bytes(500))

    main = greenlet.getcurrent()
    several = [greenlet.greenlet(count) for _ in range(3)]
    for i in range(10):
        for place, each in enumerate(several):
            each.switch(10 * place + i)
    return keep, several


def reused():
    """Objects in the memory that others have left in a free list, line after line."""
    keep = []
    for i in range(300):
        keep.append(i + 0.5)
        keep.append([i])
        keep.append((i, keep))
        keep.append({i: i})
    del keep[:]
    for i in range(300):
        keep.append(i * 1.5)
        keep.append([i, i])
        keep.append((i,
                     bytes(600)))
        keep.append({"a": i})
    del keep[100:700]
    keep.extend(number * 0.25 for number in range(100))
    keep.extend([number] for number in range(100))
    return keep
