"""Scans by the ending of their name; what Open3D reads needs Open3D, and says so."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from f2p.scene.cloud import library
from f2p.scene.cloud.scans import read_scan
from f2p.scene.errors import CloudTooLargeError, ScanFormatError

PLY = """ply
format ascii 1.0
element vertex 2
property float x
property float y
property float z
property uchar red
property uchar green
property uchar blue
end_header
0.5 -1 2 16 32 48
1 1 1 255 0 0
"""


def test_without_open3d_the_error_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "open3d", None)
    library._imported.cache_clear()  # another test may have looked at a cloud already
    (tmp_path / "scan.ply").write_text(PLY)
    with pytest.raises(ScanFormatError, match=r"needs Open3D .* without it: \.pcd"):
        read_scan(tmp_path / "scan.ply")


def test_other_endings_are_taken_for_pcd(tmp_path: Path) -> None:
    (tmp_path / "scan.txt").write_text("hello\n" * 80)
    with pytest.raises(ScanFormatError, match="is no PCD scan"):
        read_scan(tmp_path / "scan.txt")


def test_ply_through_open3d(tmp_path: Path) -> None:
    pytest.importorskip("open3d", reason="no Open3D: PLY scans cannot be read here")
    (tmp_path / "scan.ply").write_text(PLY)
    scan = read_scan(tmp_path / "scan.ply")
    assert np.allclose(scan.points_camera, [[0.5, -1, 2], [1, 1, 1]]) and scan.labels is None
    assert scan.colors.tolist() == [[16, 32, 48], [255, 0, 0]]
    with pytest.raises(CloudTooLargeError, match="the limit is 1"):
        read_scan(tmp_path / "scan.ply", maximum_points=1)
    (tmp_path / "huge.ply").write_text(PLY.replace("vertex 2", "vertex 20000000"))
    with pytest.raises(CloudTooLargeError, match=r"20,?000,?000"):
        read_scan(tmp_path / "huge.ply")
    for name, words in (("absent.ply", "no such file"), ("empty.ply", "holds no points")):
        (tmp_path / "empty.ply").write_text("ply\n")
        with pytest.raises(ScanFormatError, match=words):
            read_scan(tmp_path / name)
