"""A skill in the data simulation: from a scene at rest, an object and parameters to a path of the tool.

Paths are fixed before the simulation starts (C22), so that many runs go through physics as one batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from f2p.action.protocol import width_of
from f2p.registry import Registry
from f2p.settings import Settings, number
from f2p.sim.errors import BodyError
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.types import frozen


@dataclass(frozen=True)
class ToolMotionConfig(Settings):
    """Shape and pace of the tool's paths, whatever the skill."""

    least_lift: float = number(
        0.10, "smallest lift", unit="m", low=0.0, high=0.6, source="ours: out of any box's walls"
    )
    clearance: float = number(0.04, "height over the tallest object while travelling", unit="m", low=0.005, high=0.3)
    lift_under: float = number(0.02, "lift under a board, at most", unit="m", low=0.0, high=0.1)
    release_gap: float = number(0.003, "gap under the object when let go", unit="m", low=0.0, high=0.05)
    vertical_acceleration: float = number(
        6.0, "peak acceleration of lift and lowering", unit="m/s^2", low=0.5, high=20.0
    )
    travel_acceleration: float = number(
        4.0, "peak acceleration of travel", unit="m/s^2", low=0.5, high=10.0, source="ours: below friction 0.8 g"
    )
    slide_acceleration: float = number(
        0.8, "peak acceleration of what is pulled along", unit="m/s^2", low=0.05, high=5.0,
        source="ours: what slides stops with the tool, by its own friction",
    )  # fmt: skip
    turn_acceleration: float = number(12.0, "peak angular acceleration", unit="rad/s^2", low=0.5, high=50.0)
    contact_speed: float = number(
        0.15, "mean speed of a tool that pushes or pulls", unit="m/s", low=0.01, high=1.0,
        source="ours: what it pushes stands when it stands",
    )  # fmt: skip
    grasp_time: float = number(0.05, "holding still before letting go", unit="s", low=0.0, high=1.0)
    least_phase: float = number(0.25, "shortest phase", unit="s", low=0.05, high=5.0)
    settle_time: float = number(0.8, "physics after letting go", unit="s", low=0.1, high=10.0)


@dataclass(frozen=True, eq=False)
class Tool:
    """What a tool's path moves through the scene: solid cuboids in the tool's own frame, pushed against by contact.

    It is a module's constant, so that a batch builds it once. It stays clear of what it binds, if it binds anything.
    """

    centers: np.ndarray
    """Centre of each cuboid [m]. Shape (boxes, 3)."""
    halves: np.ndarray
    """Half extents along its own axes [m]. Shape (boxes, 3)."""
    quaternions: np.ndarray
    """Cuboid to tool frame (w, x, y, z). Shape (boxes, 4)."""

    def __post_init__(self) -> None:
        for name, width in (("centers", 3), ("halves", 3), ("quaternions", 4)):
            array = frozen(getattr(self, name))
            if array.ndim != 2 or array.shape[1] != width or len(array) != len(self.centers) or not len(array):
                raise BodyError("tool", f"has {name} of shape {array.shape}, expected (boxes, {width})")
            object.__setattr__(self, name, array)
        unit = np.abs(np.linalg.norm(self.quaternions, axis=-1) - 1.0) < 1e-6
        if not (np.all(self.halves > 0.0) and np.all(np.isfinite(self.centers)) and np.all(unit)):
            raise BodyError("tool", "needs cuboids with extents above 0, finite centres and unit quaternions")


@dataclass(frozen=True, eq=False)
class ToolPath:
    """Poses of the tool and whether it binds the object acted on, for M runs of equally many steps.

    Without a tool's shape it is a point that meets nothing (C22).
    """

    positions: np.ndarray
    """Task frame [m]. While it binds an object, that one's centre is there. Shape (runs, steps, 3)."""
    quaternions: np.ndarray
    """Turn since the start (w, x, y, z). Shape (runs, steps, 4)."""
    holding: np.ndarray
    """Shape (runs, steps), bool."""
    tools: tuple[Tool | None, ...] = ()
    """The shape of each run's tool, None where it has none; empty where no run has one."""

    @property
    def shapes(self) -> tuple[Tool, ...]:
        """Every shape that is moved, each once."""
        return tuple({id(tool): tool for tool in self.tools if tool is not None}.values())

    @property
    def shape_of_run(self) -> np.ndarray:
        """Index into `shapes` of each run's tool, -1 where it has none. Shape (runs,)."""
        places = {id(tool): index for index, tool in enumerate(self.shapes)}
        return np.array([places.get(id(tool), -1) for tool in self.tools or (None,) * len(self.holding)])


class ToolMotion(Protocol):
    """One skill's tool path; deterministic, and each run's depends on that run alone but for waiting at the end."""

    def __call__(
        self,
        scene: BuiltScene,
        poses: np.ndarray,
        sizes: np.ndarray,
        acted_on: np.ndarray,
        parameters: np.ndarray,
        *,
        openings: np.ndarray,
        config: ToolMotionConfig,
    ) -> ToolPath:
        """Plan the tool's path for M runs.

        Args:
            scene: The bodies.
            poses: Upright box poses at the start. Shape (runs, bodies, 4).
            sizes: Upright box extents at the start [m]. Shape (runs, bodies, 3).
            acted_on: Index of the body acted on in each run. Shape (runs,).
            parameters: The skill's own. Shape (runs, P).
            openings: How far bodies are open at the start [m]. Shape (runs, bodies).
            config: Pace and clearances.

        Returns:
            A path of equally many steps for all runs; short runs wait at the end, released.
        """


motions: Registry[ToolMotion] = Registry("motion of a skill", "f2p.sim.motion")
"""All motions by the skill's name."""


def paths_of(
    scene: BuiltScene,
    poses: np.ndarray,
    sizes: np.ndarray,
    skills: Sequence[str],
    acted_on: np.ndarray,
    parameters: np.ndarray,
    *,
    openings: np.ndarray,
    config: ToolMotionConfig,
) -> ToolPath:
    """Plan each run's path by the motion of its own skill, `skills` (runs,); otherwise as `ToolMotion`.

    `parameters` (runs, P) are filled up to the widest skill. Runs that end early wait where they are, released.
    """
    parts = []
    for skill in dict.fromkeys(skills):
        rows = np.array([index for index, name in enumerate(skills) if name == skill])
        own = parameters[rows, : width_of(skill)]
        move, opened = motions.get(skill), openings[rows]
        path = move(scene, poses[rows], sizes[rows], acted_on[rows], own, openings=opened, config=config)
        parts.append((rows, path))
    steps = max(part.holding.shape[1] for _, part in parts)
    tools: list[Tool | None] = [None] * len(poses)
    whole = ToolPath(
        np.zeros((len(poses), steps, 3)), np.zeros((len(poses), steps, 4)), np.zeros((len(poses), steps), bool)
    )
    for rows, part in parts:
        wait = [(0, 0), (0, steps - part.holding.shape[1])]
        whole.positions[rows] = np.pad(part.positions, [*wait, (0, 0)], mode="edge")
        whole.quaternions[rows] = np.pad(part.quaternions, [*wait, (0, 0)], mode="edge")
        whole.holding[rows] = np.pad(part.holding, wait)
        for row, tool in zip(rows.tolist(), part.tools, strict=False):
            tools[row] = tool
    return replace(whole, tools=tuple(tools)) if any(tool is not None for tool in tools) else whole


def ease(progress: np.ndarray) -> np.ndarray:
    """Return the cosine ramp from 0 to 1."""
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * np.clip(progress, 0.0, 1.0)))


def phase_times(distance: np.ndarray, acceleration: float, least: float) -> np.ndarray:
    """Return the duration of a cosine ramp over `distance` with this peak acceleration [s]."""
    return np.asarray(np.maximum(least, np.pi * np.sqrt(np.abs(distance) / (2.0 * acceleration))))
