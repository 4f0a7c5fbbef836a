"""Opening and closing a drawer as a path of closed fingers: down behind its bar, along its axis, up again.

Only contact moves the drawer. The path is fixed before the simulation starts (C22); as the guarded pull, it ends
where the drawer does: shut, at the end of its travel, or where it jams.
"""

from __future__ import annotations

import numpy as np

from f2p.geometry import rotate_z
from f2p.shape.sliding import handle
from f2p.sim.errors import BatchError
from f2p.sim.motion.protocol import Tool, ToolMotionConfig, ToolPath, ease, motions, phase_times
from f2p.sim.physics.rotations import yaw_quaternions
from f2p.sim.physics.scene_builder import BuiltScene

HOOK_HALF = 0.012
"""Half of what closed fingers take along the drawer's axis [m] (ours: the width of the twin's pads)."""

FINGERS = Tool(
    np.array([[0.0, 0.0, 0.0025], [0.0, 0.0, 0.110], [-0.016, 0.0, 0.177]]),
    np.array([[HOOK_HALF, 0.0185, 0.0225], [0.006, 0.018, 0.085], [0.028, 0.027, 0.054]]),
    np.tile([1.0, 0.0, 0.0, 0.0], (3, 1)),
)
"""Pads, rods and palm of the twin's closed gripper, pointing down; its frame is the grasp centre."""

CLEAR = 0.12
"""How far the fingers come from above and leave again [m] (ours: out of a tall front's way)."""


def _hooks(scene: BuiltScene, acted_on: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the middle behind each run's bar (runs, 3), its slack on either side, and how far it truly comes."""
    most = {index: float(scene.model.joint(f"j{index}").range[1]) for index, _ in scene.drawers}
    rows = []
    for index in acted_on.tolist():
        bar = handle(scene.slabs[index])
        if bar is None:
            raise BatchError(f"{scene.bodies[index].name} has no bar to be pulled at")
        rows.append((*bar.middle, max(0.5 * bar.room - HOOK_HALF, 0.0), most.get(index, 0.0)))
    table = np.array(rows)
    return table[:, :3], table[:, 3], table[:, 4]


@motions.register("slide_drawer")
def slide_drawer_path(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    acted_on: np.ndarray,
    parameters: np.ndarray,
    *,
    openings: np.ndarray,
    config: ToolMotionConfig,
) -> ToolPath:
    """Plan the fingers' path for M runs.

    Args:
        scene: The bodies.
        poses: Upright box poses at the start. Shape (runs, bodies, 4).
        sizes: Of no use here. Shape (runs, bodies, 3).
        acted_on: Index of each run's drawer. Shape (runs,).
        parameters: Distance along its axis, out of its case [m]. Shape (runs, 1).
        openings: How far bodies are open at the start [m]. Shape (runs, bodies).
        config: Pace.

    Returns:
        A path of equally many steps for all runs; it binds nothing, and short runs wait at the end, clear.
    """
    rows = np.arange(len(poses))
    middle, slack, most = _hooks(scene, acted_on)
    opened, drawer = openings[rows, acted_on], poses[rows, acted_on]
    distance = np.clip(parameters[:, 0], -opened, np.maximum(most - opened, 0.0))
    lower = phase_times(np.full(len(rows), CLEAR), config.vertical_acceleration, config.least_phase)
    stroke = distance + np.sign(distance) * slack
    pull = phase_times(stroke, config.slide_acceleration, config.least_phase)
    ends = np.cumsum([lower, pull, np.full(len(rows), config.least_phase), lower], axis=0)
    steps = int(np.ceil((ends[-1].max() + config.settle_time) / scene.model.opt.timestep))
    time = (np.arange(steps) + 1) * scene.model.opt.timestep
    begins = ends - [lower, pull, np.full(len(rows), config.least_phase), lower]
    down, along, back, up = (
        ease((time - begin[:, None]) / (end - begin)[:, None]) for begin, end in zip(begins, ends, strict=True)
    )
    slid = opened[:, None] + along * stroke[:, None] - back * (stroke - distance)[:, None]
    local = middle[:, None, :2] - slid[..., None] * np.array([1.0, 0.0])
    positions = np.empty((*slid.shape, 3))
    positions[..., :2] = drawer[:, None, :2] + rotate_z(local, drawer[:, None, 3])
    positions[..., 2] = (drawer[:, 2] + middle[:, 2])[:, None] + CLEAR * (1.0 - down + up)
    turned = np.repeat(yaw_quaternions(drawer[:, 3])[:, None], steps, axis=1)
    return ToolPath(positions, turned, np.zeros(slid.shape, dtype=bool), (FINGERS,) * len(rows))
