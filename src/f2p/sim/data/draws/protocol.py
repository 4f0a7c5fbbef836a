"""What is pre-trained on, one file a skill: which bodies, where they are, and what is done to one of them.

The model shall not know yet what is to be learned from failures: contents travel with what holds them, pushed bodies
push others. So each skill acts on single bodies, and what went otherwise is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from f2p.registry import Makers
from f2p.sim.data.random_scenes import Placement, RandomSceneConfig
from f2p.sim.world import Body
from f2p.types import SkillCall, Transition

MOVED = 0.03
"""A body that holds others and was displaced farther [m] was moved: such an execution is not kept."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One random scene and what is done in it."""

    poses: np.ndarray
    """Shape (bodies, 4)."""
    call: SkillCall
    openings: np.ndarray | None = None
    """How far bodies are open [m]; None where none is. Shape (bodies,)."""


class Draw(Protocol):
    """How random executions of one skill are drawn; no state, all that is random comes from `rng`."""

    def bodies(self, rng: np.random.Generator, scenes: RandomSceneConfig) -> tuple[Body, ...]:
        """Draw one set of bodies, for several scenes."""

    def scene(self, bodies: Sequence[Body], rng: np.random.Generator, scenes: RandomSceneConfig) -> Drawn | None:
        """Place them and choose a call; None where there is none to choose. Raises SamplingError: no place for one."""

    def keeps(self, transition: Transition) -> bool:
        """Tell, by what truly happened, whether it may be learned from."""


draws: Makers[Draw] = Makers("draw of executions", "f2p.sim.data.draws")
"""All draws by the skill's name; how they draw is their config."""


def alone(bodies: Sequence[Body], placement: Placement) -> list[int]:
    """Return movables that hold nothing and carry nothing: moving them moves one object."""
    filled = set(placement.container.tolist())
    out = []
    for i, body in enumerate(bodies):
        if not body.free or i in filled:
            continue
        delta = placement.poses[:, :3] - placement.poses[i, :3]
        near = np.linalg.norm(delta[:, :2], axis=-1) < 0.5 * np.linalg.norm(body.size[:2])
        if not np.any(near & (delta[:, 2] > 0.02)):
            out.append(i)
    return out
