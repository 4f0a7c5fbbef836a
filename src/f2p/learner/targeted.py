"""What learners share that infer scenes and actions around a failure: settle, simulate, split the budget.

Each particle of the inference is put into the simulator and has to come to rest where it was put; what falls or spills
is rejected and drawn again near one that did not (decision C5). Beside the particles stand

- counter-examples: the same scenes with another object grasped and put where the particle's own was to go. They keep
  twenty transitions from teaching that everything moves with any grasp (method.md 6; not in the paper, so a share that
  can be 0);
- scenes in which some of what moved along has been put elsewhere first: they keep a full box from teaching that it
  takes a full box (ours, likewise);
- scenes in which another skill does something to the particle's object, where that surprises the model as well
  (`other_skills.py`);
- the failed step itself, as it would be rebuilt.

Some of it all lies around the scene that the failure left, since the robot plans again from there (ours: scenes before
the failure all have the box on its first table; a share that can be 0, as in the paper).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import ClassVar

import numpy as np

from f2p.action.protocol import actions, aiming, moves
from f2p.learner.errors import TooFewTransitionsError
from f2p.learner.other_skills import done_otherwise, other_skills, surprising
from f2p.learner.protocol import FAILED_STEP, LearnContext, LearnedData
from f2p.learner.scenes import as_it_was_left, possible, put_elsewhere
from f2p.learner.shares import Split, TargetedConfig, split
from f2p.model.threads import at_once
from f2p.monitor.compare import carried_along
from f2p.posterior.config import PosteriorConfig
from f2p.posterior.diagnostics import Diagnostics, placements
from f2p.posterior.errors import AllRejectedError
from f2p.posterior.project import project
from f2p.sim.world import World, reconstruct
from f2p.types import Failure, Particles, SkillCall, Transition

OTHERWISE = "otherwise"
"""Tag of transitions in which another skill was used."""


@dataclass
class _Gathered:
    """What has come together so far."""

    carried: list[int]
    """Segments that were seen to move along."""
    others: tuple[str, ...]
    """Other skills that apply to the object acted on."""
    places: np.ndarray
    """Where the object acted on stood in what is to be learned, and where it was brought (`_places`)."""
    transitions: tuple[Transition, ...] = ()
    particles: list[Particles] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    seconds: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))


class Targeted:
    """Data around a failure by the inference that the config names; a learner of its own for each mode of inference."""

    name: ClassVar[str]
    mode: ClassVar[str] = "svi"
    """How scenes and actions are inferred where no config is given; a name in `modes`."""

    def __init__(self, config: TargetedConfig | None = None) -> None:
        self.config = config or TargetedConfig(posterior=PosteriorConfig(mode=self.mode))

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        """Infer, settle, simulate. Raises TooFewTransitionsError when physics leaves too little."""
        here, call = reconstruct(failure.outcome.before), failure.outcome.call
        failed = Particles(failure.outcome.before.names, here.poses[None], (call,), np.zeros(1), np.zeros(1))
        moved = carried_along(failure.outcome, self.config.carried)
        before = failure.outcome.before
        others = other_skills(context.model, call, before.segments[before.index(call.object)])
        out = _Gathered(np.flatnonzero(moved).tolist(), others, _places(failed))
        shares = split(context.budget(self.config.transitions), self.config, len(out.carried), len(others))
        views = self._views(failure, shares, out)
        tasks = [partial(self._inferred, view, count, context) for view, _, count in views]
        for (view, part, _), found in zip(views, at_once(tasks, context.workers), strict=True):
            try:
                self._around(view, part, found, context, out)
            except AllRejectedError as error:
                if view is failure:
                    raise
                context.progress("settle", 1.0, f"around the scene that was left: {error}")
        self._simulate(here, failed.poses, failed.calls, FAILED_STEP, failure, context, out)
        wanted, kept = shares.particles + 1, out.counts["particle"] + out.counts[FAILED_STEP]
        if kept < self.config.least_share * wanted:
            raise TooFewTransitionsError(kept, wanted, dict(out.counts))
        return LearnedData(out.transitions, _together(out.particles), dict(out.counts), dict(out.seconds))

    def _views(self, failure: Failure, shares: Split, out: _Gathered) -> list[tuple[Failure, Split, int]]:
        """Return the scenes to infer around, what is gathered around each, and how many particles are inferred for it.

        Inference is no simulation: for a smaller budget as many particles are inferred as for the learner's own, since
        one or two alone have nothing to keep their distance from and end at the same mode.
        """
        left = as_it_was_left(failure, out.carried) if self.config.aftermath else None
        later = 0.0 if left is None else self.config.aftermath
        own = split(self.config.transitions, self.config, len(out.carried), len(out.others))
        views = zip((failure, left), shares.parted(later), own.parted(later), strict=True)
        return [
            (view, part, max(part.particles, usual.particles))
            for view, part, usual in views
            if view is not None and part.particles
        ]

    def _inferred(self, view: Failure, count: int, context: LearnContext) -> tuple[Particles, Diagnostics]:
        """Return particles around one scene, not yet at rest."""
        from f2p.posterior.infer import infer

        config = replace(self.config.posterior, particles=count)
        return infer(
            view, context.model, config=config, seed=context.seed, progress=context.progress, clock=context.clock
        )

    def _around(
        self,
        view: Failure,
        part: Split,
        inferred: tuple[Particles, Diagnostics],
        context: LearnContext,
        out: _Gathered,
    ) -> None:
        """Bring particles around one scene to rest, simulate them and what keeps them from teaching too much."""
        world, clock, (drawn, found) = reconstruct(view.outcome.before), context.clock, inferred
        start = clock.monotonic_s()
        rested = project(
            drawn,
            view,
            world.bodies,
            context.simulator,
            seed=context.seed,
            openings=world.openings,
        )
        out.seconds["svi_states"] += found.seconds["prepare"] + found.seconds["states"]
        out.seconds["svi_actions"] += found.seconds["actions"]
        out.seconds["settle"] += clock.monotonic_s() - start
        particles, others = _dealt(rested, part.particles, out.places)
        out.places = np.concatenate([out.places, _places(particles)])
        out.particles.append(particles)
        out.counts.update({name: int(number) for name, number in rested.counts.items()})
        context.progress("settle", 1.0, f"{len(rested.calls)} of {len(drawn.calls)} particles are at rest")
        self._simulate(world, particles.poses, particles.calls, "particle", view, context, out)
        for tag, (poses, calls) in (
            ("counter_example", _counter_examples(world, others, part.counter_examples, out.carried, context.seed)),
            ("elsewhere", _put_elsewhere(world, others, part.elsewhere, out.carried, context.seed)),
            (OTHERWISE, done_otherwise(world, others, part.otherwise, out.others, out.carried, context.seed)),
        ):
            if calls:
                self._simulate(world, poses, calls, tag, view, context, out)

    def _simulate(
        self,
        world: World,
        poses: np.ndarray,
        calls: tuple[SkillCall, ...],
        tag: str,
        view: Failure,
        context: LearnContext,
        out: _Gathered,
    ) -> None:
        """Simulate a batch; what hides behind a wall takes its cloud from the failure's scene (method.md 6.4).

        What the robot would refuse is left out: it would teach that nothing happens (ours).
        """
        start = context.clock.monotonic_s()
        rows = np.flatnonzero(possible(world.bodies, poses, calls))
        out.counts["refused"] += len(calls) - len(rows)
        if not len(rows):
            return
        poses, calls = poses[rows], tuple(calls[row] for row in rows)
        context.progress("simulate", 0.0, f"{len(calls)} scenes ({tag})")
        batch = context.simulator.simulate(
            world.bodies, poses, calls, seed=context.seed, tag=tag, seen=view.outcome.before, openings=world.openings
        )
        kept = batch.kept
        if tag == OTHERWISE:
            kept = surprising(context.model, kept, view.outcome.call.object, self.config.carried)
        out.counts.update({name: int(count) for name, count in batch.counts.items()} | {tag: len(kept)})
        out.transitions += kept
        out.seconds["simulate"] += context.clock.monotonic_s() - start
        context.progress("simulate", 1.0, f"{len(batch.kept)} of {len(calls)} transitions ({tag})")


def _dealt(particles: Particles, count: int, known: np.ndarray) -> tuple[Particles, Particles]:
    """Return `count` particles that lie far apart, and those whose scenes the other kinds are made of: the rest.

    Where there is no rest, the same ones.

    Args:
        particles: Where the object acted on stands in each and where it is brought is what they are compared by.
        count: How many.
        known: What they shall be far from too. Shape (others, 4).
    """
    if count >= len(particles.calls):
        return particles, particles
    places, order = _places(particles), list[int]()
    nearest = np.linalg.norm(places[:, None] - known, axis=-1).min(1)
    while len(order) < len(places):
        order.append(int(nearest.argmax()))
        nearest = np.minimum(nearest, np.linalg.norm(places - places[order[-1]], axis=-1))
        nearest[order] = -1.0
    return _some(particles, order[:count]), _some(particles, order[count:])


def _places(particles: Particles) -> np.ndarray:
    """Return where the object acted on stands, and where it is brought: x, y of both [m]. Shape (M, 4)."""
    rows = [particles.names.index(call.object) for call in particles.calls]
    return np.hstack([particles.poses[np.arange(len(rows)), rows, :2], placements(particles)])


def _some(particles: Particles, rows: list[int]) -> Particles:
    """Return some of the particles."""
    return replace(
        particles,
        poses=particles.poses[rows],
        calls=tuple(particles.calls[row] for row in rows),
        log_target=particles.log_target[rows],
        log_entropy=particles.log_entropy[rows],
    )


def _together(found: list[Particles]) -> Particles:
    """Return particles of several scenes of the same segments as one set."""
    counts: Counter[str] = Counter()
    for one in found:
        counts.update(one.counts)
    return replace(
        found[0],
        poses=np.concatenate([one.poses for one in found]),
        calls=tuple(call for one in found for call in one.calls),
        log_target=np.concatenate([one.log_target for one in found]),
        log_entropy=np.concatenate([one.log_entropy for one in found]),
        counts=dict(counts),
    )


def _counter_examples(
    world: World, particles: Particles, count: int, carried: Sequence[int], seed: int
) -> tuple[np.ndarray, tuple[SkillCall, ...]]:
    """Return scenes of some particles with another body acted on, and brought where the particle's own would have gone.

    What says nothing of where is left at nothing, or as near to it as the skill allows. In every second scene some of
    what moved along has been put elsewhere first (ours: with all of it there, each time, a search unpacked a box by
    taking the second of two out of it, which was believed to take the other along).
    """
    rng, segments = np.random.default_rng((seed, 72)), world.scene.segments
    chosen = rng.permutation(np.resize(np.arange(len(particles.calls)), count)) if count else np.zeros(0, int)
    poses, calls = particles.poses[chosen], []
    for row, index in enumerate(chosen):
        own = particles.calls[index]
        action, moving = actions.get(own.skill), moves(own.skill)
        others = [i for i, one in enumerate(segments) if one.name != own.object and action.applies(one)]
        if not others:
            return particles.poses[:0], ()
        other = int(rng.choice(others))
        rest = [one for one in rng.permutation(carried) if one != other] if row % 2 else []
        away = rest[: int(rng.integers(1, len(rest) + 1))] if rest else []
        scene = put_elsewhere(world.bodies, poses[row], away, own, rng) if away else None
        poses[row] = poses[row] if scene is None else scene
        apart = poses[row, particles.names.index(own.object), :3] - poses[row, other, :3]
        least = np.clip(0.0, [one.low for one in action.parameters], [one.high for one in action.parameters])
        parameter = np.where(moving.any(axis=1), own.parameter + moving @ apart * aiming(own.skill), least)
        calls.append(SkillCall(own.skill, world.bodies[other].name, parameter))
    return poses, tuple(calls)


def _put_elsewhere(
    world: World, particles: Particles, count: int, carried: list[int], seed: int
) -> tuple[np.ndarray, tuple[SkillCall, ...]]:
    """Scenes of some particles with some of what moved along put elsewhere first; their own action is done then."""
    rng = np.random.default_rng((seed, 74))
    poses, calls = [], []
    for index in rng.permutation(np.resize(np.arange(len(particles.calls)), count)) if len(carried) > 1 else ():
        chosen = rng.permutation(carried)[: int(rng.integers(1, len(carried)))]
        scene = put_elsewhere(world.bodies, particles.poses[index], chosen.tolist(), particles.calls[index], rng)
        if scene is not None:
            poses.append(scene)
            calls.append(particles.calls[index])
    return np.array(poses).reshape(-1, len(world.bodies), 4), tuple(calls)
