"""A drawer: what lies in it is taken out, or objects are put away into it and it is shut; it is opened first.

To be taken out: it stands ajar, so that what is in it is seen, but too near to the case for a hand. Who does not know
that contents go with the drawer expects them to stay there however far it is opened. To be put away: who does not know
it expects them to stay behind when it is shut.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from f2p.action.slide_drawer import reached_between
from f2p.action.workspace import Workspace
from f2p.geometry import rotate_z
from f2p.relation.table import held
from f2p.scene.relations import relations_of
from f2p.settings import Settings, group, number
from f2p.sim.data.drawer_scenes import AJAR, ANYHOW, DRAWER_NAME, TABLE_NAME, DrawerSceneConfig, cabinet_bodies, placed
from f2p.sim.errors import SamplingError
from f2p.sim.protocol import Simulator
from f2p.sim.world import World
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.tasks.resting import at_rest
from f2p.types import Goal, GoalRelation, Relations, SkillStep

MOST = 7
"""With the drawer, its pedestal and a table near the most segments that a model can see."""

TRIES = 200

NEARLY = 0.85
"""This share of the way from shut to as far as it is reached has to do (ours: one proposal of seven finds it)."""


@dataclass(frozen=True)
class DrawerTaskConfig(Settings):
    """Which of the two, and in which scenes."""

    scenes: DrawerSceneConfig = group(
        lambda: DrawerSceneConfig(open_share=0.0, on_top_share=0.0, reaches_out=0.0),
        "ranges of cabinets, which hide what they stand on; shut at first, or ajar if something is taken out",
    )
    taken: float = number(
        1.0, "share of scenes in which something is taken out, not put in", low=0.0, high=1.0,
        source="ours: who puts something into a drawer and shuts it succeeds without knowing why",
    )  # fmt: skip


@tasks.register("drawer")
class DrawerTask:
    """Open, so that what lies in it can be taken; or open, put in, shut."""

    name = "drawer"
    fewest = 1

    def __init__(self, config: DrawerTaskConfig | None = None) -> None:
        self.config = config or DrawerTaskConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a drawer that is ajar and objects in it, or a shut one and objects on the table beside it.

        Raises:
            TaskSizeError: Too many or too few objects.
            SamplingError: No such scene came to rest.
        """
        if not self.fewest <= objects <= MOST:
            raise TaskSizeError(self.name, objects, MOST)
        taken = bool(rng.random() < self.config.taken)

        def fits(world: World) -> bool:
            truth = simulator.relations(world)
            if int(held(truth.binary).sum()) != (objects if taken else 0):
                return False
            return not taken or (not _in_front(world, truth).any() and bool(_in_front(_opened(world)).all()))

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
            return placed(bodies, rng, scenes, inside=objects if taken else 0, stands=AJAR if taken else ANYHOW)
        except SamplingError:
            return None


def _in_front(world: World, truth: Relations | None = None) -> np.ndarray:
    """Tell which objects are in front of the drawer's case, so that a hand gets at them. Shape (objects,), bool."""
    seen = truth or relations_of(world.scene)
    return np.array([seen.value("front", body.name, DRAWER_NAME) > 0.5 for body in world.bodies if body.free])


def _opened(world: World) -> World:
    """Return the world with the drawer nearly as far out as it is proposed to be, and its contents with it."""
    drawer, poses, openings = world.index(DRAWER_NAME), world.poses.copy(), world.openings.copy()
    low, high = reached_between(world.scene.segments[drawer], Workspace())
    far = low + NEARLY * (high - low)
    free = [index for index, body in enumerate(world.bodies) if body.free]
    poses[free, :2] += rotate_z(np.array([-far, 0.0]), poses[drawer, 3])
    openings[drawer] += far
    return World(world.bodies, poses, openings)


def _instance(name: str, world: World, objects: int, *, taken: bool) -> TaskInstance:
    """Return what is asked of a scene, and what common sense proposes: to open, to move each object, or to shut too."""
    names = [f"object_{i + 1}" for i in range(objects)]
    opening, moving = SkillStep("slide_drawer", DRAWER_NAME), [SkillStep("pick_place", one) for one in names]
    if taken:
        goal = Goal(tuple(GoalRelation("above", one, TABLE_NAME) for one in names))
        return TaskInstance(name, world, goal, (opening, *moving), budget=objects + 1)
    shut = GoalRelation("drawer_open", DRAWER_NAME, "", value=False)
    goal = Goal((*(GoalRelation("inside", one, DRAWER_NAME) for one in names), shut))
    return TaskInstance(name, world, goal, (opening, *moving, opening), budget=objects + 2)
