"""Push: something that stands on a table is pushed 3 to 25 cm in a random direction, in a random scene.

Objects, directions and distances are drawn until the skill accepts one from where the robot starts: what is asked stays
on the table, within reach on both sides of the object, and where the gripper finds room to come down.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from f2p.action.push import FARTHEST, NEAREST, PushAction, support_of
from f2p.bench.trials.protocol import off_target, trials
from f2p.errors import F2pError
from f2p.robot.frames import BASE_START_TASK
from f2p.sim.data.random_scenes import place, sample_bodies
from f2p.sim.errors import SamplingError
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.skill.push_plan import PushSkillConfig, plan_push
from f2p.twin.twin import Truth
from f2p.types import Scene, SkillCall

NAME = "push"

TRIES = 40
"""Draws in one scene before another is made."""


class PushTrial:
    """`SkillTrial` on scenes as those of pre-training."""

    near, least = 0.03, 0.90
    config: Any = None

    def world(self, rng: np.random.Generator) -> World:
        """Make a random scene at rest in which something can be pushed."""
        simulator = make_simulator()
        while True:
            bodies = sample_bodies(rng)
            try:
                poses = place(bodies, rng).poses
            except SamplingError:
                continue
            rested, stable = simulator.settle(bodies, poses[None])
            world = World(bodies, rested[0])
            if stable[0] and _drawn(simulator.observe(world, 0), rng) is not None:
                return world

    def call(self, truth: Truth, run: int, rng: np.random.Generator) -> SkillCall:
        """Draw what to push, and where to."""
        scene = truth.scene
        while (call := _drawn(scene, rng)) is None:
            pass
        return call

    def off(self, call: SkillCall, before: Truth, after: Truth) -> float:
        """See `off_target`."""
        return off_target(call, before, after)


def _drawn(scene: Scene, rng: np.random.Generator) -> SkillCall | None:
    """Return a push that the skill accepts, if one is met."""
    able = [one.name for one in scene.segments if PushAction().applies(one)]
    for _ in range(TRIES if able else 0):
        name, angle, far = str(rng.choice(able)), rng.uniform(-np.pi, np.pi), rng.uniform(NEAREST, FARTHEST)
        call = SkillCall(NAME, name, far * np.array([np.cos(angle), np.sin(angle)]))
        under = support_of(scene, name)
        try:
            plan_push(scene, call, BASE_START_TASK, PushSkillConfig())
        except F2pError:
            continue
        if under is not None and under.shape.support:
            return call
    return None


trials.register(NAME)(PushTrial())
