"""Sliding a drawer: opened or shut by 2 cm and more, to anywhere it can come and is reached, in a random scene."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2p.action.protocol import actions, meant_opening
from f2p.bench.trials.protocol import trials
from f2p.errors import F2pError
from f2p.robot.frames import BASE_START_TASK
from f2p.sim.data.drawer_scenes import DRAWER_NAME, cabinet
from f2p.sim.world import World
from f2p.skill.slide_drawer_plan import SlideDrawerConfig, plan_slide_drawer
from f2p.twin.twin import Truth
from f2p.types import Scene, SkillCall

NAME = "slide_drawer"

LEAST = 0.02
"""Smallest distance that is asked for [m]: as far as a drawer may be off."""

TRIES = 40
"""Draws in one scene before another is made."""


class SlideDrawerTrial:
    """`SkillTrial` on cabinets at random heights, sizes, places and openings; every second one has contents."""

    near, least = 0.02, 0.90
    config: Any = None

    def world(self, rng: np.random.Generator) -> World:
        """Make a cabinet that can be slid."""
        while True:
            world = cabinet(rng, filled=bool(rng.random() < 0.5))
            if _drawn(world.scene, rng) is not None:
                return world

    def call(self, truth: Truth, run: int, rng: np.random.Generator) -> SkillCall:
        """Draw how far to slide it."""
        while (call := _drawn(truth.scene, rng)) is None:
            pass
        return call

    def off(self, call: SkillCall, before: Truth, after: Truth) -> float:
        """Return how far the drawer is from where it was asked to be [m]."""
        index = before.names.index(call.object)
        return abs(float(after.openings[index]) - meant_opening(call, before.scene))


def _drawn(scene: Scene, rng: np.random.Generator) -> SkillCall | None:
    """Return a call that the skill accepts and that moves the drawer, if one is met."""
    opening = scene.segments[scene.index(DRAWER_NAME)].opening
    for _ in range(TRIES):
        call = SkillCall(NAME, DRAWER_NAME, actions.get(NAME).draw(scene, DRAWER_NAME, 1, rng)[0])
        distance = float(call.parameter[0])
        if abs(distance) < LEAST or opening + distance < 0.0:
            continue
        try:
            plan_slide_drawer(scene, call, BASE_START_TASK, SlideDrawerConfig())
        except F2pError:
            continue
        return call
    return None


trials.register(NAME)(SlideDrawerTrial())
