"""Pick and place from the front: from table or board to table or board, one object of a row to another place."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2p.bench.trials.protocol import trials
from f2p.shape.protocol import FRONT
from f2p.sim.data.front_scenes import front_goal, front_world
from f2p.sim.protocol import make_simulator
from f2p.sim.world import Body, World
from f2p.skill.pick_place_plan import PickPlaceSkillConfig
from f2p.twin.twin import Truth
from f2p.types import SkillCall

ACTED_ON = "object_1"


class PickPlaceFrontTrial:
    """`SkillTrial` on tables and the boards of a shelf, the hand always level."""

    near, least = 0.03, 0.90
    config: Any = PickPlaceSkillConfig(approach=FRONT)

    def world(self, rng: np.random.Generator) -> World:
        """Make a scene with a row of objects."""
        return front_world(rng, make_simulator())

    def call(self, truth: Truth, run: int, rng: np.random.Generator) -> SkillCall:
        """Choose where else the first object can stand, turned a little."""
        rows = zip(truth.names, truth.priors, truth.sizes, strict=True)
        index = truth.names.index(ACTED_ON)
        goal = front_goal(World(tuple(Body(*row) for row in rows), truth.poses), ACTED_ON, rng)
        parameter = goal - truth.poses[index]
        parameter[3] = np.remainder(parameter[3] + np.pi, 2.0 * np.pi) - np.pi
        return SkillCall("pick_place", ACTED_ON, parameter)

    def off(self, call: SkillCall, before: Truth, after: Truth) -> float:
        """Return how far the object is from where it was sent, height included, or how far another was moved [m]."""
        asked = np.zeros((len(before.names), 3))
        asked[before.names.index(call.object)] = call.parameter[:3]
        moved = after.poses[:, :3] - before.poses[:, :3]
        return float(np.linalg.norm(moved - asked, axis=-1).max())


trials.register("pick_place_front")(PickPlaceFrontTrial())
