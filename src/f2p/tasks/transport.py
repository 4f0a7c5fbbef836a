"""Multi-object Transport: what is packed in the box must come to the given side of the landmark on the other table.

The goal speaks of the contents only (method.md 7), so that where to put the box can only be chosen by predicting that
they travel.
"""

from __future__ import annotations

import numpy as np

from f2p.sim.protocol import Simulator
from f2p.tasks.packed_box import PROPOSAL, PackedBoxConfig, packed_world
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import Goal, GoalRelation


@tasks.register("transport")
class Transport:
    """The paper's Multi-object Transport with goals on the contents."""

    name = "transport"
    fewest = 1

    def __init__(self, config: PackedBoxConfig | None = None) -> None:
        self.config = config or PackedBoxConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a packed box, and a side of the landmark to bring its contents to."""
        side = "left" if rng.random() < 0.5 else "right"
        world = packed_world(rng, simulator, objects, side, self.config)
        literals = []
        for index in range(objects):
            literals.append(GoalRelation("above", f"object_{index + 1}", "table_b"))
            literals.append(GoalRelation(side, f"object_{index + 1}", "landmark"))
        return TaskInstance(self.name, world, Goal(tuple(literals)), PROPOSAL, budget=1)
