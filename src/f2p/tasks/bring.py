"""Bring the packed box: everything must still be inside it on the other table (method.md 7)."""

from __future__ import annotations

import numpy as np

from f2p.sim.protocol import Simulator
from f2p.tasks.packed_box import PROPOSAL, PackedBoxConfig, packed_world
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import Goal, GoalRelation


@tasks.register("bring")
class Bring:
    """Whoever does not know that contents travel packs the box anew on the other table: 1 + n skills instead of one."""

    name = "bring"
    fewest = 1

    def __init__(self, config: PackedBoxConfig | None = None) -> None:
        self.config = config or PackedBoxConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a packed box on table_a."""
        world = packed_world(rng, simulator, objects, "left", self.config, landmark=False)
        names = [f"object_{index + 1}" for index in range(objects)]
        goal = Goal((GoalRelation("above", "box", "table_b"), *(GoalRelation("inside", name, "box") for name in names)))
        return TaskInstance(self.name, world, goal, PROPOSAL, budget=objects + 1)
