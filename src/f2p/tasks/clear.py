"""Clear the box away, leave the objects here: the same knowledge put to the opposite use (method.md 7)."""

from __future__ import annotations

import numpy as np

from f2p.sim.protocol import Simulator
from f2p.tasks.packed_box import PROPOSAL, PackedBoxConfig, packed_world
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import Goal, GoalRelation


@tasks.register("clear")
class Clear:
    """The box must go to table_b, every object must stay on table_a: who knows that contents travel unpacks first."""

    name = "clear"
    fewest = 1

    def __init__(self, config: PackedBoxConfig | None = None) -> None:
        self.config = config or PackedBoxConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a packed box on table_a and nothing else. The budget allows each object and the box to be moved once."""
        world = packed_world(rng, simulator, objects, "left", self.config, landmark=False)
        stay = tuple(GoalRelation("above", f"object_{index + 1}", "table_a") for index in range(objects))
        goal = Goal((GoalRelation("above", "box", "table_b"), *stay))
        return TaskInstance(self.name, world, goal, PROPOSAL, budget=objects + 1)
