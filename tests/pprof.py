# SPDX-License-Identifier: LGPL-2.1-or-later
"""A decoder of pprof's profiles that knows nothing but the wire format, and checks what Parca demands."""
import collections
import gzip
import struct

from harness import equal


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """{field number: [values]} of a message; packed numbers stay bytes."""
    result, at = collections.defaultdict(list), 0
    while at < len(data):
        tag, at = varint(data, at)
        if tag & 7 == 0:
            value, at = varint(data, at)
        elif tag & 7 == 2:
            length, at = varint(data, at)
            value, at = data[at:at + length], at + length
            assert len(value) == length, "the message is cut"
        else:
            raise AssertionError("wire type %d" % (tag & 7))
        result[tag >> 3].append(value)
    return result


def numbers(values):
    """A repeated number, packed or not, as signed 64 bits."""
    result = []
    for value in values:
        at = 0
        if isinstance(value, int):
            result.append(value)
        while not isinstance(value, int) and at < len(value):
            number, at = varint(value, at)
            result.append(number)
    return [struct.unpack("q", struct.pack("Q", number))[0] for number in result]


def one(message, number):
    return numbers(message[number][-1:])[0] if message[number] else 0


class Pprof:
    """A decoded profile, that is what its specification and Parca demand."""

    def __init__(self, data, shown="inuse_space"):
        self.shown = shown
        message = fields(gzip.decompress(data))
        self.message = message
        self.strings = [text.decode("utf-8") for text in message[6]]
        equal(self.strings[0], "", "the first string")
        self.types = [(self.strings[one(kind, 1)], self.strings[one(kind, 2)])
                      for kind in map(fields, message[1])]
        self.mappings = [fields(part) for part in message[3]]
        self.locations = [fields(part) for part in message[4]]
        self.functions = [fields(part) for part in message[5]]
        self.samples = [fields(part) for part in message[2]]
        for part in (self.mappings, self.locations, self.functions):
            equal([one(row, 1) for row in part], list(range(1, len(part) + 1)), "ids")
        self.check()

    def check(self):
        for sample in self.samples:
            equal(len(numbers(sample[2])), len(self.types), "values of a sample")
            assert all(0 < number <= len(self.locations) for number in numbers(sample[1]))
        for location in self.locations:
            assert location[4], "a location without a line"
            assert 0 <= one(location, 2) <= len(self.mappings)
            if one(location, 2) and one(location, 3):
                mapping = self.mappings[one(location, 2) - 1]
                assert one(mapping, 2) <= one(location, 3) < one(mapping, 3), "an address outside its mapping"
            for line in map(fields, location[4]):
                assert 0 < one(line, 1) <= len(self.functions)
        equal(self.strings[one(self.message, 14)], self.shown, "what is shown first")
        period = fields(self.message[11][-1])
        equal((self.strings[one(period, 1)], self.strings[one(period, 2)], one(self.message, 12)),
              ("space", "bytes", 1), "period")
        assert one(self.message, 9) > 1e18 and one(self.message, 10) > 0, "no time"

    def sums(self):
        return [sum(column) for column in zip(*(numbers(sample[2]) for sample in self.samples))]

    def stack(self, sample):
        """Names of functions, innermost first, inlined ones included."""
        return [self.strings[one(self.functions[one(line, 1) - 1], 2)]
                for number in numbers(sample[1]) for line in map(fields, self.locations[number - 1][4])]
