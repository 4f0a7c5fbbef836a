"""Executions of opening and closing a drawer, which is empty; and single objects put into one, or taken out of it.

What lies in a drawer never slides with it here: that is to be learned from a failure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import actions
from f2p.settings import Settings, group, number
from f2p.sim.data.drawer_scenes import (
    ANYHOW,
    DRAWER_NAME,
    TABLE_NAME,
    WIDE,
    DrawerSceneConfig,
    cabinet_bodies,
    in_open_part,
    placed,
)
from f2p.sim.data.draws.protocol import Drawn, draws
from f2p.sim.data.random_scenes import RandomSceneConfig
from f2p.sim.world import Body, World
from f2p.types import SkillCall, Transition

NAME, PLACES = "slide_drawer", "pick_place"

AJAR = (0.01, 0.03)
"""A drawer left open by so much [m] is neither open nor shut to an eye: such an execution is not kept."""

ASIDE = 0.01
"""A body that was displaced farther [m] without being acted on was moved: such an execution is not kept."""


@dataclass(frozen=True)
class SlideDrawerDrawConfig(Settings):
    """How often something is put into or taken out of a drawer instead of sliding it."""

    cabinets: DrawerSceneConfig = group(DrawerSceneConfig)
    place_share: float = number(
        0.3, "executions that put an object into an open drawer or take one out", low=0.0, high=1.0,
        source="ours: a model that has seen none would learn of both at once",
    )  # fmt: skip
    take_share: float = number(0.4, "of these, objects taken out", low=0.0, high=1.0)


@draws.register(NAME)
class SlideDrawerDraw:
    """`Draw` of opening and closing."""

    def __init__(self, config: SlideDrawerDrawConfig | None = None) -> None:
        self.config = config or SlideDrawerDrawConfig()

    def bodies(self, rng: np.random.Generator, scenes: RandomSceneConfig) -> tuple[Body, ...]:
        """Draw a cabinet, a table, and a few objects."""
        return cabinet_bodies(rng, self.config.cabinets)

    def scene(self, bodies: Sequence[Body], rng: np.random.Generator, scenes: RandomSceneConfig) -> Drawn | None:
        """Place them; slide the drawer while it is empty, or move an object into or out of it."""
        places = rng.random() < self.config.place_share
        takes = places and rng.random() < self.config.take_share
        world = placed(bodies, rng, self.config.cabinets, inside=int(takes), stands=WIDE if places else ANYHOW)
        if places:
            call = self._placing(world, takes, rng)
            return None if call is None else Drawn(world.poses, call, world.openings)
        distance = actions.get(NAME).draw(world.scene, DRAWER_NAME, 1, rng)[0]
        return Drawn(world.poses, SkillCall(NAME, DRAWER_NAME, distance), world.openings)

    def _placing(self, world: World, takes: bool, rng: np.random.Generator) -> SkillCall | None:
        """Take the object that is in the drawer and put it on the table, or put one from there into the drawer."""
        loose = [body.name for body in world.bodies if body.free]
        if not loose:
            return None
        name = loose[0] if takes else str(rng.choice(loose))
        index = world.index(name)
        if takes:
            table = world.index(TABLE_NAME)
            reach = 0.5 * world.bodies[table].size[:2] - 0.06
            top = world.poses[table, 2] + 0.5 * (world.bodies[table].size[2] + world.bodies[index].size[2])
            target = np.array([*(world.poses[table, :2] + rng.uniform(-reach, reach)), top + rng.uniform(0.0, 0.02)])
        else:
            spot = in_open_part(world, world.bodies[index].size, rng)
            if spot is None:
                return None
            target = spot + np.array([0.0, 0.0, rng.uniform(0.0, 0.02)])
        turn = rng.uniform(-np.pi / 2, np.pi / 2)
        return SkillCall(PLACES, name, np.array([*(target - world.poses[index, :3]), turn]))

    def keeps(self, transition: Transition) -> bool:
        """Tell whether nothing moved but what was acted on, by truth."""
        index = transition.before.index(transition.call.object)
        others = np.delete(transition.displacements, index, axis=0)
        still = not np.any(np.linalg.norm(others, axis=-1) > ASIDE)
        if transition.call.skill == NAME:
            return still and not AJAR[0] < transition.after.segments[index].opening < AJAR[1]
        ajar = [after.opening - before.opening for before, after in zip(
            transition.before.segments, transition.after.segments, strict=True)]  # fmt: skip
        return still and bool(np.max(np.abs(ajar)) <= ASIDE)
