"""Pick and place: every second run takes the packed box to the other table, the others one object out of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2p.bench.trials.protocol import off_target, trials
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.tasks.protocol import tasks
from f2p.twin.twin import Truth
from f2p.types import SkillCall

NAME = "pick_place"

PLACES_Y = (-0.8, -0.3)
"""Two places on the other table, of which the one away from the landmark is taken [m]."""


class PickPlaceTrial:
    """`SkillTrial` on scenes of the transport task."""

    near, least = 0.03, 0.95
    config: Any = None

    def world(self, rng: np.random.Generator) -> World:
        """Make a scene of the transport task with three objects."""
        return tasks.make("transport").make(rng, 3, make_simulator()).world

    def call(self, truth: Truth, run: int, rng: np.random.Generator) -> SkillCall:
        """Choose where to bring an object: to the other table, away from the landmark, turned a little."""
        name = "box" if run % 2 == 0 else "object_1"
        index, landmark = truth.names.index(name), truth.names.index("landmark")
        target_y = max(PLACES_Y, key=lambda y: abs(y - truth.poses[landmark, 1])) + rng.uniform(-0.03, 0.03)
        table = truth.names.index("table_b")
        top = truth.poses[table, 2] + 0.5 * truth.sizes[table, 2]
        target = np.array([rng.uniform(0.66, 0.74), target_y, top + 0.5 * truth.sizes[index, 2]])
        return SkillCall(NAME, name, np.append(target - truth.poses[index, :3], rng.uniform(-0.3, 0.3)))

    def off(self, call: SkillCall, before: Truth, after: Truth) -> float:
        """See `off_target`."""
        return off_target(call, before, after)


trials.register(NAME)(PickPlaceTrial())
