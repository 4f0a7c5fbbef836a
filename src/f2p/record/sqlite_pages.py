"""Rows of a damaged SQLite file, page by page, without the tree that leads to them.

SQLite itself gives nothing of a file whose inner pages are cut off, although the leaves before the cut are whole: the
pages are numbered as they were made, and the first inner page lies late. Format: sqlite.org/fileformat2.html.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

Value = int | bytes | None
"""An integer, the bytes of a text or blob, or NULL; floats do not occur in the tables of a recording."""

LEAF = 13
"""Type of a page that holds rows of a table."""

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of a value by its serial type below 12."""


@dataclass(frozen=True)
class Pages:
    """The bytes of a database file, as far as there are any.

    Raises:
        ValueError: They do not begin as a database does.
    """

    data: bytes | memoryview

    def __post_init__(self) -> None:
        """Look at the header."""
        if len(self.data) < 100 or bytes(self.data[:16]) != b"SQLite format 3\0":
            raise ValueError("it does not begin as a SQLite file does")
        if self.size < 512 or self.size & (self.size - 1):
            raise ValueError(f"its pages of {self.size} bytes are none")

    @property
    def size(self) -> int:
        """Bytes of a page."""
        (size,) = struct.unpack(">H", self.data[16:18])
        return 65536 if size == 1 else int(size)

    @property
    def usable(self) -> int:
        """Bytes of a page that hold something."""
        return self.size - self.data[20]

    @property
    def count(self) -> int:
        """Whole pages there are."""
        return len(self.data) // self.size

    @property
    def expected(self) -> int:
        """Pages there should be."""
        return int(struct.unpack(">I", self.data[28:32])[0])

    def rows(self) -> Iterator[tuple[int, int, int]]:
        """Yield id, page and offset of every row of every table, in the order of the pages."""
        for page in range(self.count):
            base = page * self.size
            head = base + (100 if page == 0 else 0)
            if self.data[head] != LEAF:
                continue
            (cells,) = struct.unpack(">H", self.data[head + 3 : head + 5])
            for offset in struct.unpack(f">{cells}H", self.data[head + 8 : head + 8 + 2 * cells]):
                _, at = self._varint(base + offset)
                row, _ = self._varint(at)
                yield row, page, offset

    def row(self, page: int, offset: int, most_bytes: int) -> list[Value]:
        """Return the values of one row.

        Raises:
            ValueError, IndexError, struct.error: A part of it is not there, or it is larger than `most_bytes`.
        """
        length, at = self._varint(page * self.size + offset)
        _, at = self._varint(at)
        if length > most_bytes:
            raise ValueError(f"a row of {length} bytes, at most {most_bytes} are read")
        return _values(self._payload(length, at))

    def _payload(self, length: int, at: int) -> bytes:
        """Return a row's bytes: those on its page, then those on the pages that its rest flows over to."""
        most = self.usable - 35
        if length <= most:
            return self._part(at, length)
        least = (self.usable - 12) * 32 // 255 - 23
        local = least + (length - least) % (self.usable - 4)
        local = local if local <= most else least
        parts, missing = [self._part(at, local)], length - local
        (following,) = struct.unpack(">I", self._part(at + local, 4))
        while missing > 0:
            if not 0 < following <= self.count:
                raise ValueError("the rest of a row lies on a page that is not there")
            base, taken = (following - 1) * self.size, min(missing, self.usable - 4)
            parts.append(self._part(base + 4, taken))
            missing -= taken
            (following,) = struct.unpack(">I", self._part(base, 4))
        return b"".join(parts)

    def _part(self, at: int, length: int) -> bytes:
        part = bytes(self.data[at : at + length])
        if len(part) != length:
            raise ValueError("a row ends with the file")
        return part

    def _varint(self, at: int) -> tuple[int, int]:
        return varint(self.data, at)


def varint(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """Return SQLite's number of one to nine bytes at a place, and where it ends. Raises IndexError."""
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _values(record: bytes) -> list[Value]:
    """Return the values of a record. Raises ValueError or IndexError where it is none."""
    body, at = varint(record, 0)
    kinds: list[int] = []
    while at < body:
        kind, at = varint(record, at)
        kinds.append(kind)
    out: list[Value] = []
    for kind in kinds:
        size = (kind - 12) // 2 if kind >= 12 else SIZES.get(kind, -1)
        if size < 0 or at + size > len(record):
            raise ValueError("a row's values do not fit it")
        part, at = record[at : at + size], at + size
        out.append(part if kind >= 12 else None if kind == 0 else _integer(kind, part))
    return out


def _integer(kind: int, part: bytes) -> int:
    return kind - 8 if kind in (8, 9) else int.from_bytes(part, "big", signed=True)
