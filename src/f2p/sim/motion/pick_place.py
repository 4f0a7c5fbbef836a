"""Pick and place as a path of the gripper: lift clear of everything, travel, lower until something is met, let go.

The path is fixed before the simulation starts (C22): the gripper grasps the object's centre, so the path is the
object's. Lowering is a guarded move, as on the robot: it ends where the footprint meets what was below at the start.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.settings import Settings, number
from f2p.sim.physics.scene_builder import BuiltScene

PICK_PLACE = "pick_place"


@dataclass(frozen=True)
class PickPlaceConfig(Settings):
    """Shape and pace of the motion."""

    least_lift: float = number(
        0.10, "smallest lift", unit="m", low=0.0, high=0.6, source="ours: out of any box's walls"
    )
    clearance: float = number(0.04, "height over the tallest thing while travelling", unit="m", low=0.005, high=0.3)
    release_gap: float = number(0.003, "gap under the object when let go", unit="m", low=0.0, high=0.05)
    vertical_acceleration: float = number(
        6.0, "peak acceleration of lift and lowering", unit="m/s^2", low=0.5, high=20.0
    )
    travel_acceleration: float = number(
        4.0, "peak acceleration of travel", unit="m/s^2", low=0.5, high=10.0, source="ours: below friction 0.8 g"
    )
    turn_acceleration: float = number(12.0, "peak angular acceleration", unit="rad/s^2", low=0.5, high=50.0)
    grasp_time: float = number(0.05, "holding still before letting go", unit="s", low=0.0, high=1.0)
    least_phase: float = number(0.25, "shortest phase", unit="s", low=0.05, high=5.0)
    settle_time: float = number(0.8, "physics after letting go", unit="s", low=0.1, high=10.0)


@dataclass(frozen=True, eq=False)
class CarryPath:
    """Poses of the gripper and whether it holds, for M runs of equally many steps."""

    positions: np.ndarray
    """Task frame [m]. Shape (runs, steps, 3)."""
    quaternions: np.ndarray
    """Turn since the grasp, about +z (w, x, y, z). Shape (runs, steps, 4)."""
    holding: np.ndarray
    """Shape (runs, steps), bool."""


def footprints(centers: np.ndarray, sizes: np.ndarray, yaws: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners (..., 4, 2) and the two edge directions (..., 2, 2) of yawed rectangles."""
    axes = np.stack([np.stack([np.cos(yaws), np.sin(yaws)], -1), np.stack([-np.sin(yaws), np.cos(yaws)], -1)], axis=-2)
    signs = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]], dtype=float)
    offsets = np.einsum("ks,...s,...sd->...kd", signs, 0.5 * sizes[..., :2], axes)
    return centers[..., None, :2] + offsets, axes


def overlap(
    first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray], margin: float = 0.0
) -> np.ndarray:
    """Whether two (broadcast) batches of rectangles overlap, by separating axes. Shape (...), bool."""
    separated = np.zeros(np.broadcast_shapes(first[0].shape[:-2], second[0].shape[:-2]), dtype=bool)
    for axes in (first[1], second[1]):
        on_first = np.einsum("...kd,...sd->...sk", first[0], axes)
        on_second = np.einsum("...kd,...sd->...sk", second[0], axes)
        gap = np.maximum(on_second.min(-1) - on_first.max(-1), on_first.min(-1) - on_second.max(-1))
        separated |= np.any(gap > margin, axis=-1)
    return ~separated


def within(poses: np.ndarray, sizes: np.ndarray, container: np.ndarray) -> np.ndarray:
    """Which bodies lie in the outer box of each run's `container`, or stand on it. Shape (runs, bodies), bool.

    Their centre is over its footprint and their bottom above its bottom (so a box is not within what lies in it).
    """
    rows = np.arange(len(poses))
    delta = poses[:, :, :3] - poses[rows, container, None, :3]
    cosine, sine = np.cos(poses[rows, container, 3])[:, None], np.sin(poses[rows, container, 3])[:, None]
    local_x = cosine * delta[..., 0] + sine * delta[..., 1]
    local_y = cosine * delta[..., 1] - sine * delta[..., 0]
    half = 0.5 * sizes[rows, container][:, None]
    inside = (np.abs(local_x) < half[..., 0]) & (np.abs(local_y) < half[..., 1])
    inside &= delta[..., 2] - 0.5 * sizes[..., 2] > -half[..., 2]
    inside[rows, container] = False
    return np.asarray(inside)


def _support_height(
    scene: BuiltScene, poses: np.ndarray, sizes: np.ndarray, grasped: np.ndarray, goals: np.ndarray
) -> np.ndarray:
    """Top of the highest board under the goal footprint, contents of the grasped body left out. Shape (runs,)."""
    rows = np.arange(len(poses))
    moved = footprints(goals[:, :3], sizes[rows, grasped], goals[:, 3])
    carried = within(poses, sizes, grasped)
    carried[rows, grasped] = True
    carried[:, [not scene.bodies[i].free for i in range(len(scene.bodies))]] = False
    height = np.zeros(len(poses))
    for i, slabs in enumerate(scene.slabs):
        turn = np.stack([np.cos(poses[:, i, 3]), np.sin(poses[:, i, 3])], -1)
        for slab in slabs:
            x, y = slab.center[0], slab.center[1]
            at = poses[:, i, :2] + np.stack([turn[:, 0] * x - turn[:, 1] * y, turn[:, 1] * x + turn[:, 0] * y], -1)
            extent = np.broadcast_to(2.0 * slab.half, (len(poses), 3))
            under = overlap(moved, footprints(at, extent, poses[:, i, 3])) & ~carried[:, i]
            top = poses[:, i, 2] + slab.center[2] + slab.half[2]
            height = np.where(under, np.maximum(height, top), height)
    return height


def _ease(progress: np.ndarray) -> np.ndarray:
    """Cosine ramp from 0 to 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(progress, 0.0, 1.0)))


def _phase_times(distance: np.ndarray, acceleration: float, least: float) -> np.ndarray:
    """Duration of a cosine ramp over `distance` with this peak acceleration [s]."""
    return np.asarray(np.maximum(least, np.pi * np.sqrt(np.abs(distance) / (2.0 * acceleration))))


def _turning_heights(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    grasped: np.ndarray,
    goals: np.ndarray,
    *,
    config: PickPlaceConfig,
) -> tuple[np.ndarray, np.ndarray]:
    """Heights [m] of the grasped centre while it travels, over everything, and where it is let go. Each (runs,)."""
    rows = np.arange(len(poses))
    half = 0.5 * sizes[rows, grasped, 2]
    support = _support_height(scene, poses, sizes, grasped, goals)
    bottom = np.maximum(goals[:, 2], support + half + config.release_gap)
    others = poses[..., 2] + 0.5 * sizes[..., 2]
    others[rows, grasped] = 0.0
    others[within(poses, sizes, grasped)] = 0.0
    lifted = poses[rows, grasped, 2] + config.least_lift
    return np.max([others.max(-1) + half + config.clearance, lifted, bottom + 0.02], axis=0), bottom


def pick_place_path(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    grasped: np.ndarray,
    parameters: np.ndarray,
    *,
    config: PickPlaceConfig,
) -> CarryPath:
    """Plan the gripper's path for M runs.

    Args:
        scene: The bodies.
        poses: Upright box poses at the grasp. Shape (runs, bodies, 4).
        sizes: Upright box extents at the grasp [m]. Shape (runs, bodies, 3).
        grasped: Index of the grasped body of each run. Shape (runs,).
        parameters: dx, dy, dz [m], dyaw [rad]: placement minus grasp pose (A.10). Shape (runs, 4).
        config: Pace and clearances.

    Returns:
        A path of equally many steps for all runs; short runs wait at the end, released.
    """
    start = poses[np.arange(len(poses)), grasped]
    top, bottom = _turning_heights(scene, poses, sizes, grasped, start + parameters, config=config)
    lift = _phase_times(top - start[:, 2], config.vertical_acceleration, config.least_phase)
    travel = _phase_times(np.linalg.norm(parameters[:, :2], axis=-1), config.travel_acceleration, config.least_phase)
    travel = np.maximum(travel, _phase_times(parameters[:, 3], config.turn_acceleration, config.least_phase))
    lower = _phase_times(top - bottom, config.vertical_acceleration, config.least_phase)
    total = lift + travel + lower + config.grasp_time
    steps = int(np.ceil((total.max() + config.settle_time) / scene.model.opt.timestep))
    time = (np.arange(steps) + 1) * scene.model.opt.timestep
    up = _ease(time / lift[:, None])
    across = _ease((time - lift[:, None]) / travel[:, None])
    down = _ease((time - (lift + travel)[:, None]) / lower[:, None])
    positions = np.empty((len(poses), steps, 3))
    positions[..., :2] = start[:, None, :2] + across[..., None] * parameters[:, None, :2]
    positions[..., 2] = start[:, None, 2] + up * (top - start[:, 2])[:, None] + down * (bottom - top)[:, None]
    turn = 0.5 * across * parameters[:, None, 3]
    quaternions = np.zeros((len(poses), steps, 4))
    quaternions[..., 0], quaternions[..., 3] = np.cos(turn), np.sin(turn)
    return CarryPath(positions, quaternions, time[None, :] <= total[:, None])
