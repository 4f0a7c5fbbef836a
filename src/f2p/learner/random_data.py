"""Untargeted data of the same size: the failure's bodies anywhere, any of them grasped, put anywhere.

`random` keeps things in their container (a filled box stands somewhere else), so it is the harder rival: nothing is
missing but the targeting. `small` is the paper's baseline Small as decision C21 reads it: uniform scenes, every body
by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from f2p.action.workspace import Workspace
from f2p.learner.errors import TooFewTransitionsError
from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.learner.scenes import free_indices, groups_together, scattered
from f2p.plan.placements import draw_placements
from f2p.settings import Settings, number
from f2p.sim.world import Body, reconstruct
from f2p.types import Failure, SkillCall


@dataclass(frozen=True)
class RandomDataConfig(Settings):
    """How much data, and what of it must survive simulation."""

    transitions: int = number(33, "scenes and actions", low=1, high=100_000, source="C21: the same budget as ours")
    least_share: float = number(0.5, "share that must be simulated for learning to go on", low=0.0, high=1.0)


@learners.register("random")
class RandomData:
    """Random scenes that keep containers filled."""

    name: ClassVar[str] = "random"

    def __init__(self, config: RandomDataConfig | None = None) -> None:
        self.config = config or RandomDataConfig()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Simulate random calls in random scenes. Raises TooFewTransitionsError, NothingToMoveError."""
        start = context.clock.monotonic_s()
        rng = np.random.default_rng((context.seed, 71))
        world = reconstruct(failure.outcome.before)
        groups = self._groups(world.bodies, failure)
        count = int(self.config.transitions)
        poses = np.stack([scattered(world.bodies, world.poses, groups, rng, failure) for _ in range(count)])
        calls = random_calls(failure, world.bodies, poses, rng)
        context.progress("simulate", 0.0, f"{count} random scenes")
        batch = context.simulator.simulate(world.bodies, poses, calls, seed=context.seed, tag=self.name)
        counts = {**batch.counts, "kept": len(batch.kept)}
        if len(batch.kept) < self.config.least_share * count:
            raise TooFewTransitionsError(len(batch.kept), count, counts)
        context.progress("simulate", 1.0, f"{len(batch.kept)} of {count} transitions")
        return LearnedData(batch.kept, None, counts, {"simulate": context.clock.monotonic_s() - start})

    def _groups(self, bodies: Sequence[Body], failure: Failure) -> list[list[int]]:
        """What keeps its arrangement: containers with what is in them."""
        return groups_together(bodies, failure.outcome.observed_before)


@learners.register("small")
class Small(RandomData):
    """Uniform scenes."""

    name: ClassVar[str] = "small"

    def _groups(self, bodies: Sequence[Body], failure: Failure) -> list[list[int]]:
        """Every body by itself."""
        return [[index] for index in free_indices(bodies)]


def random_calls(
    failure: Failure, bodies: Sequence[Body], poses: np.ndarray, rng: np.random.Generator
) -> tuple[SkillCall, ...]:
    """The failure's skill on a random free body of each scene, with a placement from the whole workspace.

    Args:
        failure: Names the skill.
        bodies: Bodies of all scenes.
        poses: Shape (scenes, bodies, 4).
        rng: Source of randomness.
    """
    free = free_indices(bodies)
    placements = draw_placements(failure.outcome.before, len(poses), rng, Workspace())
    calls = []
    for pose, parameter in zip(poses, placements, strict=True):
        index = int(rng.choice(free))
        parameter[:2] -= pose[index, :2]
        calls.append(SkillCall(failure.outcome.call.skill, bodies[index].name, parameter))
    return tuple(calls)
