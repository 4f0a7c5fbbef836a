"""A trial of a skill: a random scene, a call in it, and how far from what was asked the truth is afterwards."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from f2p.registry import Registry
from f2p.sim.world import World
from f2p.twin.twin import Truth
from f2p.types import SkillCall


class SkillTrial(Protocol):
    """How a skill is tried; no state."""

    near: float
    """An object this near to where it was asked to be is there [m]."""
    least: float
    """Limit: share of the runs in which it is."""
    config: Any
    """Settings of the skill; None for its own."""

    def world(self, rng: np.random.Generator) -> World:
        """Make a random scene at rest."""

    def call(self, truth: Truth, run: int, rng: np.random.Generator) -> SkillCall:
        """Choose what to do in the scene as it truly is; `run` counts the runs."""

    def off(self, call: SkillCall, before: Truth, after: Truth) -> float:
        """Return how far the object is from where it was asked to be [m]."""


trials: Registry[SkillTrial] = Registry("trial of a skill", "f2p.bench.trials")
"""All trials by the skill's name."""


def off_target(call: SkillCall, before: Truth, after: Truth) -> float:
    """Return how far the call's object is, in plan, from where its first two parameters displace it [m]."""
    index = before.names.index(call.object)
    return float(np.linalg.norm((after.poses[index] - before.poses[index])[:2] - call.parameter[:2]))
