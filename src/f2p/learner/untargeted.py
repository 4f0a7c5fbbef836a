"""What learners share that ask nothing of the model: scenes by chance, an action in each, up to the budget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from f2p.learner.errors import TooFewTransitionsError
from f2p.learner.protocol import LearnContext, LearnedData
from f2p.learner.scenes import groups_together, random_calls, scattered
from f2p.settings import Settings, number
from f2p.sim.protocol import Simulator
from f2p.sim.world import Body, World, reconstruct
from f2p.types import Failure, SkillCall, Transition

CHUNK = 100
"""Scenes simulated between two words of progress, at which learning can be canceled (ours: a second or two)."""


@dataclass(frozen=True)
class UntargetedConfig(Settings):
    """How much data, and what of it must survive simulation."""

    transitions: int = number(60, "scenes and actions", low=1, high=100_000, source="C21: the same budget as ours")
    least_share: float = number(0.5, "share that must be simulated for learning to go on", low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Request:
    """Scenes of the same bodies, and a call in each."""

    simulator: Simulator
    bodies: Sequence[Body]
    poses: np.ndarray
    """Shape (scenes, bodies, 4)."""
    openings: np.ndarray
    """Of drawers, the same in all scenes [m]. Shape (bodies,)."""
    calls: tuple[SkillCall, ...]


class Untargeted:
    """Data by chance; a learner of its own for each way to draw scenes."""

    name: ClassVar[str]
    defaults: ClassVar[type[UntargetedConfig]] = UntargetedConfig
    """Of which the config is made where none is given."""

    def __init__(self, config: UntargetedConfig | None = None) -> None:
        self.config = config or self.defaults()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Simulate random calls in random scenes. Raises TooFewTransitionsError, NothingToMoveError."""
        start = context.clock.monotonic_s()
        count, rng = context.budget(self.config.transitions), np.random.default_rng((context.seed, 71))
        counts: Counter[str] = Counter()
        kept: list[Transition] = []
        context.progress("simulate", 0.0, f"{count} scenes ({self.name})")
        for number_, one in enumerate(self._requests(failure, count, context, rng)):
            seed = context.seed if not number_ else int(rng.integers(2**31))
            batch = one.simulator.simulate(
                one.bodies, one.poses, one.calls, seed=seed, tag=self.name, openings=one.openings
            )
            counts.update(batch.counts)
            kept += batch.kept
            context.progress("simulate", min(1.0, counts["runs"] / count), f"{len(kept)} of {count} transitions")
        if len(kept) < self.config.least_share * count:
            raise TooFewTransitionsError(len(kept), count, dict(counts))
        timings = {"simulate": context.clock.monotonic_s() - start}
        return LearnedData(tuple(kept), None, {**counts, "kept": len(kept)}, timings)

    def _requests(
        self, failure: Failure, count: int, context: LearnContext, rng: np.random.Generator
    ) -> Iterator[Request]:
        """`count` scenes of the failure's own bodies, chunk by chunk."""
        world = reconstruct(failure.outcome.before)
        groups = self._groups(world, failure)
        for first in range(0, count, CHUNK):
            scenes = range(min(CHUNK, count - first))
            poses = np.stack([scattered(world.bodies, world.poses, groups, rng, failure) for _ in scenes])
            yield Request(
                context.simulator, world.bodies, poses, world.openings, random_calls(failure, world.bodies, poses, rng)
            )

    def _groups(self, world: World, failure: Failure) -> list[list[int]]:
        """Return what keeps its arrangement: containers with what is in them."""
        return groups_together(world.bodies, failure.outcome.observed_before)
