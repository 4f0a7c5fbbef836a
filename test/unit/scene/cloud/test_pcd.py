"""Scans from disk: three encodings read alike, and every way a file can be wrong has its own one-line error."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from f2p.scene.cloud.pcd import read_pcd
from f2p.scene.errors import CloudTooLargeError, ScanFormatError

HEADER = """# .PCD v0.7 - Point Cloud Data file format
VERSION 0.7
FIELDS {fields}
SIZE {size}
TYPE {kind}
COUNT {count}
WIDTH {width}
HEIGHT {height}
VIEWPOINT 0 0 0 1 0 0 0
POINTS {points}
DATA {data}
"""


def header(data: str, **changes: object) -> bytes:
    """A header of three points with label, x, y, z and rgba."""
    values = {"fields": "label x y z rgba", "size": "4 4 4 4 4", "kind": "U F F F U", "count": "1 1 1 1 1"}
    values |= {"width": 3, "height": 1, "points": 3, "data": data}
    return HEADER.format(**{**values, **changes}).encode()


RECORDS = [(20, 0.5, -1.0, 2.0, 0xFF102030), (1, np.nan, np.nan, np.nan, 0), (30, 1.0, 1.0, 1.0, 0xFF000000)]


def lzf_literals(data: bytes) -> bytes:
    """Valid LZF without any compression."""
    return b"".join(bytes([len(part) - 1]) + part for part in (data[i : i + 32] for i in range(0, len(data), 32)))


def encoded(encoding: str) -> bytes:
    """The three points in one encoding."""
    if encoding == "ascii":
        return header("ascii") + "\n".join(" ".join(str(value) for value in record) for record in RECORDS).encode()
    if encoding == "binary":
        return header("binary") + b"".join(struct.pack("<IfffI", *record) for record in RECORDS)
    columns = b"".join(
        struct.pack(f"<3{kind}", *column) for kind, column in zip("IfffI", zip(*RECORDS, strict=True), strict=True)
    )
    packed = lzf_literals(columns)
    return header("binary_compressed") + struct.pack("<II", len(packed), len(columns)) + packed


@pytest.mark.parametrize("encoding", ["ascii", "binary", "binary_compressed"])
def test_reads_every_encoding(tmp_path: Path, encoding: str) -> None:
    """Points, labels and colours, whatever the encoding."""
    path = tmp_path / "scan.pcd"
    path.write_bytes(encoded(encoding))
    scan = read_pcd(path)
    assert scan.points_camera[[0, 2]].tolist() == [[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]]
    assert np.isnan(scan.points_camera[1]).all()
    assert scan.labels.tolist() == [20, 1, 30]
    assert scan.colors[0].tolist() == [0x10, 0x20, 0x30]
    assert (scan.width, scan.height) == (3, 1)
    assert not scan.points_camera.flags.writeable


def test_reads_back_references(tmp_path: Path) -> None:
    """LZF references may overlap what they write: one zero, then 59 times the byte before."""
    path = tmp_path / "scan.pcd"
    packed = bytes([0, 0]) + bytes([(7 << 5), 59 - 2 - 7, 0])
    path.write_bytes(header("binary_compressed") + struct.pack("<II", len(packed), 60) + packed)
    assert read_pcd(path).points_camera.tolist() == np.zeros((3, 3)).tolist()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(400), "is no PCD scan"),
        (b"hello\nworld\n" * 40, "is no PCD scan"),
        (header("binary") + bytes(10), "is truncated: 10 bytes where its header announces 60"),
        (header("ascii") + b"1 2 3 4 5\n", "is truncated: 1 rows where its header announces 3"),
        (header("ascii") + b"1 2 3\n" * 3, "has 3 numbers a row, expected 5"),
        (header("ascii") + b"1 2 three 4 5\n" * 3, "has a row that is not 5 numbers"),
        (
            header("binary", fields="label a b c rgba") + bytes(60),
            "has no field x, y, z; its fields are: label, a, b, c, rgba",
        ),
        (header("binary", size="4 4 4 4"), "5 FIELDS, but 4 SIZE"),
        (header("binary", kind="U F F F Q"), "type that PCD does not know"),
        (header("binary", width=4), "announces 3 points as 4 x 1"),
        (header("binary", count="1000000000 1 1 1 1"), "announces points of 4000000016 bytes, at most 16384 are read"),
        (header("ascii", count="1 1 1 1 9999999999999"), "at most 16384 are read"),
        (header("binary", width="many"), "header cannot be read"),
        (header("zip"), "has DATA 'zip'; PCD knows: ascii, binary, binary_compressed"),
        (header("binary_compressed") + b"\x01", "is truncated"),
        (header("binary_compressed") + struct.pack("<II", 900, 60) + bytes(20), "is truncated: 20 packed bytes"),
        (header("binary_compressed") + struct.pack("<II", 4, 61) + bytes(20), "unpacks to 61 bytes"),
        (header("binary_compressed") + struct.pack("<II", 3, 60) + b"\xff\x00\x00", "compressed data are damaged"),
        (
            header("binary_compressed") + struct.pack("<II", 5, 60) + b"\x00\x00\xe0\xfa\x00",
            "compressed data are damaged",
        ),
        (b"# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\nDATA ascii\n", "lacks SIZE, TYPE, WIDTH, HEIGHT"),
    ],
)
def test_says_what_is_wrong(tmp_path: Path, content: bytes, words: str) -> None:
    """One line that names the file and the cause."""
    path = tmp_path / "scan.pcd"
    path.write_bytes(content)
    with pytest.raises(ScanFormatError) as caught:
        read_pcd(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("encoding", ["ascii", "binary", "binary_compressed"])
def test_a_scan_without_points_is_read_as_one(tmp_path: Path, encoding: str) -> None:
    """What needs points says how many there are; the text reader spoke of a row that is not there."""
    path = tmp_path / "scan.pcd"
    packed = struct.pack("<II", 0, 0) if encoding == "binary_compressed" else b""
    path.write_bytes(header(encoding, width=0, points=0) + packed)
    scan = read_pcd(path)
    assert scan.points_camera.shape == (0, 3) and scan.labels.shape == (0,) and scan.colors.shape == (0, 3)


@pytest.mark.parametrize(
    ("labels", "expected"), [("nan nan inf", None), ("nan 20 1e300", [0, 20, 0]), ("-1 20 30", [0, 20, 30])]
)
@pytest.mark.filterwarnings("error")
def test_labels_that_are_no_numbers_are_none(tmp_path: Path, labels: str, expected: list[int] | None) -> None:
    """An annotation of nothing but NaN was scored as a perfect segmentation of nothing."""
    path = tmp_path / "scan.pcd"
    rows = "".join(f"{label} 1 1 1 nan\n" for label in labels.split())
    path.write_bytes(header("ascii", kind="F F F F U") + rows.encode())
    scan = read_pcd(path)
    assert scan.labels is None if expected is None else scan.labels.tolist() == expected
    assert scan.colors.tolist() == np.zeros((3, 3)).tolist()


def test_missing_file_and_folder(tmp_path: Path) -> None:
    """What the system says is passed on."""
    with pytest.raises(ScanFormatError, match="cannot be read: No such file"):
        read_pcd(tmp_path / "absent.pcd")
    with pytest.raises(ScanFormatError, match="cannot be read: Is a directory"):
        read_pcd(tmp_path)


def test_what_is_no_regular_file_is_never_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcd"
    os.mkfifo(path)
    with pytest.raises(ScanFormatError, match="cannot be read: it is no regular file"):
        read_pcd(path)


@pytest.mark.parametrize("encoding", ["ascii", "binary", "binary_compressed"])
def test_what_follows_the_points_is_not_read(tmp_path: Path, encoding: str) -> None:
    """A sparse file of 60 GB, whose header speaks of three points, was read whole."""
    path = tmp_path / "scan.pcd"
    path.write_bytes(encoded(encoding) + b"\n")
    os.truncate(path, 60 * 2**30)
    assert read_pcd(path).points_camera[[0, 2]].tolist() == [[0.5, -1.0, 2.0], [1.0, 1.0, 1.0]]


@pytest.mark.filterwarnings("error")
def test_coordinates_beyond_single_precision_are_no_valid_points(tmp_path: Path) -> None:
    path = tmp_path / "scan.pcd"
    kinds = {"fields": "x y z", "size": "8 8 8", "kind": "F F F", "count": "1 1 1"}
    path.write_bytes(header("binary", **kinds) + struct.pack("<9d", *[1e300] * 3, *[-1e300] * 3, 1.0, 2.0, 3.0))
    points = read_pcd(path).points_camera
    assert np.isfinite(points).all(axis=1).tolist() == [False, False, True]


def test_twenty_million_points_are_refused_by_the_header(tmp_path: Path) -> None:
    """Nothing is converted: the file has no data at all."""
    path = tmp_path / "huge.pcd"
    path.write_bytes(header("binary", width=20_000_000, points=20_000_000))
    with pytest.raises(CloudTooLargeError, match="20000000 points, the limit is 5000000"):
        read_pcd(path)
