"""Fail2Progress: infer scenes and actions around the failure, let physics check them, simulate, add counter-examples.

Particles come from Stein variational inference (A.13) in the learned model; each is then put into the simulator and has
to come to rest where it was put. What falls or spills is rejected and drawn again near one that did not (decision C5).
Counter-examples are the same scenes with another object grasped and put where the particle's own was to go. They
keep twenty transitions from teaching that everything moves with any grasp (method.md 6; not in the paper, so a number
that can be 0).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import ClassVar

import numpy as np

from f2p.learner.errors import TooFewTransitionsError
from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.learner.scenes import free_indices
from f2p.posterior.infer import PosteriorConfig, infer_with_diagnostics
from f2p.posterior.project import project
from f2p.settings import number
from f2p.sim.world import Body, reconstruct
from f2p.types import Failure, Particles, SkillCall, Transition


@dataclass(frozen=True)
class Fail2ProgressConfig:
    """How many transitions of which kind."""

    targeted: int = number(20, "particles that are simulated", low=2, high=1000, source="A.5")
    counter_examples: int = number(6, "same scenes, another object grasped", low=0, high=1000, source="method.md 6")
    posterior: PosteriorConfig = field(default_factory=PosteriorConfig)
    """Its number of particles is replaced by `targeted`."""
    least_share: float = number(0.5, "share of transitions that must be simulated", low=0.0, high=1.0)


@learners.register("fail2progress")
class Fail2Progress:
    """Targeted data by Stein variational inference."""

    name: ClassVar[str] = "fail2progress"

    def __init__(self, config: Fail2ProgressConfig | None = None) -> None:
        self.config = config or Fail2ProgressConfig()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Infer, settle, simulate. Raises TooFewTransitionsError when physics leaves too little."""
        bodies = reconstruct(failure.outcome.before).bodies
        clock = context.clock
        config = replace(self.config.posterior, particles=int(self.config.targeted))
        drawn, found = infer_with_diagnostics(
            failure, context.model, config=config, seed=context.seed, progress=context.progress, clock=clock
        )
        start = clock.monotonic_s()
        particles = project(drawn, failure, bodies, context.simulator, seed=context.seed)  # type: ignore[arg-type]
        settled = clock.monotonic_s()
        counts = {name: int(count) for name, count in particles.counts.items()}
        context.progress("settle", 1.0, f"{len(particles.calls)} of {len(drawn.calls)} particles are at rest")
        kept = self._simulate(bodies, particles.poses, particles.calls, "particle", context, counts)
        here = reconstruct(failure.outcome.before).poses[None]
        kept += self._simulate(bodies, here, (failure.outcome.call,), "failure", context, counts)
        poses, calls = self._counter_examples(bodies, particles, context)
        if calls:
            kept += self._simulate(bodies, poses, calls, "counter_example", context, counts)
        wanted = int(self.config.targeted) + 1 + int(self.config.counter_examples)
        if len(kept) < self.config.least_share * wanted:
            raise TooFewTransitionsError(len(kept), wanted, counts)
        timings = {
            "svi_states": found.seconds["prepare"] + found.seconds["states"],
            "svi_actions": found.seconds["actions"],
            "settle": settled - start,
            "simulate": clock.monotonic_s() - settled,
        }
        return LearnedData(kept, particles, counts, timings)

    def _simulate(
        self,
        bodies: tuple[Body, ...],
        poses: np.ndarray,
        calls: tuple[SkillCall, ...],
        tag: str,
        context: LearnContext,
        counts: dict[str, int],
    ) -> tuple[Transition, ...]:
        """Simulate a batch and add its counts to `counts`."""
        context.progress("simulate", 0.0, f"{len(calls)} scenes ({tag})")
        batch = context.simulator.simulate(bodies, poses, calls, seed=context.seed, tag=tag)
        for name, count in batch.counts.items():
            counts[name] = counts.get(name, 0) + int(count)
        counts[tag] = len(batch.kept)
        context.progress("simulate", 1.0, f"{len(batch.kept)} of {len(calls)} transitions ({tag})")
        return batch.kept

    def _counter_examples(
        self, bodies: tuple[Body, ...], particles: Particles, context: LearnContext
    ) -> tuple[np.ndarray, tuple[SkillCall, ...]]:
        """Scenes of some particles with another free body grasped and put where the particle's own would have gone."""
        rng = np.random.default_rng((context.seed, 72))
        count = int(self.config.counter_examples)
        chosen = rng.permutation(np.resize(np.arange(len(particles.calls)), count)) if count else np.zeros(0, int)
        calls = []
        for index in chosen:
            own = particles.calls[index]
            others = [one for one in free_indices(bodies) if bodies[one].name != own.object]
            if not others:
                return particles.poses[:0], ()
            other = int(rng.choice(others))
            target = particles.poses[index, particles.names.index(own.object), :2] + own.parameter[:2]
            parameter = np.array([*(target - particles.poses[index, other, :2]), own.parameter[2], 0.0])
            calls.append(SkillCall(own.skill, bodies[other].name, parameter))
        return particles.poses[chosen], tuple(calls)
