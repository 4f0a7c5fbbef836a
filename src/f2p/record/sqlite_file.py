"""One SQLite file of a recording: by SQLite where it is whole, else every row of every page that is left."""

from __future__ import annotations

import contextlib
import mmap
import sqlite3
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from f2p.files import opened_regular
from f2p.record.sqlite_pages import Pages, Value
from f2p.record.values import MOST_BYTES, Loss, Recorded, Topic

MAGIC = b"SQLite format 3\0"
"""First bytes of every SQLite file."""

DEFINITIONS = "SELECT topic_type, encoded_message_definition FROM message_definitions WHERE encoding = 'ros2msg'"
"""Tables of rosbag2 from Iron on have it; a missing one is no damage."""


def read_sqlite(path: Path, loss: Loss) -> Iterator[Recorded]:
    """Yield the messages of one file in the order in which they were written.

    Args:
        path: The file.
        loss: Takes what is damaged.

    Raises:
        OSError: The file cannot be opened.
    """
    log = path.with_name(f"{path.name}-wal").exists()  # a recorder that was killed leaves one, with its last messages
    place = f"file:{quote(str(path.absolute()))}?mode=ro{'' if log else '&immutable=1'}"
    done = 0
    try:
        _check_size(path, log)
        with contextlib.closing(sqlite3.connect(place, uri=True)) as base:
            topics = _topics(base)
            for row, topic, stamp_ns, data in base.execute(
                "SELECT id, topic_id, timestamp, data FROM messages NOT INDEXED WHERE length(data) <= ? ORDER BY id",
                (MOST_BYTES,),
            ):
                _gap(path, row - done - 1, loss)
                done = row
                yield Recorded(topics[topic], stamp_ns, bytes(data))
    except (sqlite3.Error, KeyError, TypeError, ValueError) as error:
        yield from _salvaged(path, done, str(error), loss)


def _check_size(path: Path, log: bool) -> None:
    """Refuse a file that is cut: SQLite takes the missing half of a page for zeros. Raises ValueError, OSError."""
    with opened_regular(path) as stream:
        pages, size = Pages(stream.read(100)), path.stat().st_size
    if size % pages.size or (size < pages.expected * pages.size and not log):
        raise ValueError(f"it has {size} bytes of {pages.expected * pages.size}")


def _topics(base: sqlite3.Connection) -> dict[int, Topic]:
    """Return the topics by their ids. Raises sqlite3.Error."""
    for setting in ("writable_schema = ON", "trusted_schema = OFF", "cell_size_check = ON"):
        base.execute(f"PRAGMA {setting}")  # the first has a file opened that is shorter than it says
    definitions: dict[str, str] = {}
    with contextlib.suppress(sqlite3.Error):
        definitions = dict(base.execute(DEFINITIONS))
    rows = base.execute("SELECT id, name, type, serialization_format, offered_qos_profiles FROM topics")
    return {row: Topic(name, kind, definitions.get(kind, ""), encoding, qos or "")
            for row, name, kind, encoding, qos in rows}  # fmt: skip


def _gap(path: Path, missing: int, loss: Loss) -> None:
    """Count messages whose numbers are left out: a recorder gives them in a row."""
    if missing > 0:
        loss.note(f"{path.name}: {missing} messages are missing", missing)


def _salvaged(path: Path, done: int, why: str, loss: Loss) -> Iterator[Recorded]:
    """Yield the messages after number `done` from the pages that are left."""
    loss.open_end = True
    with opened_regular(path) as stream:
        try:
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data, memoryview(data) as view:
                yield from _rows(path, Pages(view), done, why, loss)
        except ValueError as error:
            loss.note(f"{path.name}: {error}", chunks=1, unread_bytes=path.stat().st_size)


def _rows(path: Path, pages: Pages, done: int, why: str, loss: Loss) -> Iterator[Recorded]:
    left = _Left()
    with contextlib.suppress(IndexError, struct.error):  # as far as the pages have the form of pages
        for row, page, offset in pages.rows():
            left.take(row, pages, page, offset)
    places = {row: place for row, place in left.messages.items() if row > done}
    missing = max([*places, *left.broken, done]) - done - len(places)
    cut = max(0, pages.expected - pages.count)
    loss.note(f"{path.name}: {why}; {cut} of {pages.expected} pages are cut off", missing, chunks=cut)
    for row in sorted(places):
        message = _message(pages.row(*places[row], MOST_BYTES))
        topic = left.topic(message[0]) if message is not None else None
        if message is None or topic is None:
            loss.note(f"{path.name}: a message of a topic that is not described", 1)
        else:
            yield Recorded(topic, message[1], message[2])


@dataclass
class _Left:
    """What the pages that are left hold."""

    messages: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Page and offset by the number of the message."""
    broken: list[int] = field(default_factory=list)
    """Numbers of rows whose rest lies behind the cut."""
    topics: dict[int, tuple[str, ...]] = field(default_factory=dict)
    definitions: dict[str, str] = field(default_factory=dict)

    def take(self, row: int, pages: Pages, page: int, offset: int) -> None:
        """Take one row of whichever table."""
        try:
            values = pages.row(page, offset, MOST_BYTES)
        except (ValueError, IndexError, struct.error):
            self.broken.append(row)
            return
        texts = tuple(value.decode("utf-8", "replace") for value in values if isinstance(value, bytes))
        if _message(values) is not None:
            self.messages[row] = page, offset
        elif len(texts) >= 4 and texts[0].startswith("/"):
            self.topics[row] = texts
        elif len(texts) >= 3 and texts[1] == "ros2msg":
            self.definitions[texts[0]] = texts[2]

    def topic(self, number: int) -> Topic | None:
        """Return a topic by its number, where it is left."""
        if number not in self.topics:
            return None
        name, kind, encoding, qos, *_ = self.topics[number]
        return Topic(name, kind, self.definitions.get(kind, ""), encoding, qos)


def _message(values: list[Value]) -> tuple[int, int, bytes] | None:
    """Return topic, stamp and data of a row of the table of messages; None for one of another table."""
    if len(values) != 4:
        return None
    _, topic, stamp_ns, data = values
    if isinstance(topic, int) and isinstance(stamp_ns, int) and isinstance(data, bytes):
        return topic, stamp_ns, data
    return None
