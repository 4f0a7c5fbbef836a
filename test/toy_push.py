"""A second skill, registered for the length of a test: a paddle pushes an object along y, by contact alone."""

from __future__ import annotations

import numpy as np

from f2p.action.protocol import Parameter
from f2p.action.workspace import Workspace
from f2p.geometry import half_extents
from f2p.sim.motion.protocol import Tool, ToolMotionConfig, ToolPath, ease
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.types import Scene, Segment

PUSH = "toy_push"

PADDLE = Tool(np.zeros((1, 3)), np.array([[0.04, 0.01, 0.02]]), np.array([[1.0, 0.0, 0.0, 0.0]]))
GAP = 0.005


class Push:
    """How far along y, and how long that shall take."""

    parameters: tuple[Parameter, ...] = (
        Parameter("dy", "m", -0.2, 0.2, "how far", along="y"),
        Parameter("duration", "s", 0.4, 0.8, "how long"),
    )

    def applies(self, segment: Segment) -> bool:
        """Tell whether it can be pushed."""
        return segment.movable

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose strokes. Shape (count, 2)."""
        return rng.uniform([one.low for one in self.parameters], [one.high for one in self.parameters], (count, 2))

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Displace the object along y. Shape (count, n, 3)."""
        out = np.zeros((len(parameters), len(scene.segments), 3))
        out[:, scene.index(name), 1] = np.asarray(parameters)[:, 0]
        return out


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
    """Stand a paddle beside the object, low enough not to tip it, push, and draw back; nothing is bound."""
    rows, step = np.arange(len(poses)), scene.model.opt.timestep
    time = step * np.arange(1, int((1.2 + config.settle_time) / step))
    start, size, sign = poses[rows, acted_on], sizes[rows, acted_on], np.sign(parameters[:, :1])
    behind = half_extents(size, start[:, 3])[:, 1:2] + PADDLE.halves[0, 1] + GAP
    stroke = ease(time / parameters[:, 1:]) * (np.abs(parameters[:, :1]) + GAP)
    back = ease((time - parameters[:, 1:]) / 0.3) * 0.03
    positions = np.repeat(start[:, None, :3], len(time), axis=1)
    positions[..., 1] += sign * (stroke - back - behind)
    positions[..., 2] += PADDLE.halves[0, 2] + 0.002 - 0.5 * size[:, 2:]
    upright = np.tile([1.0, 0.0, 0.0, 0.0], (*stroke.shape, 1))
    return ToolPath(positions, upright, np.zeros(stroke.shape, bool), (PADDLE,) * len(poses))
