"""Constrained Packing: wipes stand on a shelf with gaps between them; pushed together, they leave room for the cups.

No gap is wide enough for the stack of cups, all of them together are (A.2: "using a non-prehensile push skill to create
space"). Who does not know that what is pushed pushes on believes that any far push makes room; but the last wipes stand
near the other end of the shelf, and nothing may fall.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.settings import Settings, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.shelf import SHELF
from f2p.shape.table import TABLE
from f2p.sim.protocol import Simulator
from f2p.sim.world import Body, World
from f2p.tasks.errors import TaskSizeError
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.tasks.resting import at_rest
from f2p.types import Goal, GoalRelation, SkillStep

FEWEST, MOST = 3, 8
"""Two wipes and the stack; with shelf and table eight are near the most segments that a model can see."""

TRIES = 40


@dataclass(frozen=True)
class PackingConfig(Settings):
    """Ranges of sizes and places."""

    wipes_low: float = number(0.090, "narrowest pack of wipes, along the row", unit="m", low=0.02, high=0.2)
    wipes_high: float = number(0.110, "widest pack of wipes", unit="m", low=0.02, high=0.2)
    length_low: float = number(
        0.10, "shortest pack of wipes, across the row", unit="m", low=0.02, high=0.5,
        source="ours: long enough that no push along the row passes the next one by",
    )  # fmt: skip
    length_high: float = number(0.13, "longest pack of wipes", unit="m", low=0.02, high=0.5)
    gaps_low: float = number(0.030, "least sum of the gaps between wipes", unit="m", low=0.02, high=0.3)
    gaps_high: float = number(
        0.040, "greatest sum of the gaps", unit="m", low=0.02, high=0.3, source="ours: one alone takes no stack"
    )
    free_low: float = number(0.067, "least sum of the gaps and the free end", unit="m", low=0.05, high=0.5)
    free_high: float = number(0.077, "greatest sum of the gaps and the free end", unit="m", low=0.05, high=0.5)
    stack_low: float = number(0.058, "narrowest stack of cups", unit="m", low=0.03, high=0.2)
    stack_high: float = number(
        0.066, "widest stack of cups", unit="m", low=0.03, high=0.2, source="ours: the gripper takes 0.068"
    )
    depth_low: float = number(
        0.16, "least depth of the shelf", unit="m", low=0.1, high=0.6,
        source="ours: before or behind the row there is no room for the stack",
    )  # fmt: skip
    depth_high: float = number(0.18, "greatest depth of the shelf", unit="m", low=0.1, high=0.6)
    margin: float = number(
        0.030, "what is behind the last wipes, where a push that goes too far may end", unit="m", low=0.02, high=0.3
    )
    lower_low: float = number(
        0.01, "least height of the table over the shelf's upper board", unit="m", low=0.0, high=0.3,
        source="ours: what is lowered from the table's height comes onto it, and not under it",
    )  # fmt: skip
    lower_high: float = number(0.08, "greatest height of the table over it", unit="m", low=0.0, high=0.3)


@tasks.register("packing")
class Packing:
    """The paper's Constrained Packing, on the upper board of a shelf."""

    name = "packing"
    fewest = FEWEST

    def __init__(self, config: PackingConfig | None = None) -> None:
        self.config = config or PackingConfig()

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a row of wipes on a shelf, and a stack of cups on the table beside it.

        Raises:
            TaskSizeError: Too many or too few movables.
            SamplingError: No such scene came to rest.
        """
        if not FEWEST <= objects <= MOST:
            raise TaskSizeError(self.name, objects, MOST, FEWEST)
        wipes = objects - 1
        what = f"a shelf with {wipes} packs of wipes at rest"
        return _instance(self.name, at_rest(lambda: self._draw(rng, wipes), simulator, what, TRIES), wipes)

    def _draw(self, rng: np.random.Generator, wipes: int) -> World:
        """Return sizes and places before physics: the row begins at one end of the shelf, `wipes_1` at the other."""
        config, side, free = self.config, rng.choice([-1.0, 1.0]), rng.choice([-1.0, 1.0])
        low, high = [config.length_low, config.wipes_low, 0.07], [config.length_high, config.wipes_high, 0.11]
        sizes = rng.uniform(low, high, (wipes, 3))
        gaps = rng.dirichlet(np.full(wipes - 1, 20.0)) * rng.uniform(config.gaps_low, config.gaps_high)
        end = rng.uniform(config.free_low, config.free_high) - gaps.sum()
        width = end + sizes[:, 1].sum() + gaps.sum() + config.margin
        top, x = rng.uniform(0.46, 0.54), rng.uniform(0.68, 0.74)
        height = top - rng.uniform(config.lower_low, config.lower_high)
        stack = np.array([*np.full(2, rng.uniform(config.stack_low, config.stack_high)), rng.uniform(0.10, 0.14)])
        bodies = [
            Body("table", TABLE, np.array([0.50, 0.80, 0.05])),
            Body("shelf", SHELF, np.array([rng.uniform(config.depth_low, config.depth_high), width, height])),
            Body("cups", CUBOID, stack),
            *(Body(f"wipes_{i + 1}", CUBOID, size) for i, size in enumerate(sizes)),
        ]
        middle = side * (0.30 + 0.5 * width)
        poses = [
            [0.70, -side * 0.60, top - 0.025, 0.0],
            [x, middle, 0.5 * height, 0.0],
            [0.70 + rng.uniform(-0.12, 0.12), -side * rng.uniform(0.40, 0.85), top + 0.5 * stack[2] + 0.001, 0.0],
        ]
        place = end
        for size, gap in zip(sizes, [*gaps, 0.0], strict=True):
            y = middle + free * (0.5 * width - place - 0.5 * size[1])
            poses.append([x + rng.uniform(-0.015, 0.015), y, height + 0.5 * size[2] + 0.001, rng.normal() * 0.03])
            place += size[1] + gap
        return World(tuple(bodies), np.array(poses))


def _instance(name: str, world: World, wipes: int) -> TaskInstance:
    """Return what is asked of a scene: the cups stand on the board and on no wipes, and no wipes have fallen off it.

    That they touch the board says the same, but a contact is a matter of millimetres, which a camera does not tell.
    """
    row = [f"wipes_{i + 1}" for i in range(wipes)]
    literals = [GoalRelation("above", one, "shelf") for one in (*row, "cups")]
    literals += [GoalRelation("above", "cups", one, False) for one in row]
    steps = SkillStep("push", row[0]), SkillStep("pick_place", "cups")
    return TaskInstance(name, world, Goal(tuple(literals)), steps, budget=len(steps))
