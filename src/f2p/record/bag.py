"""A recording: a file, or a folder of them with or without metadata; every whole message in it, and what is lost."""

from __future__ import annotations

import heapq
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import zstandard

from f2p.files import opened_regular
from f2p.record import mcap_file, sqlite_file
from f2p.record.errors import NotABagError
from f2p.record.mcap_file import read_mcap
from f2p.record.metadata import Metadata, read_metadata
from f2p.record.sqlite_file import read_sqlite
from f2p.record.values import MOST_BYTES, Loss, Recorded, Topic

READERS = {mcap_file.MAGIC: read_mcap, sqlite_file.MAGIC: read_sqlite}
"""Who reads a file, by its first bytes: names lie, and after `ros2 bag convert` they do so often."""

ENDINGS = (".mcap", ".db3")

ORDER_NS = 1_000_000_000
"""How far messages may lie out of their order in a file [ns] (ours: several writers of one recorder)."""


@dataclass
class Bag:
    """One recording, read from its beginning as often as wanted.

    Args:
        path: The folder or file.
        files: Its files, in order.
        metadata: What stands beside them.
        missing: What is lost before a file is opened: files that the metadata names and that are not there.
    """

    path: Path
    files: tuple[Path, ...]
    metadata: Metadata
    missing: Loss = field(default_factory=Loss)
    loss: Loss = field(default_factory=Loss)
    """Of the last reading, complete once that has come to its end."""

    def messages(self) -> Iterator[Recorded]:
        """Yield every message of every whole chunk, file by file in the order of their stamps. Raises OSError."""
        self.loss = replace(self.missing, reasons=list(self.missing.reasons))
        told = {part.name: part.messages for part in self.metadata.parts}
        for path in self.files:
            counted, before = 0, self.loss.messages
            for message in in_order(self._of(path)):
                counted += 1
                yield message
            lost = self.loss.messages - before
            if (short := told.get(path.name, -1) - counted - lost) > 0:
                self.loss.note(f"{path.name}: the metadata counts {short} more messages", short)

    def _of(self, path: Path) -> Iterator[Recorded]:
        with opened_regular(path) as stream:
            begin = stream.read(16)
        read = next((read for magic, read in READERS.items() if begin.startswith(magic)), None)
        if read is None:
            self.loss.note(f"{path.name}: it does not begin as a recording does", chunks=1,
                           unread_bytes=path.stat().st_size)  # fmt: skip
            return
        for message in read(path, self.loss):
            if not self.metadata.compression:
                yield message
                continue
            try:
                data = zstandard.ZstdDecompressor().decompress(message.data, max_output_size=MOST_BYTES)
                yield replace(message, data=data)
            except zstandard.ZstdError as error:
                self.loss.note(f"{path.name}: a message cannot be unpacked: {error}", 1)


def open_bag(path: Path | str) -> Bag:
    """Open a recording: a folder with metadata.yaml or without, or one of its files.

    Raises:
        NotABagError: There is none.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return _folder(path)
        with opened_regular(path) as stream:
            begin = stream.read(16)
    except OSError as error:
        raise NotABagError(path, error.strerror or str(error)) from error
    if not any(begin.startswith(magic) for magic in READERS):
        raise NotABagError(path, "it begins neither as MCAP nor as SQLite does")
    return Bag(path, (path,), Metadata())


def _folder(path: Path) -> Bag:
    missing = Loss()
    try:
        metadata = read_metadata(path)
    except FileNotFoundError:
        metadata = Metadata()
    except (OSError, ValueError) as error:
        metadata = Metadata()
        missing.note(str(error))
    if metadata.file_compression:
        raise NotABagError(path, f"its files are compressed as a whole; unpack them first: zstd -d {path}/*.zstd")
    if metadata.compression not in ("", "zstd"):
        raise NotABagError(path, f"its messages are compressed by {metadata.compression!r}, only zstd is known")
    there = [one for one in path.iterdir() if one.suffix in ENDINGS and one.is_file()]
    for part in metadata.parts:
        if not any(one.name == part.name for one in there):
            missing.open_end = True
            missing.note(f"{part.name}: the file is missing", max(0, part.messages))
    if not there:
        raise NotABagError(path, f"there is no file in it that ends in {' or '.join(ENDINGS)}")
    order = {part.name: index for index, part in enumerate(metadata.parts)}
    files = sorted(there, key=lambda one: (order.get(one.name, len(order)), _natural(one.name)))
    return Bag(path, tuple(files), metadata, missing)


def _natural(name: str) -> list[tuple[int, str]]:
    """Return what sorts bag_10 behind bag_9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def in_order(messages: Iterable[Recorded]) -> Iterator[Recorded]:
    """Yield messages by their stamps; one that comes later than `ORDER_NS` behind its place comes where it lies."""
    waiting: list[tuple[int, int, Recorded]] = []
    number, newest = itertools.count(), 0
    for message in messages:
        newest = max(newest, message.stamp_ns)
        heapq.heappush(waiting, (message.stamp_ns, next(number), message))
        while waiting and waiting[0][0] < newest - ORDER_NS:
            yield heapq.heappop(waiting)[2]
    while waiting:
        yield heapq.heappop(waiting)[2]


@dataclass(frozen=True)
class Survey:
    """What is in a recording."""

    counts: dict[Topic, int]
    start_ns: int
    end_ns: int
    loss: Loss

    @property
    def messages(self) -> int:
        """How many can be read."""
        return sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """0 for a whole recording, 3 for one of which something is lost, 1 for one of which nothing is left."""
        return 0 if self.loss.whole else 3 if self.messages else 1


def survey(bag: Bag) -> Survey:
    """Read a recording once, and say what is in it. Raises OSError."""
    counts: Counter[Topic] = Counter()
    start, end = 2**63 - 1, 0
    for message in bag.messages():
        counts[message.topic] += 1
        start, end = min(start, message.stamp_ns), max(end, message.stamp_ns)
    return Survey(dict(counts), start if counts else 0, end, bag.loss)
