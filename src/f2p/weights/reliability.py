"""How far a belief of new weights can be trusted: their plans are tried in simulation, in scenes that taught nothing.

A model that has learned from a few transitions says .99 wherever it has not been told otherwise, and a planner that
takes the likeliest of many candidates finds the places where that is wrong. So the scene of the failure is set up again
with what was acted on in other places and other sizes; the model chooses what to do, as a planner would, and physics
says whether the goal was reached. What share of its beliefs came true is its reliability, by which its P(goal) is
multiplied when it serves: P(goal) = P(the model is right about this effect) x P(goal | it is).

The probes are no data: nothing is learned from them, and they do not count against a learner's budget of transitions.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from f2p.learner.errors import NothingToMoveError
from f2p.learner.scenes import groups_together, resized, scattered
from f2p.model.threads import at_once
from f2p.plan.protocol import Predictor
from f2p.plan.shooting import Candidate, ShootingConfig, shoot
from f2p.scene.goals import satisfied
from f2p.settings import Settings, number
from f2p.sim.protocol import Simulator
from f2p.sim.world import World, reconstruct
from f2p.types import Failure, Goal, SkillCall
from f2p.weights.gate import goal_as_found, goal_without_loss

DRAWS = 12
"""Places drawn for each probe, of which the first within reach are taken (ours)."""

Reporter = Callable[[float], None]
"""Called with how far this is."""


@dataclass(frozen=True)
class ReliabilityConfig(Settings):
    """How many probes, and of what kind."""

    probes: int = number(16, "scenes in which a plan is tried; none leaves beliefs as they are", low=0, high=1000)
    sizes: int = number(4, "sizes of what is acted on", low=1, high=100)
    reach: float = number(
        0.4, "farthest from where it stood", unit="m", low=0.0, high=10.0,
        source="ours: probes from the other table were harder than the tasks, and their beliefs too modest",
    )  # fmt: skip
    resize: float = number(0.15, "most by which it grows or shrinks", low=0.0, high=0.5, source="ours")
    candidates: int = number(
        400, "candidates of a plan", low=1, high=10_000, source="ours: with 100 plans were worse than a planner's"
    )
    believed: float = number(0.5, "P(goal) from which on a plan is tried", low=0.0, high=1.0, source="as the planner")
    least: int = number(4, "plans tried, below which nothing is known", low=1, high=1000, source="ours")


@dataclass(frozen=True)
class Reliability:
    """What the probes came to."""

    probability: float
    """Share of the beliefs that came true, drawn towards one half by a probe more; by this P(goal) is multiplied."""
    probes: int
    """Scenes planned for."""
    tried: int
    """Plans that were believed, and simulated."""
    right: int
    """Those that reached the goal."""
    belief: float
    """Mean P(goal) of the plans that were tried."""

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return asdict(self)


def measure_reliability(
    predictor: Predictor,
    failure: Failure,
    simulator: Simulator,
    seed: int,
    config: ReliabilityConfig | None = None,
    report: Reporter = lambda _: None,
    workers: int = 1,
) -> Reliability | None:
    """Let `predictor` plan the failed step again where it has not learned, and see how often it is right.

    The goal is the failure's; where one such step is hardly ever believed to reach it, what its relations turned out to
    be, but for what the step lost; and where that does not, either, that too (ours: asked to push a pack off its shelf,
    as had happened, plans failed that would have kept it there, and packing was believed at .2 and succeeded).

    Args:
        predictor: New weights, as they are.
        failure: What they were taught by.
        simulator: Executes and labels.
        seed: Of scenes and plans.
        config: How many.
        report: Called as it goes, by any of the workers.
        workers: Threads that plan at once.

    Returns:
        None where too few plans were believed to say anything: then beliefs stay as they are.
    """
    config = config or ReliabilityConfig()
    goal, before, after = failure.goal, failure.outcome.observed_before, failure.outcome.observed_after
    for asked in dict.fromkeys((goal, goal_without_loss(goal, before, after), goal_as_found(goal, after))):
        beliefs, right, probes = _tried(predictor, failure, asked, simulator, seed, config, report, workers)
        if len(beliefs) >= config.least:
            break
    if len(beliefs) < config.least:
        return None
    share = (right + 0.5) / (sum(beliefs) + 1.0)
    return Reliability(min(1.0, share), probes, len(beliefs), right, float(np.mean(beliefs)))


def _tried(
    predictor: Predictor,
    failure: Failure,
    goal: Goal,
    simulator: Simulator,
    seed: int,
    config: ReliabilityConfig,
    report: Reporter,
    workers: int,
) -> tuple[list[float], int, int]:
    """Return beliefs of the plans that were tried, how many reached the goal, and how many scenes were planned for."""
    rng = np.random.default_rng((seed, 77))
    step, shooting = failure.outcome.call.step, ShootingConfig(candidates=config.candidates)
    probes = [(world, pose) for world, poses in _scenes(failure, config, rng) for pose in poses]
    seen = [simulator.observe(replace(world, poses=pose), seed + row) for row, (world, pose) in enumerate(probes)]
    told = itertools.count(1)

    def planned(row: int) -> Candidate:
        found = shoot(predictor, seen[row], (step,), goal, np.random.default_rng((seed, 78, row)), config=shooting)
        report(next(told) / len(probes))
        return found

    plans = at_once([partial(planned, row) for row in range(len(probes))], workers)
    right, beliefs = 0, [plan.probability for plan in plans if plan.probability >= config.believed]
    for world, rows in itertools.groupby(range(len(probes)), key=lambda row: probes[row][0]):
        believed = [row for row in rows if plans[row].probability >= config.believed]
        if believed:
            calls = [SkillCall(step.skill, step.object, plans[row].parameters[0]) for row in believed]
            poses = np.stack([probes[row][1] for row in believed])
            batch = simulator.simulate(world.bodies, poses, calls, seed=seed, tag="probe", openings=world.openings)
            right += sum(satisfied(goal, one.relations_after) for one in batch.kept)
    return beliefs, right, len(probes)


def _scenes(
    failure: Failure, config: ReliabilityConfig, rng: np.random.Generator
) -> Iterator[tuple[World, np.ndarray]]:
    """Worlds, and poses (scenes, bodies, 4): what was acted on stands elsewhere with what is in it, all else stays."""
    world = reconstruct(failure.outcome.before)
    acted = world.index(failure.outcome.call.object)
    groups = [one for one in groups_together(world.bodies, failure.outcome.observed_before) if acted in one]
    for place in range(config.sizes):
        count = len(range(place, config.probes, config.sizes))
        other = resized(world, groups, 1.0 + rng.uniform(-config.resize, config.resize, len(groups)))
        try:
            drawn = [scattered(other.bodies, other.poses, groups, rng, failure) for _ in range(DRAWS * count)]
        except NothingToMoveError:
            continue
        far = [float(np.linalg.norm(pose[acted, :2] - world.poses[acted, :2])) for pose in drawn]
        poses = [pose for pose, one in zip(drawn, far, strict=True) if one <= config.reach][:count]
        if poses:
            yield other, np.stack(poses)
