"""One scan from disk to a scene: a file goes in; labels, boxes, relations and, where annotated, a score come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from f2p.clock import Clock, SystemClock
from f2p.scene.cloud.library import open3d
from f2p.scene.cloud.pcd import Scan
from f2p.scene.cloud.planes import dominant_plane
from f2p.scene.cloud.sanitise import SanitiseConfig, usable, voxels
from f2p.scene.cloud.scans import read_scan
from f2p.scene.errors import NoSupportError
from f2p.scene.relations import relations_of
from f2p.scene.scan_scene import scene_from_labels
from f2p.scene.segment.evaluation import evaluate_labels
from f2p.scene.segment.protocol import BACKGROUND, Segmenter
from f2p.types import Relations, Scene

LOOK_CAMERA = np.array([0.0, 0.0, 1.0])
"""Viewing direction in a camera's optical frame (REP 103)."""

_CELL, _ON_PLANE = 0.005, 0.01
"""Edge of the cells the support is sought in, and how near to it they lie [m]."""

_LEAST_CELLS, _LEAST_SPREAD = 50, 0.01
"""Fewest cells of a support, and its least standard deviation across [m] (ours: a strip of 35 mm)."""


@dataclass(frozen=True, eq=False)
class PerceivedScan:
    """What was made of one scan."""

    file: str
    scan: Scan
    labels: np.ndarray
    """Segment of each point of the scan, negative for none. Shape (points,), int."""
    scene: Scene
    relations: Relations
    score: tuple[float, float, float] | None
    """Precision, recall and F against the file's annotation; None without one."""
    seconds: float
    """From opening the file to the relations [s]."""

    @property
    def segments(self) -> int:
        """How many objects were found."""
        return int(self.labels.max(initial=BACKGROUND)) + 1

    def row(self) -> dict[str, object]:
        """Return the line of this scan in `f2p perceive --json`."""
        precision, recall, score = self.score or (None, None, None)
        return {
            "file": self.file,
            "precision": precision,
            "recall": recall,
            "f": score,
            "segments": self.segments,
            "seconds": round(self.seconds, 3),
        }


def perceive_scan(path: Path, segmenter: Segmenter, clock: Clock | None = None) -> PerceivedScan:
    """Read, segment, fit and relate one scan.

    Raises:
        SceneError: Open3D is not there, the file is no scan, or the scan cannot be looked at, or shows no surface.
    """
    clock = clock or SystemClock()
    open3d()  # once a process, and no part of what a scan takes
    start = clock.monotonic_s()
    scan = read_scan(path)
    mask = usable(scan.points_camera, SanitiseConfig(), str(path))
    labels = segmenter.segment(scan.points_camera, scan.colors)
    points, seen = np.asarray(scan.points_camera[mask], dtype=np.float64), labels[mask]
    cells, _ = voxels(points[seen < 0] if np.any(seen < 0) else points, _CELL)
    plane = dominant_plane(cells, _ON_PLANE, np.random.default_rng(0))
    _check_surface(cells[np.abs(plane.heights(cells)) < _ON_PLANE], len(points), str(path))
    scene = scene_from_labels(points, seen, plane, LOOK_CAMERA)
    relations = relations_of(scene)
    seconds = clock.monotonic_s() - start
    return PerceivedScan(str(path), scan, labels, scene, relations, _score(scan, labels, mask), seconds)


def _check_surface(cells: np.ndarray, points: int, where: str) -> None:
    """Refuse what is no surface, such as a few points or a line. Raises NoSupportError."""
    spread = float(np.sqrt(max(np.linalg.eigvalsh(np.cov(cells.T))[1], 0.0))) if len(cells) > 2 else 0.0
    if len(cells) < _LEAST_CELLS or spread < _LEAST_SPREAD:
        lying = f"{len(cells)} cells of {1e3 * _CELL:.0f} mm lie in one plane, {1e3 * spread:.1f} mm across"
        raise NoSupportError(points, f"{where}: {lying}; {_LEAST_CELLS} and {1e3 * _LEAST_SPREAD:.0f} mm are needed")


def _score(scan: Scan, labels: np.ndarray, mask: np.ndarray) -> tuple[float, float, float] | None:
    """Score against the annotation of mOSD: label // 10 is the object, below 10 there is none."""
    if scan.labels is None:
        return None
    objects = scan.labels[mask] // 10
    return evaluate_labels(labels[mask], np.where(objects > 0, objects, -1))
