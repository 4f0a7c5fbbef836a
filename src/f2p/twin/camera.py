"""The depth camera of the head: a snapshot of all boxes goes in, a noisy depth image comes out.

A D435i mounted upright: turned by 90 degrees, so the image's 87 degrees run from top to bottom and 58 across. Depth is
the distance along the optical axis, in millimetres, 0 where there is none, as realsense2_camera publishes it. Every
shape is a box, so a slab test on the pixels around each box is several times faster than general ray casting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import mujoco
import numpy as np

from f2p.settings import Settings, number
from f2p.twin import model as parts
from f2p.twin.twin import Twin

NOTHING, FLOOR, ROBOT, BUILDING = -3, -1, -2, -4
"""Labels of pixels that show no body; bodies count from 0."""

NEAREST_CORNER = 0.05
"""A box with a corner closer to the image plane than this is tested on every pixel [m]."""


@dataclass(frozen=True)
class DepthCameraConfig(Settings):
    """Resolution, lens, noise and drop-out."""

    width: int = number(424, "pixels along the sensor's long side, which stands upright", unit="px", low=8, high=1280,
                        source="stretch_ros2 d435i_low_resolution: 424x240x15")  # fmt: skip
    height: int = number(240, "pixels along the sensor's short side", unit="px", low=8, high=800,
                         source="stretch_ros2 d435i_low_resolution")  # fmt: skip
    horizontal_fov: float = number(math.radians(87.0), "field of view along the long side", unit="rad", low=0.3,
                                   high=2.5, source="D435i data sheet")  # fmt: skip
    nearest: float = number(0.28, "no depth nearer than this", unit="m", low=0.0, high=1.0, source="D435i data sheet")
    farthest: float = number(
        4.0, "no depth farther than this", unit="m", low=0.5, high=20.0, source="ours: the workspace"
    )
    noise: float = number(0.0015, "standard deviation at 1 m; grows with the square of depth", unit="m", low=0.0,
                          high=0.05, source="ours: about 2 mm at 1.2 m, as reported for D435")  # fmt: skip
    drop_out: float = number(0.01, "fraction of pixels without depth", low=0.0, high=0.9, source="ours")
    edge: float = number(0.03, "depth jump that makes an edge", unit="m", low=0.001, high=1.0, source="ours")
    edge_drop_out: float = number(0.5, "fraction of edge pixels without depth", low=0.0, high=1.0, source="ours")
    wall: float = number(
        2.2, "distance of the wall behind the workspace along task x; 0 for none", unit="m", low=0.0, high=20.0,
        source="ours: furniture stands near a wall, and perception must tell it from what stands on tables",
    )  # fmt: skip

    @property
    def focal(self) -> float:
        """Focal length [pixels], the same for both axes."""
        return 0.5 * self.width / math.tan(0.5 * self.horizontal_fov)

    @property
    def intrinsics(self) -> tuple[float, float, float, float]:
        """fx, fy, cx, cy [pixels]."""
        return self.focal, self.focal, 0.5 * (self.width - 1), 0.5 * (self.height - 1)


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything the camera could see at one moment, copied out of the physics."""

    centers: np.ndarray
    """Shape (boxes, 3) [m], task frame."""
    rotations: np.ndarray
    """Task from box. Shape (boxes, 3, 3)."""
    halves: np.ndarray
    """Half extents [m]. Shape (boxes, 3)."""
    labels: np.ndarray
    """Body index, or ROBOT. Shape (boxes,)."""
    task_from_camera: np.ndarray
    """Pose of the optical frame: x right, y down in the image, z forward. Shape (4, 4)."""
    time_s: float = 0.0
    """Simulated time [s]."""


def snapshot(twin: Twin) -> Snapshot:
    """Copy the boxes and the camera's pose; the head itself is left out."""
    model, data = twin.model, twin.data
    seen = (model.geom_group != parts.HEAD_GROUP) & (model.geom_type != mujoco.mjtGeom.mjGEOM_PLANE)
    chosen = np.flatnonzero(seen)
    halves = model.geom_size[chosen].copy()
    rods = model.geom_type[chosen] == mujoco.mjtGeom.mjGEOM_CAPSULE
    halves[rods] = np.stack([halves[rods, 0], halves[rods, 0], halves[rods, 1] + halves[rods, 0]], axis=-1)
    owners = twin.scene.body_of_geom[chosen]
    return Snapshot(
        centers=data.geom_xpos[chosen].copy(), rotations=data.geom_xmat[chosen].reshape(-1, 3, 3).copy(),
        halves=halves, labels=np.where(owners >= 0, owners, ROBOT),
        task_from_camera=twin.world_from_link(parts.CAMERA_LINK), time_s=twin.time_s,
    )  # fmt: skip


class DepthCamera:
    """Renders snapshots; holds no state but the rays and its random numbers."""

    def __init__(self, config: DepthCameraConfig, seed: int) -> None:
        self.config = config
        fx, fy, cx, cy = config.intrinsics
        self._right = ((np.arange(config.width) - cx) / fx).astype(np.float32)
        self._down = ((np.arange(config.height) - cy) / fy).astype(np.float32)
        self._random = np.random.default_rng(seed)

    def render(self, shot: Snapshot) -> tuple[np.ndarray, np.ndarray]:
        """Render true depth [m], infinite where nothing is, and labels; both (height, width), float32 and int16."""
        shape = (self.config.height, self.config.width)
        depth, labels = np.full(shape, np.inf, np.float32), np.full(shape, NOTHING, np.int16)
        camera_from_task = shot.task_from_camera[:3, :3].T
        centers = (shot.centers - shot.task_from_camera[:3, 3]) @ camera_from_task.T
        self._draw_plane(shot, 2, 0.0, FLOOR, depth, labels)
        if self.config.wall > 0.0:
            self._draw_plane(shot, 0, self.config.wall, BUILDING, depth, labels)
        for center, rotation, half, label in zip(
            centers, camera_from_task @ shot.rotations, shot.halves, shot.labels, strict=True
        ):
            self._draw_box(center, rotation, half, int(label), depth, labels)
        return depth, labels

    def _draw_plane(
        self, shot: Snapshot, axis: int, at: float, label: int, depth: np.ndarray, labels: np.ndarray
    ) -> None:
        """Draw the plane on which a coordinate of the task frame is `at` [m], where it is nearer than what is there."""
        row = shot.task_from_camera[axis].astype(np.float32)
        along = self._right[None, :] * row[0] + self._down[:, None] * row[1] + row[2]
        with np.errstate(divide="ignore", invalid="ignore"):
            distance = (np.float32(at) - row[3]) / along
            hit = np.isfinite(distance) & (distance > 0.0) & (distance < depth)
        depth[hit] = distance[hit]
        labels[hit] = label

    def _draw_box(
        self, center: np.ndarray, rotation: np.ndarray, half: np.ndarray, label: int, depth: np.ndarray,
        labels: np.ndarray,
    ) -> None:  # fmt: skip
        """Draw one box, given in the camera's frame, where it is nearer than what is there."""
        rows, columns = self._window(center, rotation, half)
        if rows.start >= rows.stop or columns.start >= columns.stop:
            return
        origin = (-rotation.T @ center).astype(np.float32)
        axes = rotation.astype(np.float32)
        enter = np.full((rows.stop - rows.start, columns.stop - columns.start), -np.inf, np.float32)
        leave = np.full_like(enter, np.inf)
        with np.errstate(divide="ignore", invalid="ignore"):
            for axis in range(3):
                across = self._right[None, columns] * axes[0, axis] + axes[2, axis]
                inverse = 1.0 / (across + self._down[rows, None] * axes[1, axis])
                middle, reach = -origin[axis] * inverse, np.abs(np.float32(half[axis]) * inverse)
                np.fmax(enter, middle - reach, out=enter)
                np.fmin(leave, middle + reach, out=leave)
        near = depth[rows, columns]
        hit = (leave >= enter) & (enter > 0.0) & (enter < near)
        near[hit] = enter[hit]
        labels[rows, columns][hit] = label

    def _window(self, center: np.ndarray, rotation: np.ndarray, half: np.ndarray) -> tuple[slice, slice]:
        """Return rows and columns that a box can cover."""
        signs = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)])
        corners = center + (signs * half) @ rotation.T
        height, width = self.config.height, self.config.width
        if corners[:, 2].max() < NEAREST_CORNER:
            return slice(0, 0), slice(0, 0)
        if corners[:, 2].min() < NEAREST_CORNER:
            return slice(0, height), slice(0, width)
        fx, fy, cx, cy = self.config.intrinsics
        u, v = corners[:, 0] / corners[:, 2] * fx + cx, corners[:, 1] / corners[:, 2] * fy + cy
        rows = slice(max(0, math.floor(v.min())), min(height, math.ceil(v.max()) + 1))
        return rows, slice(max(0, math.floor(u.min())), min(width, math.ceil(u.max()) + 1))

    def depth_image(self, shot: Snapshot) -> np.ndarray:
        """Return what the camera publishes: noise, drop-out and range applied. Shape (height, width), uint16 [mm]."""
        config = self.config
        depth, _ = self.render(shot)
        draws = self._random.standard_normal(depth.shape, dtype=np.float32)
        lost = self._random.random(depth.shape, dtype=np.float32)
        chance = np.where(self._edges(depth), np.float32(config.edge_drop_out), np.float32(config.drop_out))
        with np.errstate(invalid="ignore", over="ignore"):
            noisy = depth + np.float32(config.noise) * depth * depth * draws
            seen = (noisy >= config.nearest) & (noisy <= config.farthest) & (lost >= chance)
            return np.where(seen, np.rint(1000.0 * noisy), 0.0).astype(np.uint16)

    def _edges(self, depth: np.ndarray) -> np.ndarray:
        """Return pixels next to a jump in depth. Shape (height, width), bool."""
        edge = np.zeros(depth.shape, dtype=bool)
        with np.errstate(invalid="ignore"):
            for axis in (0, 1):
                jump = np.abs(np.diff(depth, axis=axis)) > self.config.edge
                low, high = [slice(None)] * 2, [slice(None)] * 2
                low[axis], high[axis] = slice(0, -1), slice(1, None)
                edge[tuple(low)] |= jump
                edge[tuple(high)] |= jump
        return edge


def points_camera(depth_mm: np.ndarray, config: DepthCameraConfig) -> np.ndarray:
    """Return points of all pixels with depth in the optical frame [m]. Shape (points, 3), float32."""
    fx, fy, cx, cy = config.intrinsics
    rows, columns = np.nonzero(depth_mm)
    z = depth_mm[rows, columns].astype(np.float32) * np.float32(1e-3)
    return np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z], axis=-1).astype(np.float32)
