"""The scene of all box tasks: on `table_a` an open box with n objects at rest in it, on `table_b` a free landmark."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.settings import Settings, group, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.sim.data.random_scenes import Placer, RandomSceneConfig
from f2p.sim.data.workspace import WorkspaceConfig, tables
from f2p.sim.protocol import Simulator
from f2p.sim.world import Body, World
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.resting import at_rest
from f2p.types import SkillStep

MOST_OBJECTS = 8
"""With box, landmark and two tables this is all a model of 12 segments can see."""

TRIES = 40

PROPOSAL = (SkillStep("pick_place", "box"),)
"""Common sense names the box; where to put it is left to the planner."""


@dataclass(frozen=True)
class PackedBoxConfig(Settings):
    """Ranges of sizes and places."""

    workspace: WorkspaceConfig = group(WorkspaceConfig)
    object_least: float = number(0.030, "smallest edge of an object", unit="m", low=0.01, high=0.2)
    object_most: float = number(0.055, "greatest edge of an object", unit="m", low=0.01, high=0.2)
    wall_least: float = number(0.070, "lowest wall of the box", unit="m", low=0.02, high=0.4)
    wall_most: float = number(
        0.090, "highest wall of a box for three objects; a centimetre more for each further one", unit="m", low=0.02,
        high=0.4, source="ours: a camera at 1.3 m still sees what is in it",
    )  # fmt: skip
    wide_side_least: float = number(
        0.38, "table on the goal's side of the landmark, at least", unit="m", low=0.2, high=0.8, source="ours: chance"
    )
    wide_side_most: float = number(
        0.56, "table on the goal's side of the landmark, at most", unit="m", low=0.2, high=0.8, source="ours: chance"
    )


def packed_world(
    rng: np.random.Generator,
    simulator: Simulator,
    objects: int,
    side: str,
    config: PackedBoxConfig,
    landmark: bool = True,
) -> World:
    """Make a packed box on table_a, at rest; the landmark leaves room on its `side` ("left" or "right") of table_b.

    Args:
        rng: Source of randomness.
        simulator: In which it comes to rest.
        objects: Objects in the box.
        side: The side of the landmark the goal is on.
        config: Ranges.
        landmark: Whether there is one.

    Raises:
        TaskSizeError: Too many or too few objects.
        SamplingError: No such scene came to rest.
    """
    if not 1 <= objects <= MOST_OBJECTS:
        raise TaskSizeError("packed box", objects, MOST_OBJECTS)
    return at_rest(
        lambda: _draw(rng, objects, side, config, landmark),
        simulator,
        f"packed box with {objects} objects at rest",
        TRIES,
    )


def _draw(rng: np.random.Generator, objects: int, side: str, config: PackedBoxConfig, landmark: bool) -> World | None:
    """Return sizes and places before physics; None when the objects do not fit into the box."""
    furniture = tables(config.workspace)
    wide = 0.012 * objects
    tall = config.wall_most + 0.01 * max(0, objects - 3)
    low, high = [0.22, 0.18, config.wall_least], [0.26 + wide / 2, 0.22 + wide / 2, tall]
    box = Body("box", OPEN_BOX, rng.uniform(low, high))
    contents = [
        Body(f"object_{i + 1}", CUBOID, rng.uniform(config.object_least, config.object_most, 3)) for i in range(objects)
    ]
    mark = [Body("landmark", CUBOID, rng.uniform([0.05, 0.05, 0.10], [0.08, 0.08, 0.18]))] if landmark else []
    bodies = (*furniture.bodies, box, *mark, *contents)
    placer = Placer(bodies, {0: furniture.poses[0], 1: furniture.poses[1]}, rng, RandomSceneConfig())
    half = 0.5 * np.linalg.norm(box.size[:2])
    reach = 0.5 * np.array([config.workspace.table_depth, config.workspace.table_width]) - half
    xy = furniture.poses[0, :2] + rng.uniform(-1.0, 1.0, 2) * np.maximum(reach, 0.0)
    top = config.workspace.table_height
    placer.put(2, np.array([*xy, top + 0.5 * box.size[2], rng.uniform(-np.pi / 2, np.pi / 2)]))
    if mark:
        free = rng.uniform(config.wide_side_least, config.wide_side_most)
        sign = 1.0 if side == "left" else -1.0
        y = furniture.poses[1, 1] + sign * (0.5 * config.workspace.table_width - free)
        at = [config.workspace.table_x + rng.uniform(-0.10, 0.10), y, top + 0.5 * mark[0].size[2]]
        placer.put(3, np.array([*at, rng.uniform(-np.pi / 2, np.pi / 2)]))
    first = len(bodies) - objects
    if not all(placer.into_box(index, 2) for index in range(first, len(bodies))):
        return None
    return World(bodies, placer.poses)
