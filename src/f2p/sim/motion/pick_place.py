"""Pick and place as a path of the gripper: lift clear of everything, travel, lower until something is met, let go.

The path is fixed before the simulation starts (C22): the gripper grasps the object's centre, so the path is the
object's. Lowering is a guarded move, as on the robot: it ends where the footprint meets what was below at the start.
"""

from __future__ import annotations

import numpy as np

from f2p.geometry import rotate_z, separation, within
from f2p.sim.motion.protocol import ToolMotionConfig, ToolPath, ease, motions, phase_times
from f2p.sim.physics.rotations import yaw_quaternions
from f2p.sim.physics.scene_builder import BuiltScene


def _support_height(
    scene: BuiltScene, poses: np.ndarray, sizes: np.ndarray, grasped: np.ndarray, goals: np.ndarray
) -> np.ndarray:
    """Top of the highest board under the goal footprint, contents of the grasped body left out. Shape (runs,)."""
    rows = np.arange(len(poses))
    moved = goals[:, :3], sizes[rows, grasped], goals[:, 3]
    carried = within(poses, sizes, grasped)
    carried[rows, grasped] = True
    carried[:, [not scene.bodies[i].free for i in range(len(scene.bodies))]] = False
    height = np.zeros(len(poses))
    for i, slabs in enumerate(scene.slabs):
        for slab in slabs:
            at = poses[:, i, :2] + rotate_z(slab.center[:2], poses[:, i, 3])
            extent = np.broadcast_to(2.0 * slab.half, (len(poses), 3))
            under = (separation(moved, (at, extent, poses[:, i, 3])) <= 0.0) & ~carried[:, i]
            top = poses[:, i, 2] + slab.center[2] + slab.half[2]
            height = np.where(under, np.maximum(height, top), height)
    return height


def _turning_heights(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    grasped: np.ndarray,
    goals: np.ndarray,
    *,
    config: ToolMotionConfig,
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


@motions.register("pick_place")
def pick_place_path(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    acted_on: np.ndarray,
    parameters: np.ndarray,
    *,
    openings: np.ndarray,
    config: ToolMotionConfig,
) -> ToolPath:
    """Plan the gripper's path for M runs.

    Args:
        scene: The bodies.
        poses: Upright box poses at the grasp. Shape (runs, bodies, 4).
        sizes: Upright box extents at the grasp [m]. Shape (runs, bodies, 3).
        acted_on: Index of the grasped body of each run. Shape (runs,).
        parameters: dx, dy, dz [m], dyaw [rad]: placement minus grasp pose (A.10). Shape (runs, 4).
        openings: Of no use here. Shape (runs, bodies).
        config: Pace and clearances.

    Returns:
        A path of equally many steps for all runs; short runs wait at the end, released.
    """
    start = poses[np.arange(len(poses)), acted_on]
    top, bottom = _turning_heights(scene, poses, sizes, acted_on, start + parameters, config=config)
    lift = phase_times(top - start[:, 2], config.vertical_acceleration, config.least_phase)
    travel = phase_times(np.linalg.norm(parameters[:, :2], axis=-1), config.travel_acceleration, config.least_phase)
    travel = np.maximum(travel, phase_times(parameters[:, 3], config.turn_acceleration, config.least_phase))
    lower = phase_times(top - bottom, config.vertical_acceleration, config.least_phase)
    total = lift + travel + lower + config.grasp_time
    steps = int(np.ceil((total.max() + config.settle_time) / scene.model.opt.timestep))
    time = (np.arange(steps) + 1) * scene.model.opt.timestep
    up = ease(time / lift[:, None])
    across = ease((time - lift[:, None]) / travel[:, None])
    down = ease((time - (lift + travel)[:, None]) / lower[:, None])
    positions = np.empty((len(poses), steps, 3))
    positions[..., :2] = start[:, None, :2] + across[..., None] * parameters[:, None, :2]
    positions[..., 2] = start[:, None, 2] + up * (top - start[:, 2])[:, None] + down * (bottom - top)[:, None]
    turned = yaw_quaternions(across * parameters[:, None, 3])
    return ToolPath(positions, turned, time[None, :] <= total[:, None])
