"""A push as a path of the gripper's two pads and its palm: down behind the body, over the distance, back, and up.

They meet what is there by contact alone, so several bodies may go. Where the pads find no room to come down they stay
up: the robot refuses such a push.
"""

from __future__ import annotations

import itertools

import numpy as np

from f2p.action.meeting import OPENINGS, PAD
from f2p.action.strokes import DEFAULT, PALM, PALM_Z, Stroke, Surroundings, strokes
from f2p.sim.motion.protocol import Tool, ToolMotionConfig, ToolPath, ease, motions, phase_times
from f2p.sim.physics.rotations import yaw_quaternions
from f2p.sim.physics.scene_builder import BuiltScene

NAME = "push"


def _gripper(opening: float) -> Tool:
    """Return both pads and the palm; the frame's origin is between the pads' lower ends, x from pad to pad."""
    beside, up = 0.5 * (opening + PAD[0]), 0.5 * PAD[2]
    centers = [[-beside, 0.0, up], [beside, 0.0, up], [0.0, 0.0, PALM_Z + 0.5 * PALM[2]]]
    halves = 0.5 * np.array([PAD, PAD, PALM])
    return Tool(np.array(centers), halves, np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)))


TOOLS = {opening: _gripper(opening) for opening in OPENINGS}

_Point = tuple[np.ndarray, float]
"""x, y, z [m] and heading [rad]; the time it takes to get there [s]."""


def _points(stroke: Stroke, travel_z: float, config: ToolMotionConfig) -> list[_Point]:
    """Return where the pads go for one stroke, beginning and ending at travelling height."""

    def at(along: float, z: float) -> np.ndarray:
        return np.array([*(stroke.start + along * stroke.direction), z, stroke.heading])

    fall = float(phase_times(np.array(travel_z - stroke.bottom), config.vertical_acceleration, config.least_phase))
    pushing = max(config.least_phase, stroke.length / config.contact_speed)
    drawn = stroke.length - DEFAULT.back
    return [
        (at(0.0, travel_z), config.least_phase),
        (at(0.0, stroke.bottom), fall),
        (at(stroke.length, stroke.bottom), pushing),
        (at(drawn, stroke.bottom), config.least_phase),
        (at(drawn, travel_z), fall),
    ]


def _sampled(points: list[_Point], step: float) -> np.ndarray:
    """Return the poses of every time step along the way from point to point. Shape (steps, 4)."""
    parts = []
    for (first, _), (last, takes) in itertools.pairwise(points):
        count = max(1, int(np.ceil(takes / step)))
        parts.append(first + ease(np.arange(1, count + 1) / count)[:, None] * (last - first))
    return np.concatenate(parts)


@motions.register(NAME)
def push_path(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    acted_on: np.ndarray,
    parameters: np.ndarray,
    *,
    openings: np.ndarray,
    config: ToolMotionConfig,
) -> ToolPath:
    """Plan the pads' path for M runs; nothing is bound. See `ToolMotion`.

    Args:
        scene: The bodies.
        poses: Upright box poses at the start. Shape (runs, bodies, 4).
        sizes: Upright box extents at the start [m]. Shape (runs, bodies, 3).
        acted_on: Index of the pushed body of each run. Shape (runs,).
        parameters: dx, dy [m] (A.10). Shape (runs, 2).
        openings: How far bodies are open at the start [m]; not needed. Shape (runs, bodies).
        config: Pace and clearances.

    Returns:
        A path of equally many steps for all runs; short runs wait at the end, above everything.
    """
    obstacles = np.array([not body.shape.support for body in scene.bodies])
    step, ways, tools = scene.model.opt.timestep, [], []
    for pose, size, index, push in zip(poses, sizes, acted_on, parameters, strict=True):
        planned = strokes(Surroundings(pose, size, obstacles), int(index), push)
        able = planned if all(stroke.room >= DEFAULT.clear for stroke in planned) else ()
        travel_z = float((pose[:, 2] + 0.5 * size[:, 2]).max()) + config.clearance
        points = [point for stroke in able for point in _points(stroke, travel_z, config)]
        ways.append(_sampled(points, step) if points else np.array([[*pose[index, :2], travel_z, 0.0]]))
        tools.append(TOOLS[able[0].opening] if able else TOOLS[OPENINGS[0]])
    steps = max(map(len, ways)) + int(np.ceil(config.settle_time / step))
    path = np.stack([np.pad(way, [(0, steps - len(way)), (0, 0)], mode="edge") for way in ways])
    holding = np.zeros(path.shape[:2], dtype=bool)
    return ToolPath(path[..., :3], yaw_quaternions(path[..., 3]), holding, tuple(tools))
