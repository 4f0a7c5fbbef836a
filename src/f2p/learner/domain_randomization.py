"""Domain randomization (A.16): the failure's scene with other sizes, places and frictions, the failed skill in each.

What the failed skill acted on is acted on again, with a placement from the whole workspace: the failure says what to
simulate, but nothing asks the model where it is wrong (our reading; the paper's text on it was not found).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from f2p.learner.protocol import LearnContext, learners
from f2p.learner.scenes import random_calls, resized, scattered
from f2p.learner.untargeted import Request, Untargeted, UntargetedConfig
from f2p.settings import number
from f2p.sim.protocol import VariableFriction
from f2p.sim.world import reconstruct
from f2p.types import Failure


@dataclass(frozen=True)
class DomainRandomizationConfig(UntargetedConfig):
    """Ranges; all draws are uniform."""

    resize: float = number(
        0.2, "most that a container with its contents, or a body by itself, grows or shrinks", low=0.0, high=0.5,
        source="ours: as the tasks draw theirs",
    )  # fmt: skip
    friction_least: float = number(0.4, "lowest sliding friction", low=0.05, high=2.0, source="ours")
    friction_most: float = number(1.2, "highest sliding friction", low=0.05, high=2.0, source="ours")


@learners.register("domain_randomization")
class DomainRandomization(Untargeted):
    """The failed skill in randomised versions of its scene."""

    name: ClassVar[str] = "domain_randomization"
    defaults: ClassVar[type[UntargetedConfig]] = DomainRandomizationConfig
    config: DomainRandomizationConfig

    def _requests(
        self, failure: Failure, count: int, context: LearnContext, rng: np.random.Generator
    ) -> Iterator[Request]:
        """`count` scenes, each with bodies of its own; friction varies where the simulator lets it."""
        world, simulator = reconstruct(failure.outcome.before), context.simulator
        groups = self._groups(world, failure)
        for _ in range(count):
            factors = 1.0 + rng.uniform(-self.config.resize, self.config.resize, len(groups))
            other = resized(world, groups, factors)
            poses = scattered(other.bodies, other.poses, groups, rng, failure)[None]
            if isinstance(context.simulator, VariableFriction):
                simulator = context.simulator.with_friction(
                    float(rng.uniform(self.config.friction_least, self.config.friction_most))
                )
            calls = random_calls(failure, other.bodies, poses, rng, failure.outcome.call.object)
            yield Request(simulator, other.bodies, poses, other.openings, calls)
