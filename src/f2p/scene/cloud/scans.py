"""Scans of any format: PCD by our own reader, whatever else Open3D can read where it is installed."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from f2p.files import opened_regular
from f2p.scene.cloud.library import open3d
from f2p.scene.cloud.pcd import MAXIMUM_POINTS, Scan, read_pcd
from f2p.scene.errors import CloudTooLargeError, LibraryMissingError, ScanFormatError
from f2p.types import frozen

OPEN3D_FORMATS = (".ply", ".xyz", ".xyzn", ".xyzrgb", ".pts")
"""Endings of point clouds that `library.io.read_point_cloud` knows besides PCD."""


_VERTICES = re.compile(rb"^element vertex (\d{1,18})\s", re.MULTILINE)
"""What the header of a PLY file says of its length."""


def read_scan(path: Path | str, maximum_points: int = MAXIMUM_POINTS) -> Scan:
    """Read one scan, by the ending of its name; what has no other known ending is taken for PCD.

    Raises:
        ScanFormatError: Not there, no scan, or of a format that needs Open3D where there is none.
        CloudTooLargeError: More than `maximum_points`.
    """
    path = Path(path)
    if path.suffix.lower() not in OPEN3D_FORMATS:
        return read_pcd(path, maximum_points)
    try:
        library = open3d()
    except LibraryMissingError as error:
        problem = f"needs Open3D to be read (pip install open3d); without it: .pcd ({error})"
        raise ScanFormatError(path, problem) from error
    if not path.is_file():
        raise ScanFormatError(path, "cannot be read: no such file")
    announced = _VERTICES.search(_beginning(path))
    if announced and int(announced[1]) > maximum_points:
        raise CloudTooLargeError(int(announced[1]), maximum_points, str(path))
    cloud = library.io.read_point_cloud(str(path), remove_nan_points=False)
    points = np.asarray(cloud.points, dtype=np.float32)
    if not len(points):
        raise ScanFormatError(path, "holds no points that Open3D can read")
    if len(points) > maximum_points:
        raise CloudTooLargeError(len(points), maximum_points, str(path))
    colors = frozen(np.rint(255.0 * np.asarray(cloud.colors)), np.uint8) if cloud.has_colors() else None
    return Scan(frozen(points, np.float32), colors, None, len(points), 1)


def _beginning(path: Path, most_bytes: int = 65_536) -> bytes:
    """Return the first bytes of a file, in which a header ends. Raises ScanFormatError when it cannot be read."""
    try:
        with opened_regular(path) as stream:
            return stream.read(most_bytes)
    except OSError as error:
        raise ScanFormatError(path, f"cannot be read: {error.strerror or error}") from error
