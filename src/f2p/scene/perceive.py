"""One scan from disk to a scene: a file goes in; labels, boxes, relations and, where annotated, a score come out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from f2p.clock import Clock, SystemClock
from f2p.scene.cloud.library import open3d
from f2p.scene.cloud.pcd import Scan
from f2p.scene.cloud.sanitise import SanitiseConfig, usable
from f2p.scene.cloud.scans import read_scan
from f2p.scene.errors import NoSupportError
from f2p.scene.ground import NO_SUPPORT, ground_of
from f2p.scene.relations import relations_of
from f2p.scene.segment.evaluation import evaluate_labels
from f2p.scene.segment.protocol import BACKGROUND, Segmenter
from f2p.scene.tabletop import TabletopConfig, look
from f2p.types import Relations, Scene

SCANNED = TabletopConfig(workspace_low=(-10.0, -10.0, -10.0), workspace_high=(10.0, 10.0, 10.0))
"""As the robot perceives, but all of a scan is its workspace."""


@dataclass(frozen=True, eq=False)
class PerceivedScan:
    """What was made of one scan."""

    file: str
    scan: Scan
    labels: np.ndarray
    """Index of the segment of the scene each point belongs to, negative for none. Shape (points,), int."""
    scene: Scene
    relations: Relations
    score: tuple[float, float, float] | None
    """Precision, recall and F against the file's annotation; None without one."""
    seconds: float
    """From opening the file to the relations [s]."""

    @property
    def segments(self) -> int:
        """How many objects were found."""
        return sum(not segment.shape.support for segment in self.scene.segments)

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
        SceneError: Open3D is not there, the file is no scan, or the scan cannot be looked at, or nothing in it carries
            things.
    """
    clock = clock or SystemClock()
    open3d()  # once a process, and no part of what a scan takes
    start = clock.monotonic_s()
    return perceived(read_scan(path), str(path), segmenter, clock, start)


def perceived(scan: Scan, where: str, segmenter: Segmenter, clock: Clock, start: float) -> PerceivedScan:
    """Segment, fit and relate what was read. Raises SceneError as `perceive_scan`."""
    mask = usable(scan.points_camera, SanitiseConfig(), where)
    points, sensor = np.asarray(scan.points_camera[mask], dtype=np.float64), np.zeros(3)
    ground = ground_of(points, sensor, SCANNED.tables)
    if not ground.supports:
        raise NoSupportError(len(points), f"{where}: {NO_SUPPORT}")
    sight = look(ground.levelled(points), SCANNED, None, sensor, 0, segmenter, ground)
    labels = np.full(len(mask), BACKGROUND, dtype=np.int64)
    labels[mask] = sight.labels
    relations = relations_of(sight.scene)
    seconds = clock.monotonic_s() - start
    return PerceivedScan(where, scan, labels, sight.scene, relations, _score(scan, labels, mask), seconds)


def _score(scan: Scan, labels: np.ndarray, mask: np.ndarray) -> tuple[float, float, float] | None:
    """Score against the annotation of mOSD: label // 10 is the object, below 10 there is none."""
    if scan.labels is None:
        return None
    objects = scan.labels[mask] // 10
    return evaluate_labels(labels[mask], np.where(objects > 0, objects, -1))
