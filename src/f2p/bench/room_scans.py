"""Scans as a real room gives them: floor and wall filled in behind one scan, or two scans side by side as one.

The scans of mOSD were cropped to the table and what is on it. Here the table is put back into a room: along every
ray on which the scan has no point, the camera sees the floor or the wall behind the table, whichever is nearer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from f2p.scene.cloud.pcd import Scan
from f2p.scene.cloud.planes import dominant_plane
from f2p.scene.cloud.sanitise import voxels
from f2p.settings import Settings, number
from f2p.types import frozen

_LOOK = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class RoomConfig(Settings):
    """The room around a scanned table, and how a pair of tables stands."""

    floor: float = number(0.7, "depth of the floor below the table", unit="m", low=0.2, high=2.0)
    wall: float = number(0.3, "distance of the wall from the farthest point of the scan", unit="m", low=0.0, high=5.0)
    noise: float = number(0.0015, "depth noise at 1 m, grows with the square", unit="m", low=0.0, high=0.05)
    aside: float = number(0.8, "least distance of the second scan of a pair to the side", unit="m", low=0.0, high=3.0)
    higher: float = number(0.15, "how much higher the second scan of a pair is", unit="m", low=-1.0, high=1.0)


def support_of(scan: Scan) -> tuple[np.ndarray, float]:
    """Return upward normal (3,) and offset [m] of the annotated, or else the largest, plane of a scan."""
    seen = np.isfinite(scan.points_camera).all(axis=1)
    if scan.labels is not None:
        seen &= (scan.labels > 0) & (scan.labels < 10)
    cells, _ = voxels(np.asarray(scan.points_camera[seen], dtype=np.float64), 0.01)
    plane = dominant_plane(cells, 0.01, np.random.default_rng(0))
    return plane.normal, plane.offset


def in_a_room(scan: Scan, config: RoomConfig, seed: int) -> Scan:
    """Return an organised scan with floor and wall behind it, seen only along rays on which it has no point.

    Args:
        scan: An image of points in the optical frame; invalid ones are not finite.
        config: The room.
        seed: Of the noise.
    """
    points = np.asarray(scan.points_camera, dtype=np.float64)
    seen = np.asarray(np.isfinite(points).all(axis=1))
    up, offset = support_of(scan)
    back = _LOOK - (_LOOK @ up) * up
    back /= np.linalg.norm(back)
    rays = _rays(points, seen, scan.width)
    with np.errstate(divide="ignore", invalid="ignore"):
        to_floor, to_wall = -(offset + config.floor) / (rays @ up), (points[seen] @ back).max() + config.wall
        to_floor, to_wall = (np.where(depth > 0.0, depth, np.inf) for depth in (to_floor, to_wall / (rays @ back)))
    depth = np.minimum(to_floor, to_wall)
    depth[~np.isfinite(depth)] = 0.0
    depth += config.noise * np.random.default_rng(seed).normal(size=len(depth)) * np.square(depth)
    filled = np.where(depth[:, None] > 0.0, rays * depth[:, None], np.nan)
    return replace(scan, points_camera=frozen(np.where(seen[:, None], points, filled), np.float32))


def _rays(points: np.ndarray, seen: np.ndarray, width: int) -> np.ndarray:
    """Return the ray of every pixel, of depth 1, from the lens that the seen points tell. Shape (n, 3)."""
    rows, columns = np.divmod(np.arange(len(points)), width)
    slopes = [
        np.polyfit(pixels[seen], points[seen, axis] / points[seen, 2], 1) for axis, pixels in ((0, columns), (1, rows))
    ]
    return np.stack([np.polyval(slopes[0], columns), np.polyval(slopes[1], rows), np.ones(len(points))], axis=1)


def side_by_side(scan: Scan, other: Scan, config: RoomConfig) -> Scan:
    """Return two scans as one cloud, the second one beside the first and higher; labels stay apart."""
    up, _ = support_of(scan)
    aside = np.cross(up, _LOOK)
    aside = -aside / np.linalg.norm(aside)
    shifted = other.points_camera + config.aside * aside + config.higher * up
    labels = None
    if scan.labels is not None and other.labels is not None:
        apart = 10 * (int(scan.labels.max()) // 10 + 1)
        labels = np.concatenate([scan.labels, np.where(other.labels >= 10, other.labels + apart, other.labels)])
    points = np.concatenate([scan.points_camera, shifted])
    return Scan(frozen(points, np.float32), None, labels, len(points), 1)
