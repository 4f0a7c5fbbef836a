"""What a task is: random instances with a goal on the world, a proposed skeleton and a budget of skills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from f2p.registry import Makers
from f2p.scene.goals import satisfied
from f2p.sim.protocol import Simulator
from f2p.sim.world import World
from f2p.types import Goal, Relations, SkillStep


@dataclass(frozen=True, eq=False)
class TaskInstance:
    """One scene with something to achieve in it."""

    task: str
    """Name in the registry."""
    world: World
    """At rest."""
    goal: Goal
    proposal: tuple[SkillStep, ...]
    """The skeleton common sense proposes: objects, no parameters (the paper's given skeleton)."""
    budget: int
    """Skills that free search may use."""

    def success(self, truth: Relations) -> bool:
        """Tell whether the goal is true of the simulator's relations."""
        return satisfied(self.goal, truth)


class Task(Protocol):
    """A maker of instances. They depend on nothing but the generator, the number of objects and the simulator."""

    name: str
    fewest: int
    """Objects of its smallest scene."""

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        """Make a fresh instance, at rest in `simulator`, whose goal is not met yet."""


tasks: Makers[Task] = Makers("task", "f2p.tasks")
"""All tasks by name, each made from its config or from nothing."""
