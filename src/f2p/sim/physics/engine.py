"""What a physics engine does for a simulator: scenes of boards move, and nobody there knows what they mean.

An engine gets a built scene, poses and tool paths, and gives back where bodies are and what touches. Labels, clouds and
seeds are not its business (`sim/labelled.py`), so that a simulation means the same in whatever engine it ran.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from f2p.sim.motion.protocol import ToolPath
from f2p.sim.physics.rotations import rotation_matrices, yaw_quaternions
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.world import upright_boxes

FARTHEST = 3.0
"""A body farther than this from the base [m] was flung away."""
LOWEST = -0.1
"""A body below this height [m] fell through the floor."""


@dataclass(frozen=True, eq=False)
class States:
    """Where the bodies of M runs are, and whether that can be believed."""

    positions: np.ndarray
    """Centres in the task frame [m]. Shape (runs, bodies, 3)."""
    quaternions: np.ndarray
    """Body to task frame (w, x, y, z), of unit length but for rounding. Shape (runs, bodies, 4)."""
    openings: np.ndarray
    """How far each body is open [m], 0 for all but drawers. Shape (runs, bodies)."""
    speeds: np.ndarray
    """Greatest linear speed of any body [m/s]. Shape (runs,)."""
    alive: np.ndarray
    """False where a run blew up; its other numbers mean nothing then. Shape (runs,), bool."""

    @classmethod
    def at_rest(cls, scene: BuiltScene, poses: np.ndarray, openings: np.ndarray) -> States:
        """Put bodies upright at poses (runs, bodies, 4), open by (runs, bodies); what is not finite has blown up."""
        alive = np.all(np.isfinite(poses), axis=(1, 2)) & np.all(np.isfinite(openings), axis=1)
        clean, opened = np.where(alive[:, None, None], poses, 0.0), np.zeros(openings.shape)
        for index, _ in scene.drawers:
            opened[:, index] = np.where(alive, openings[:, index], 0.0)
        return cls(clean[..., :3], yaw_quaternions(clean[..., 3]), opened, np.zeros(len(clean)), alive)

    @property
    def sane(self) -> np.ndarray:
        """Which runs are finite, within the workspace and above the floor. Shape (runs,), bool."""
        with np.errstate(invalid="ignore", over="ignore"):
            near = np.linalg.norm(self.positions[..., :2], axis=-1) < FARTHEST
            above = self.positions[..., 2] > LOWEST
        finite = np.isfinite(self.quaternions).all(axis=-1) & np.isfinite(self.openings)
        return np.asarray(np.all(near & above & finite, axis=-1))

    def boxes(self, scene: BuiltScene) -> tuple[np.ndarray, np.ndarray]:
        """Gravity-aligned boxes: poses (runs, bodies, 4) and extents (runs, bodies, 3); zeros where a run blew up."""
        quaternions = np.where(self.alive[:, None, None], self.quaternions, (1.0, 0.0, 0.0, 0.0))
        positions = np.where(self.alive[:, None, None], self.positions, 0.0)
        sizes = np.broadcast_to(np.stack([body.size for body in scene.bodies]), positions.shape)
        return upright_boxes(positions, rotation_matrices(quaternions), sizes)


class Runs(Protocol):
    """M runs of one scene. A run that blows up stays so, and the others go on."""

    def advance(self, steps: int) -> None:
        """Let physics run with the gripper open for so many time steps of the scene."""

    def carry(self, path: ToolPath, grasped: np.ndarray) -> None:
        """Let the gripper follow `path`, holding body `grasped` (runs,) of each run, let go, and wait."""

    def states(self) -> States:
        """Return where everything is now."""

    def contacts(self) -> np.ndarray:
        """Return which bodies touch directly now. Shape (runs, bodies, bodies), bool, symmetric."""


Engine = Callable[[BuiltScene, States], Runs]
"""Starts M runs of a scene from where everything is, at rest."""
