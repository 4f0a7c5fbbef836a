"""Partial-view clouds by ray casting from a placeable camera: what is seen, how noisily, and what to do when hidden.

The real camera is narrow and merges several pan angles in the base frame; the default here is that merged look: one fan
of rays, finely spaced wherever a movable may be hit and coarsely elsewhere, so that tables do not cost what objects do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from f2p.geometry import rotate_z
from f2p.settings import Settings, number, setting
from f2p.sim.physics.scene_builder import BuiltScene

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class CameraConfig(Settings):
    """A pan-tilt look from one place. The defaults are Stretch's head over two tables."""

    position_task: tuple[float, float, float] = setting(
        (0.0, 0.0, 1.32), "optical centre in the task frame", unit="m", source="stretch.md 1.2"
    )
    look_at: tuple[float, float, float] = setting((0.75, 0.0, 0.45), "middle of the fan, task frame", unit="m")
    pan_range: float = number(2.5, "width of the fan", unit="rad", low=0.1, high=6.28, source="ours: merged pan angles")
    tilt_range: float = number(1.3, "height of the fan", unit="rad", low=0.1, high=3.0, source="ours")
    spacing: float = number(
        0.0055, "angle between rays", unit="rad", low=0.0005, high=0.1, source="ours: 7 mm at 1.3 m"
    )
    coarse: int = number(4, "ray stride, in both directions, where there is no movable", low=1, high=64)
    noise: float = number(
        0.0015, "depth noise at 1 m, grows with the square", unit="m", low=0.0, high=0.05, source="D435i class"
    )
    drop_out: float = number(0.05, "share of lost rays", low=0.0, high=0.95, source="ours")
    hidden_below: int = number(
        10, "a segment with fewer points counts as hidden", low=1, high=10_000, source="method.md 6.4"
    )
    least_points: int = number(32, "fewer points are filled up by repetition", low=1, high=10_000)
    most_points: int = number(384, "more points are thinned at random", low=1, high=10_000_000)


@dataclass(frozen=True, eq=False)
class StateClouds:
    """The clouds of one state."""

    points: tuple[np.ndarray, ...]
    """One cloud per body in the task frame [m], float32, (points, 3)."""
    hidden: np.ndarray
    """Which of them are fallbacks. Shape (bodies,), bool."""


class Camera:
    """Casts the fan of one configuration; direction tables are made once."""

    def __init__(self, config: CameraConfig) -> None:
        self.config = config
        self.origin = np.array(config.position_task, dtype=np.float64)
        delta = np.array(config.look_at, dtype=np.float64) - self.origin
        self._pan = np.arctan2(delta[1], delta[0]) + _centred(config.pan_range, config.spacing)
        self._tilt = np.arctan2(-delta[2], np.hypot(delta[0], delta[1])) + _centred(config.tilt_range, config.spacing)
        tilt, pan = np.meshgrid(self._tilt, self._pan, indexing="ij")
        self._directions = np.stack(
            [np.cos(tilt) * np.cos(pan), np.cos(tilt) * np.sin(pan), -np.sin(tilt)], axis=-1
        ).reshape(-1, 3)
        self._coarse = np.zeros(tilt.shape, dtype=bool)
        self._coarse[:: config.coarse, :: config.coarse] = True

    def _chosen(self, scene: BuiltScene, poses: np.ndarray, sizes: np.ndarray) -> np.ndarray:
        """Return rays to cast: the coarse grid and every ray near a movable's box. Shape (rays,), indices."""
        mask = self._coarse.copy()
        movable = [i for i, body in enumerate(scene.bodies) if not body.shape.support]
        radius = 0.5 * np.linalg.norm(sizes[movable], axis=-1)
        delta = poses[movable, :3] - self.origin
        level = np.hypot(delta[:, 0], delta[:, 1])
        distance = np.maximum(np.linalg.norm(delta, axis=-1), radius + 1e-3)
        angle = np.arcsin(np.minimum(radius / distance, 1.0))
        pan = np.arctan2(delta[:, 1], delta[:, 0])
        width = np.arcsin(np.minimum(radius / np.maximum(level, radius + 1e-6), 1.0))
        tilt = np.arctan2(-delta[:, 2], level)
        low_t, high_t = np.searchsorted(self._tilt, tilt - angle), np.searchsorted(self._tilt, tilt + angle)
        low_p, high_p = np.searchsorted(self._pan, pan - width), np.searchsorted(self._pan, pan + width)
        for a, b, c, d in zip(low_t, high_t, low_p, high_p, strict=True):
            mask[a:b, c:d] = True
        return np.flatnonzero(mask)

    def look(
        self,
        scene: BuiltScene,
        data: mujoco.MjData,
        poses: np.ndarray,
        sizes: np.ndarray,
        rng: np.random.Generator,
    ) -> StateClouds:
        """Cast the fan into one state.

        Args:
            scene: The bodies.
            data: The state, positions computed.
            poses: Box poses. Shape (bodies, 4).
            sizes: Box extents [m]. Shape (bodies, 3).
            rng: Noise, drop-out and thinning.
        """
        import mujoco

        config = self.config
        chosen = self._chosen(scene, poses, sizes)
        chosen = chosen[rng.random(len(chosen)) >= config.drop_out]
        directions = self._directions[chosen]
        geoms = np.empty(len(chosen), dtype=np.int32)
        distances = np.empty(len(chosen))
        mujoco.mj_multiRay(
            scene.model, data, self.origin, directions.ravel(), None, 1, -1, geoms, distances, None, len(chosen), 10.0
        )
        owner = np.where(geoms >= 0, scene.body_of_geom[geoms], -1)
        distances = distances + rng.normal(size=len(chosen)) * config.noise * distances**2
        points = self.origin + distances[:, None] * directions
        clouds, hidden = [], np.zeros(len(scene.bodies), dtype=bool)
        for i in range(len(scene.bodies)):
            cloud = points[owner == i]
            hidden[i] = len(cloud) < config.hidden_below
            cloud = top_surface(poses[i], sizes[i], rng, config.least_points) if hidden[i] else cloud
            clouds.append(fitted(cloud, config.least_points, config.most_points, rng).astype(np.float32))
        return StateClouds(tuple(clouds), hidden)


def _centred(width: float, spacing: float) -> np.ndarray:
    return np.arange(-0.5 * width, 0.5 * width + 1e-9, spacing)


def fitted(points: np.ndarray, least: int, most: int, rng: np.random.Generator) -> np.ndarray:
    """Repeat or thin points so that there are at least `least` and at most `most` of them."""
    if len(points) < least:
        return np.concatenate([points, points[rng.integers(len(points), size=least - len(points))]])
    if len(points) > most:
        return points[rng.choice(len(points), most, replace=False)]
    return points


def top_surface(pose: np.ndarray, size: np.ndarray, rng: np.random.Generator, count: int) -> np.ndarray:
    """Return points on the top of a box: what a hidden segment is given when it was never seen. Shape (count, 3)."""
    local = (rng.random((count, 2)) - 0.5) * size[:2]
    return np.c_[pose[:2] + rotate_z(local, pose[3]), np.full(count, pose[2] + 0.5 * size[2])]


def moved_cloud(points: np.ndarray, old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return a cloud that follows its box rigidly (xi of C4) from pose `old` to pose `new`, each (x, y, z, yaw)."""
    return np.asarray(rotate_z(points - old[:3], new[3] - old[3]) + new[:3], dtype=np.float32)
