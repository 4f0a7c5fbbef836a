"""What a task is: random instances with a goal on the world, a proposed skeleton and a budget of skills."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from f2p.registry import Registry
from f2p.scene.goals import satisfied
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
        """Whether the goal is true of the simulator's relations."""
        return satisfied(self.goal, truth)


class Task(Protocol):
    """A maker of instances. Instances depend on nothing but the generator and the number of objects."""

    name: str

    def make(self, rng: np.random.Generator, objects: int) -> TaskInstance:
        """A fresh instance, at rest, whose goal is not met yet."""


tasks: Registry[type] = Registry("task")
"""All tasks by name."""
