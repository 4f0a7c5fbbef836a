"""The last minute in memory, bounded by time and by bytes: what is older than either leaves at the front."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace

import zstandard

from f2p.record.values import MOST_BYTES, Recorded

LEVEL = 1
"""Compression of what waits in memory (ours: a depth image of 0.6 MB takes 2 ms; higher levels take thrice that)."""


@dataclass(frozen=True, eq=False)
class HeldMessage:
    """One message in memory."""

    arrived_s: float
    """On the monotonic clock [s]: stamps may jump."""
    message: Recorded
    packed: bool

    @property
    def size(self) -> int:
        """Bytes that it takes."""
        return len(self.message.data)

    def unpacked(self) -> Recorded:
        """Return it as it lay on the wire."""
        if not self.packed:
            return self.message
        data = zstandard.ZstdDecompressor().decompress(self.message.data, max_output_size=MOST_BYTES)
        return replace(self.message, data=data)


def waiting(arrived_s: float, message: Recorded, pack: bool) -> HeldMessage:
    """Return a message as it waits in memory, compressed where it is bulky."""
    if not pack:
        return HeldMessage(arrived_s, message, False)
    data = zstandard.ZstdCompressor(level=LEVEL).compress(message.data)
    return HeldMessage(arrived_s, replace(message, data=data), True)


class Ring:
    """What arrived lately, oldest first.

    Args:
        seconds: How far it reaches back [s].
        most_bytes: What it may take; beyond that it reaches back less far.
    """

    def __init__(self, seconds: float, most_bytes: int) -> None:
        self._seconds, self._most = seconds, most_bytes
        self._held: deque[HeldMessage] = deque()
        self.bytes = 0

    def add(self, one: HeldMessage) -> list[HeldMessage]:
        """Take a message; returns those that leave for it."""
        self._held.append(one)
        self.bytes += one.size
        gone = []
        while self._held and (self.bytes > self._most or self._held[0].arrived_s < one.arrived_s - self._seconds):
            gone.append(self._held.popleft())
            self.bytes -= gone[-1].size
        return gone

    def after(self, arrived_s: float) -> Iterator[HeldMessage]:
        """Yield what arrived later than a moment, oldest first."""
        return (one for one in self._held if one.arrived_s > arrived_s)


class LastValues:
    """Last values of topics whose last value holds until the next, however long ago it came."""

    def __init__(self) -> None:
        self._values: dict[str, OrderedDict[bytes, HeldMessage]] = {}

    def add(self, one: HeldMessage, most: int) -> None:
        """Take a value that leaves the ring; the same bytes again are the same value."""
        if not most:
            return
        values = self._values.setdefault(one.message.topic.name, OrderedDict())
        values[one.message.data] = one
        values.move_to_end(one.message.data)
        while len(values) > most:
            values.popitem(last=False)

    def at(self, moment: HeldMessage) -> Iterator[HeldMessage]:
        """Yield all of them, stamped as `moment`: what holds when a recording begins."""
        for values in self._values.values():
            for one in values.values():
                yield HeldMessage(moment.arrived_s, replace(one.message, stamp_ns=moment.message.stamp_ns), one.packed)
