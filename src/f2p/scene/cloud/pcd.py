"""Reads PCD scans (ascii, binary, binary_compressed): a file goes in, points, colours and labels come out.

Own reader (ours): labels and organised clouds in one pass, and every way a file can be wrong has its own sentence. A
scan of mOSD takes 0.02 s; Open3D's reader that keeps labels (`t.io`) takes 0.14 s, the one of 0.03 s drops them. The
number of points is checked from the header, before anything is converted.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import lzf
import numpy as np

from f2p.files import opened_regular
from f2p.scene.errors import CloudTooLargeError, ScanFormatError
from f2p.types import frozen

_TYPES = {
    ("F", 4): "<f4", ("F", 8): "<f8",
    ("U", 1): "<u1", ("U", 2): "<u2", ("U", 4): "<u4", ("U", 8): "<u8",
    ("I", 1): "<i1", ("I", 2): "<i2", ("I", 4): "<i4", ("I", 8): "<i8",
}  # fmt: skip
_ENCODINGS = ("ascii", "binary", "binary_compressed")
_HEADER_LIMIT = 8192
MAXIMUM_POINTS = 5_000_000
"""More than any camera this stack knows gives in one scan (ours: sixteen VGA frames)."""

_MOST_BYTES = 16_384
"""Largest point [bytes] (ours: the largest descriptor of PCL, SHOT with colour, takes 5,412)."""

_ROW_BYTES, _NUMBER_BYTES = 64, 64
"""Longest end of a row and longest number in a text file, blanks included [bytes] (ours: `%.17e` takes 25)."""


@dataclass(frozen=True, eq=False)
class Scan:
    """A cloud as a file holds it, invalid points included, in the sensor's frame."""

    points_camera: np.ndarray
    """[m]. Shape (points, 3), float32; NaN where the sensor saw nothing."""
    colors: np.ndarray | None
    """Red, green, blue in 0..255. Shape (points, 3), uint8."""
    labels: np.ndarray | None
    """Annotation, if the file has one; 0 where that is no number. Shape (points,), int64."""
    width: int
    height: int
    """1 for a cloud that is no image."""


@dataclass(frozen=True)
class _Header:
    """What the header says, checked."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]
    counts: tuple[int, ...]
    width: int
    height: int
    points: int
    encoding: str
    start: int
    """Where the data begin in the file [bytes]."""

    @property
    def dtype(self) -> np.dtype:
        """One point as a packed record."""
        columns = zip(self.kinds, self.counts, strict=True)
        return np.dtype([(f"{i}", kind, (count,)) for i, (kind, count) in enumerate(columns)])

    @property
    def most_bytes(self) -> int:
        """How much of the file its points can take; what follows them is never read [bytes]."""
        packed = self.points * self.dtype.itemsize
        return {
            "ascii": self.points * (_ROW_BYTES + _NUMBER_BYTES * sum(self.counts)),
            "binary": packed,
            "binary_compressed": 8 + 2 * packed + _ROW_BYTES,
        }[self.encoding]


def read_pcd(path: Path | str, maximum_points: int = MAXIMUM_POINTS) -> Scan:
    """Read one scan.

    Raises:
        ScanFormatError: Not there, no PCD scan, truncated, or without x, y, z.
        CloudTooLargeError: The header announces more than `maximum_points`.
    """
    path = Path(path)
    try:
        with opened_regular(path) as file:
            header = _read_header(path, file.read(_HEADER_LIMIT), maximum_points)
            file.seek(header.start)
            data = file.read(header.most_bytes)
    except OSError as error:
        raise ScanFormatError(path, f"cannot be read: {error.strerror or error}") from error
    decode = {"ascii": _columns_ascii, "binary": _columns_binary, "binary_compressed": _columns_compressed}
    columns = decode[header.encoding](path, header, data)
    with np.errstate(over="ignore", invalid="ignore"):  # what no float32 holds becomes infinite: no valid point
        points = np.stack([columns[axis] for axis in "xyz"], axis=-1).astype(np.float32)
    return Scan(
        frozen(points, np.float32),
        _colors(columns),
        _labels(columns),
        header.width,
        header.height,
    )


def _read_header(path: Path, head: bytes, maximum_points: int) -> _Header:
    """Parse and check the text before the data."""
    entries: dict[str, list[str]] = {}
    position = 0
    while "DATA" not in entries:
        end = head.find(b"\n", position)
        if end < 0:
            raise ScanFormatError(path, "is no PCD scan: no DATA line in its header" if head else "is empty")
        line = head[position:end].decode("ascii", errors="replace").strip()
        position = end + 1
        if line and not line.startswith("#"):
            key, *values = line.split()
            entries[key] = values
        if position > 200 and "FIELDS" not in entries and "VERSION" not in entries:
            raise ScanFormatError(path, "is no PCD scan: it begins otherwise")
    missing = [key for key in ("FIELDS", "SIZE", "TYPE", "WIDTH", "HEIGHT") if not entries.get(key)]
    if missing:
        raise ScanFormatError(path, f"its PCD header lacks {', '.join(missing)}")
    try:
        return _checked_header(path, entries, position, maximum_points)
    except (ValueError, IndexError) as error:
        raise ScanFormatError(path, f"its PCD header cannot be read: {error}") from error


def _checked_header(path: Path, entries: dict[str, list[str]], start: int, maximum_points: int) -> _Header:
    """Return numbers out of the header's words."""
    names = tuple(entries["FIELDS"])
    sizes, kinds = [int(size) for size in entries["SIZE"]], entries["TYPE"]
    counts = tuple(int(count) for count in entries.get("COUNT", ["1"] * len(names)))
    if not len(names) == len(sizes) == len(kinds) == len(counts):
        raise ScanFormatError(
            path, f"{len(names)} FIELDS, but {len(sizes)} SIZE, {len(kinds)} TYPE, {len(counts)} COUNT"
        )
    absent = [axis for axis in "xyz" if axis not in names]
    if absent:
        raise ScanFormatError(path, f"has no field {', '.join(absent)}; its fields are: {', '.join(names)}")
    unknown = [pair for pair in zip(kinds, sizes, strict=True) if pair not in _TYPES]
    if unknown or min(counts) < 1:
        raise ScanFormatError(path, f"has a field of a type that PCD does not know: {unknown or counts}")
    bytes_each = sum(size * count for size, count in zip(sizes, counts, strict=True))
    if bytes_each > _MOST_BYTES:
        raise ScanFormatError(path, f"announces points of {bytes_each} bytes, at most {_MOST_BYTES} are read")
    width, height = int(entries["WIDTH"][0]), int(entries["HEIGHT"][0])
    points = int(entries.get("POINTS", [str(width * height)])[0])
    if min(width, height, points) < 0 or width * height != points:
        raise ScanFormatError(path, f"announces {points} points as {width} x {height}")
    if points > maximum_points:
        raise CloudTooLargeError(points, maximum_points, str(path))
    encoding = " ".join(entries["DATA"])
    if encoding not in _ENCODINGS:
        raise ScanFormatError(path, f"has DATA {encoding!r}; PCD knows: {', '.join(_ENCODINGS)}")
    formats = tuple(_TYPES[pair] for pair in zip(kinds, sizes, strict=True))
    return _Header(names, formats, counts, width, height, points, encoding, start)


def _truncated(path: Path, found: int, expected: int, what: str) -> ScanFormatError:
    """Return the error for a file that ends too early."""
    return ScanFormatError(path, f"is truncated: {found} {what} where its header announces {expected}")


def _columns_ascii(path: Path, header: _Header, data: bytes) -> dict[str, np.ndarray]:
    """Return one row of text per point."""
    rows = data.split(b"\n", header.points)[: header.points]
    rows = [row for row in rows if row.strip()]
    if len(rows) < header.points:
        raise _truncated(path, len(rows), header.points, "rows")
    try:
        table = np.array([row.split() for row in rows], dtype=np.float64)
    except ValueError as error:
        raise ScanFormatError(path, f"has a row that is not {sum(header.counts)} numbers: {error}") from error
    if header.points and table.shape[1] != sum(header.counts):
        raise ScanFormatError(path, f"has {table.shape[1]} numbers a row, expected {sum(header.counts)}")
    first = np.concatenate([[0], np.cumsum(header.counts)[:-1]])
    table = table.reshape(header.points, sum(header.counts))
    return {name: table[:, column] for name, column in zip(header.names, first, strict=True)}


def _columns_binary(path: Path, header: _Header, data: bytes) -> dict[str, np.ndarray]:
    """Return packed records."""
    expected = header.points * header.dtype.itemsize
    if len(data) < expected:
        raise _truncated(path, len(data), expected, "bytes")
    records = np.frombuffer(data, dtype=header.dtype, count=header.points)
    return {name: records[f"{i}"][:, 0] for i, name in enumerate(header.names)}


def _columns_compressed(path: Path, header: _Header, data: bytes) -> dict[str, np.ndarray]:
    """Return two sizes, then LZF of one field after the other."""
    if len(data) < 8:
        raise _truncated(path, len(data), 8, "bytes")
    packed, unpacked = struct.unpack("<II", data[:8])
    expected = header.points * header.dtype.itemsize
    if unpacked != expected:
        raise ScanFormatError(path, f"unpacks to {unpacked} bytes where its header announces {expected}")
    if len(data) - 8 < packed:
        raise _truncated(path, len(data) - 8, packed, "packed bytes")
    try:
        raw = _unpack_lzf(data[8 : 8 + packed], unpacked)
    except ValueError as error:
        raise ScanFormatError(path, "its compressed data are damaged") from error
    columns, position = {}, 0
    for name, kind, count in zip(header.names, header.kinds, header.counts, strict=True):
        column = np.frombuffer(raw, dtype=kind, count=header.points * count, offset=position)
        columns[name] = column.reshape(header.points, count)[:, 0]
        position += column.nbytes
    return columns


def _unpack_lzf(packed: bytes, size: int) -> bytes:
    """LZF by liblzf. Raises ValueError on damaged data."""
    raw = lzf.decompress(packed, size) if size else b""
    if raw is None or len(raw) != size:
        raise ValueError("too long" if raw is None else "too short")
    return bytes(raw)


def _labels(columns: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the annotation; None without one, or where none of it is a number."""
    labels = columns.get("label")
    if labels is None or (len(labels) and not np.isfinite(labels).any()):
        return None
    return frozen(_whole(labels, 2**53) if labels.dtype.kind == "f" else labels, np.int64)


def _whole(column: np.ndarray, end: int) -> np.ndarray:
    """Return numbers of a text or a float field as integers; 0 for what is none within 0 .. `end`."""
    return np.where((column >= 0) & (column < end), column, 0).astype(np.int64)


def _colors(columns: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return red, green, blue out of PCL's packed rgb or rgba field."""
    name = next((name for name in ("rgba", "rgb") if name in columns), None)
    if name is None:
        return None
    packed = np.ascontiguousarray(columns[name])
    if packed.dtype == np.float64:
        packed = packed.astype(np.float32).view(np.uint32) if name == "rgb" else _whole(packed, 2**32)
    elif packed.dtype == np.float32:
        packed = packed.view(np.uint32)
    packed = packed.astype(np.uint32)
    channels = [(packed >> shift) & 255 for shift in (16, 8, 0)]
    return frozen(np.stack(channels, axis=-1), np.uint8)
