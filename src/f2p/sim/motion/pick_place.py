"""Pick and place as a path of the gripper: lift clear of everything, travel, lower until something is met, let go.

The path is fixed before the simulation starts (C22): the gripper grasps the object's centre, so the path is the
object's. Lowering is a guarded move, as on the robot: it ends where the footprint meets what was below at the start.
What is, or goes, under a board comes from the front, as on the robot: a little up, out, over everything, in, down. What
is under the case of a drawer is not to be had, since a front is before it: the hand stays away, as the robot's does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from f2p.geometry import into_box, rotate_z, separation, within
from f2p.shape.protocol import FIXED, SLIDES, is_covered
from f2p.sim.motion.protocol import ToolMotionConfig, ToolPath, ease, motions, phase_times
from f2p.sim.physics.rotations import yaw_quaternions
from f2p.sim.physics.scene_builder import BuiltScene

HAND = 0.03
"""How far a hand from above needs room about the middle of what it grasps [m] (ours: the twin's palm is 27 mm deep)."""

TINY = 1e-9
"""What stands for no time at all [s]."""


@dataclass(frozen=True, eq=False)
class _Covers:
    """What of some places is under a board, and how to get out from there."""

    covered: np.ndarray
    """Shape (runs,), bool."""
    ceiling: np.ndarray
    """Underside of the board above [m]; infinite where there is none. Shape (runs,)."""
    shift: np.ndarray
    """From there to where the footprint is clear of what covers it; 0 where nothing does [m]. Shape (runs, 2)."""


def _covers(
    scene: BuiltScene, poses: np.ndarray, places: np.ndarray, extents: np.ndarray, config: ToolMotionConfig
) -> _Covers:
    """Say what is above some boxes at `places` (runs, 4) of `extents` (runs, 3): boards open towards their -x."""
    covered, ceiling, shift = np.zeros(len(poses), bool), np.full(len(poses), np.inf), np.zeros((len(poses), 2))
    radius = 0.5 * np.linalg.norm(extents[:, :2], axis=-1)
    for i, body in enumerate(scene.bodies):
        if body.shape.moves != FIXED:
            continue
        local = into_box(places[:, :3], poses[:, i, :3], poses[:, i, 3])
        under = is_covered(body.prior, body.size, local, body.board)
        out = local[:, 0] + 0.5 * body.size[0] + radius + config.clearance
        towards = rotate_z(np.stack([-out, np.zeros_like(out)], axis=-1), poses[:, i, 3])
        shift = np.where(under[:, None], towards, shift)
        for slab in scene.slabs[i]:
            above = under & np.all(np.abs(local[:, :2] - slab.center[:2]) <= slab.half[:2], axis=-1)
            below = poses[:, i, 2] + slab.center[2] - slab.half[2]
            ceiling = np.where(above & (below >= places[:, 2]), np.minimum(ceiling, below), ceiling)
        covered |= under
    return _Covers(covered, ceiling, shift)


def _shut_in(scene: BuiltScene, poses: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Tell which places (runs, 4) are under the case of a drawer, or too near to it for a hand. Shape (runs,), bool."""
    out = np.zeros(len(poses), dtype=bool)
    for i, body in enumerate(scene.bodies):
        if body.shape.moves == SLIDES:
            local = into_box(places[:, :3], poses[:, i, :3], poses[:, i, 3])
            out |= is_covered(body.prior, body.size, local + [HAND, 0.0, 0.0], body.board)
            out |= is_covered(body.prior, body.size, local, body.board)
    return out


def _support_height(
    scene: BuiltScene, poses: np.ndarray, sizes: np.ndarray, grasped: np.ndarray, goals: np.ndarray, *,
    covered: np.ndarray, openings: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Top of the highest board under the goal footprint, contents of the grasped body left out. Shape (runs,).

    Where the goal is `covered` (runs,), only what is below its centre: the rest is not met on the way in. What slides
    is out by `openings` (runs, bodies).
    """
    rows = np.arange(len(poses))
    moved = goals[:, :3], sizes[rows, grasped], goals[:, 3]
    carried = within(poses, sizes, grasped)
    carried[rows, grasped] = True
    carried[:, [not scene.bodies[i].free for i in range(len(scene.bodies))]] = False
    height = np.zeros(len(poses))
    for i, slabs in enumerate(scene.slabs):
        for slab in slabs:
            out = np.outer(openings[:, i], [-1.0 if slab.sliding else 0.0, 0.0])
            at = poses[:, i, :2] + rotate_z(slab.center[:2] + out, poses[:, i, 3])
            extent = np.broadcast_to(2.0 * slab.half, (len(poses), 3))
            under = (separation(moved, (at, extent, poses[:, i, 3])) <= 0.0) & ~carried[:, i]
            top = poses[:, i, 2] + slab.center[2] + slab.half[2]
            under &= ~covered | (top <= goals[:, 2])
            height = np.where(under, np.maximum(height, top), height)
    return height


def _turning_heights(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    grasped: np.ndarray,
    goals: np.ndarray,
    *,
    covered: np.ndarray,
    openings: np.ndarray,
    config: ToolMotionConfig,
) -> tuple[np.ndarray, np.ndarray]:
    """Heights [m] of the grasped centre while it travels, over everything, and where it is let go. Each (runs,)."""
    rows = np.arange(len(poses))
    half = 0.5 * sizes[rows, grasped, 2]
    support = _support_height(scene, poses, sizes, grasped, goals, covered=covered, openings=openings)
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
        openings: How far what slides is out: there are supports [m]. Shape (runs, bodies).
        config: Pace and clearances.

    Returns:
        A path of equally many steps for all runs; short runs wait at the end, released.
    """
    rows = np.arange(len(poses))
    start, extents = poses[rows, acted_on], sizes[rows, acted_on]
    goals, half = start + parameters, 0.5 * extents[:, 2]
    leaving = _covers(scene, poses, start, extents, config)
    entering = _covers(scene, poses, goals, extents, config)
    top, bottom = _turning_heights(
        scene, poses, sizes, acted_on, goals, covered=entering.covered, openings=openings, config=config
    )
    little = [
        np.clip(ends.ceiling - half - config.release_gap - low, 0.0, config.lift_under)
        for ends, low in ((leaving, start[:, 2]), (entering, bottom))
    ]
    first = np.where(leaving.covered, start[:, 2] + little[0], top)
    last = np.where(entering.covered, bottom + little[1], top)
    still, stays = np.zeros_like(leaving.shift), np.zeros(len(poses))
    legs = [
        (still, first - start[:, 2]), (leaving.shift, stays), (still, top - first),
        (parameters[:, :2] + entering.shift - leaving.shift, stays),
        (still, last - top), (-entering.shift, stays), (still, bottom - last),
    ]  # fmt: skip
    path = _along(scene, start[:, :3], legs, parameters[:, 3], config)
    return replace(path, holding=path.holding & ~_shut_in(scene, poses, start)[:, None])


TRAVEL = 3
"""Which leg of seven leads from one place to the other, and turns."""

ALWAYS = (0, TRAVEL, 6)
"""Legs of every path; the others are those of covered places, and take no time elsewhere."""


def _along(
    scene: BuiltScene, start: np.ndarray, legs: list[tuple[np.ndarray, np.ndarray]], turns: np.ndarray,
    config: ToolMotionConfig,
) -> ToolPath:  # fmt: skip
    """Return a path that rests after each leg.

    Args:
        scene: Its time step.
        start: Where it begins [m]. Shape (runs, 3).
        legs: Displacement of each in plan (runs, 2) and in height (runs,) [m].
        turns: How far it turns on the way from one place to the other [rad]. Shape (runs,).
        config: Pace.
    """
    durations = []
    for leg, (across, rise) in enumerate(legs):
        least = config.least_phase if leg in ALWAYS else 0.0
        upright = phase_times(rise, config.vertical_acceleration, least)
        level = phase_times(np.linalg.norm(across, axis=-1), config.travel_acceleration, least)
        turning = phase_times(turns if leg == TRAVEL else 0.0 * turns, config.turn_acceleration, least)
        durations.append(np.max([upright, level, turning], axis=0))
    total = sum(durations) + config.grasp_time
    steps = int(np.ceil((total.max() + config.settle_time) / scene.model.opt.timestep))
    time = (np.arange(steps) + 1) * scene.model.opt.timestep
    positions = np.repeat(start[:, None], steps, axis=1)
    begin, turned = np.zeros(len(turns)), np.zeros((len(turns), steps))
    for leg, (across, rise) in enumerate(legs):
        share = ease((time - begin[:, None]) / np.maximum(durations[leg], TINY)[:, None])
        positions[..., :2] += share[..., None] * across[:, None]
        positions[..., 2] += share * rise[:, None]
        turned = share * turns[:, None] if leg == TRAVEL else turned
        begin = begin + durations[leg]
    return ToolPath(positions, yaw_quaternions(turned), time[None, :] <= total[:, None])
