"""Hierarchical Tabletop Organization: capsules go into their cups, then the cups stand in a row on the other table.

The goal speaks of the capsules (A.2: "understand the relationships between these objects and how its skills impact
future relations"): who does not know that capsules travel with their cups has no way to a row of capsules in cups on
the other table. A row is told by relations: each stands left of the next, neither before nor behind it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from f2p.settings import Settings, group, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.sim.data.random_scenes import Placer, RandomSceneConfig
from f2p.sim.data.workspace import WorkspaceConfig, tables
from f2p.sim.protocol import Simulator
from f2p.sim.world import Body, World
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.tasks.resting import at_rest
from f2p.types import Goal, GoalRelation, SkillStep

FEWEST, MOST = 2, 9
"""A capsule and its cup; with two tables nine movables are near the most segments that a model can see."""

TRIES = 40

GAP = 0.03
"""Between what stands side by side at the start [m] (ours: a finger fits)."""


@dataclass(frozen=True)
class OrganizationConfig(Settings):
    """Ranges of sizes, and where the row may stand."""

    workspace: WorkspaceConfig = group(WorkspaceConfig)
    capsule_least: float = number(0.028, "smallest edge of a capsule", unit="m", low=0.01, high=0.1)
    capsule_most: float = number(0.040, "greatest edge of a capsule", unit="m", low=0.01, high=0.1)
    cup_least: float = number(0.115, "narrowest cup", unit="m", low=0.05, high=0.3, source="ours: two capsules fit")
    cup_most: float = number(0.145, "widest cup", unit="m", low=0.05, high=0.3)
    wall_least: float = number(0.065, "lowest cup", unit="m", low=0.02, high=0.3)
    wall_most: float = number(
        0.085, "highest cup", unit="m", low=0.02, high=0.3, source="ours: a camera at 1.3 m still sees what is in it"
    )


def cups_of(objects: int) -> int:
    """Return how many of the movables are cups: 2 of 3, 2 of 5, 3 of 7 (the others are capsules); 1 of 2."""
    return max(1, (objects + 1) // 2 if objects < 4 else 2 if objects < 6 else objects * 3 // 7)


@tasks.register("tabletop")
class Tabletop:
    """The paper's task of Table 3, with goals on the capsules."""

    name = "tabletop"
    fewest = FEWEST

    def __init__(self, config: OrganizationConfig | None = None) -> None:
        self.config = config or OrganizationConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make cups and capsules side by side on table_a, and an order of the row on table_b.

        Raises:
            TaskSizeError: Too many or too few movables.
            SamplingError: No such scene came to rest.
        """
        if not FEWEST <= objects <= MOST:
            raise TaskSizeError(self.name, objects, MOST, FEWEST)
        what = f"a table with {objects} cups and capsules at rest"
        return self._instance(rng, at_rest(lambda: self._draw(rng, objects), simulator, what, TRIES), objects)

    def _draw(self, rng: np.random.Generator, objects: int) -> World | None:
        """Return sizes and places before physics; None when they do not fit side by side."""
        config, furniture = self.config, tables(self.config.workspace)
        cups = cups_of(objects)
        low, high = [config.cup_least, config.cup_least, config.wall_least], [config.cup_most] * 2 + [config.wall_most]
        bodies = [*furniture.bodies]
        bodies += [Body(f"cup_{i + 1}", OPEN_BOX, rng.uniform(low, high)) for i in range(cups)]
        bodies += [
            Body(f"capsule_{i + 1}", CUBOID, rng.uniform(config.capsule_least, config.capsule_most, 3))
            for i in range(objects - cups)
        ]
        placer = Placer(bodies, {0: furniture.poses[0]}, rng, RandomSceneConfig(gap=GAP))
        placer.poses[1] = furniture.poses[1]
        placed = all(placer.on_table(index) for index in range(2, len(bodies)))
        return World(tuple(bodies), placer.poses) if placed else None

    def _instance(self, rng: np.random.Generator, world: World, objects: int) -> TaskInstance:
        """Return what is asked of a scene: which capsule belongs into which cup, and how the row goes."""
        cups, capsules = cups_of(objects), objects - cups_of(objects)
        row = [f"cup_{i + 1}" for i in rng.permutation(cups)]
        cup_of = {f"capsule_{i + 1}": row[i % cups] for i in range(capsules)}
        literals = [
            GoalRelation(relation, capsule, place)
            for capsule, cup in cup_of.items()
            for relation, place in (("inside", cup), ("above", "table_b"))
        ]
        first = {cup: next((one for one, own in cup_of.items() if own == cup), cup) for cup in row}
        for one, following in pairwise(row):
            pair = first[one], first[following]
            literals.append(GoalRelation("left", *pair))
            literals += [GoalRelation(relation, *pair, value=False) for relation in ("front", "behind")]
        steps = tuple(SkillStep("pick_place", name) for name in (*cup_of, *row))
        return TaskInstance(self.name, world, Goal(tuple(literals)), steps, budget=len(steps))
