"""What carries a scene, and which way is up: a cloud in any frame goes in, supports in a level frame come out.

Where gravity is not known, the largest planes of the cloud are tried as level, and the one on which most of the
cloud stands as things is: none stand on walls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.scene.cloud.planes import Plane, dominant_plane
from f2p.scene.cloud.sanitise import thinned, voxels
from f2p.scene.objects.supports import Evidence, SupportConfig, find_supports
from f2p.scene.objects.surfaces import TableTop, smooth_cloud
from f2p.settings import Settings, group, number
from f2p.types import frozen

NO_SUPPORT = "no level surface below the camera has things on it or is seen to end"
"""Why a scene is refused."""

_TRIED = 12_000
"""Most cells among which planes are sought that may be level (ours: as many as one table has)."""


LOOK = np.array([0.0, 0.0, 1.0])
"""Viewing direction in a camera's optical frame (REP 103)."""


@dataclass(frozen=True)
class GroundConfig(Settings):
    """How what carries the scene is looked for."""

    voxel: float = number(0.01, "grid on which supports are found", unit="m", low=0.002, high=0.05)
    tolerance: float = number(0.015, "points this near a plane are on it, while up is sought", unit="m", low=0.001)
    planes: int = number(5, "planes that are tried as level", low=1, high=20)
    least_plane: float = number(0.03, "smaller planes are not tried", unit="m^2", low=0.001, high=1.0)
    another: float = number(
        0.25, "planes that turn less from one another give the same up", unit="rad", low=0.01, high=1.0
    )
    most: int = number(8, "supports that are looked at, those that most points lie on", low=1, high=50)
    supports: SupportConfig = group(SupportConfig)


@dataclass(frozen=True, eq=False)
class Ground:
    """Supports of one cloud in a level frame: +z up, the sensor above the origin."""

    level_from_cloud: np.ndarray
    """Rotation from the frame of the cloud. Shape (3, 3)."""
    supports: tuple[Evidence, ...]
    """The one that most points lie on first; none where nothing qualifies."""
    walls: tuple[Plane, ...]
    """Upright planes that are no side of a thing, in the level frame."""
    tops: tuple[TableTop, ...]
    """All level surfaces, supports or not, the lowest first."""

    def levelled(self, points: np.ndarray) -> np.ndarray:
        """Return points (n, 3) of the cloud's frame in the level frame."""
        return points @ self.level_from_cloud.T


def ground_of(points: np.ndarray, sensor: np.ndarray, config: GroundConfig, up: np.ndarray | None = None) -> Ground:
    """Find what carries a scene.

    Args:
        points: Finite points in any frame [m]. Shape (n, 3).
        sensor: Where they were seen from, in the same frame [m]. Shape (3,).
        config: What counts.
        up: Against gravity, where that is known. Shape (3,).
    """
    cells, _ = voxels(points, config.voxel)
    cloud = smooth_cloud(cells, sensor, config.voxel, config.supports.surfaces)
    best, most = Ground(np.eye(3), (), (), ()), (-1, -1)
    for direction in [up] if up is not None else ups_of(cells, sensor, config):
        turn = level_from(direction)
        found, walls, tops = find_supports(cloud.turned(turn), turn @ sensor, config.supports)
        found = sorted(found, key=lambda one: -len(one.surface.rows))[: int(config.most)]
        things, rows = (
            sum(len(thing) for one in found for thing in one.things), sum(len(one.surface.rows) for one in found),
        )  # fmt: skip
        if (things, rows) > most:
            best, most = Ground(turn, tuple(found), tuple(walls), tuple(tops)), (things, rows)
        if things and things + rows > 0.5 * len(cells):
            break
    return best


def ups_of(cells: np.ndarray, sensor: np.ndarray, config: GroundConfig) -> list[np.ndarray]:
    """Return what may be up: normals of the largest planes, towards the sensor, the largest first. Each (3,)."""
    ups: list[np.ndarray] = []
    rng, rest = np.random.default_rng(0), thinned(cells, _TRIED)
    share = len(rest) / max(len(cells), 1)
    for _ in range(int(config.planes)):
        if len(rest) * config.voxel**2 < share * config.least_plane:
            break
        plane = dominant_plane(rest, config.tolerance, rng, sensor)
        near = np.abs(plane.heights(rest)) < config.tolerance
        if near.sum() * config.voxel**2 < share * config.least_plane:
            break
        if all(plane.normal @ other < np.cos(config.another) for other in ups):
            ups.append(plane.normal)
        rest = rest[~near]
    return ups


def level_from(up: np.ndarray) -> np.ndarray:
    """Return a rotation into a frame whose +z is `up`, and +x where an optical frame looks. Shape (3, 3)."""
    along = LOOK - (LOOK @ up) * up
    if np.linalg.norm(along) < 0.1:
        along = np.array([1.0, 0.0, 0.0]) - up[0] * up
    along = along / np.linalg.norm(along)
    return frozen(np.stack([along, np.cross(up, along), up]))
