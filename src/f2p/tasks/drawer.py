"""A drawer: objects are put away into it and it is shut, or what lies in it is taken out; it is opened first.

Who does not know that contents go with the drawer expects what was put into the open one to stay behind when it is
shut, and what lies in a shut one to stay in its case when it is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from f2p.relation.table import held
from f2p.settings import Settings, group, number
from f2p.sim.data.drawer_scenes import DrawerSceneConfig, cabinet_bodies, placed
from f2p.sim.errors import SamplingError
from f2p.sim.protocol import Simulator
from f2p.sim.world import World
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.tasks.resting import at_rest
from f2p.types import Goal, GoalRelation, SkillStep

MOST = 7
"""With the drawer, its pedestal and a table near the most segments that a model can see."""

TRIES = 200


@dataclass(frozen=True)
class DrawerTaskConfig(Settings):
    """Which of the two, and in which scenes."""

    scenes: DrawerSceneConfig = group(
        lambda: DrawerSceneConfig(open_share=0.0, on_top_share=0.0), "ranges of cabinets; drawers are shut at first"
    )
    taken: float = number(
        0.0, "share of scenes in which something is taken out, not put in", low=0.0, high=1.0,
        source="ours: no model knows yet that what lies under a case cannot be taken, nor does a simulator refuse it",
    )  # fmt: skip


@tasks.register("drawer")
class DrawerTask:
    """Open, put in, shut; or open, so that what lies in it can be taken."""

    name = "drawer"
    fewest = 1

    def __init__(self, config: DrawerTaskConfig | None = None) -> None:
        self.config = config or DrawerTaskConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a shut drawer and objects, in it or on the table beside it.

        Raises:
            TaskSizeError: Too many or too few objects.
            SamplingError: No such scene came to rest.
        """
        if not self.fewest <= objects <= MOST:
            raise TaskSizeError(self.name, objects, MOST)
        taken = bool(rng.random() < self.config.taken)

        def fits(world: World) -> bool:
            return int(held(simulator.relations(world).binary).sum()) == (objects if taken else 0)

        what = f"a drawer and {objects} objects at rest"
        world = at_rest(lambda: self._draw(rng, objects, taken=taken), simulator, what, TRIES, fits)
        return _instance(self.name, world, objects, taken=taken)

    def _draw(self, rng: np.random.Generator, objects: int, *, taken: bool) -> World | None:
        """Return sizes and places before physics; None where another number was drawn, or an object does not fit."""
        scenes = replace(self.config.scenes, objects=objects)
        bodies = cabinet_bodies(rng, scenes)
        if sum(body.free for body in bodies) != objects:
            return None
        try:
            return placed(bodies, rng, scenes, inside=objects if taken else 0)
        except SamplingError:
            return None


def _instance(name: str, world: World, objects: int, *, taken: bool) -> TaskInstance:
    """Return what is asked of a scene, and what common sense proposes: to open, to move each object, and to shut."""
    names = [f"object_{i + 1}" for i in range(objects)]
    opening, moving = SkillStep("slide_drawer", "drawer"), [SkillStep("pick_place", one) for one in names]
    if taken:
        goal = Goal(tuple(GoalRelation("above", one, "table") for one in names))
        return TaskInstance(name, world, goal, (opening, *moving), budget=objects + 1)
    shut = GoalRelation("drawer_open", "drawer", "", value=False)
    goal = Goal((*(GoalRelation("inside", one, "drawer") for one in names), shut))
    return TaskInstance(name, world, goal, (opening, *moving, opening), budget=objects + 2)
