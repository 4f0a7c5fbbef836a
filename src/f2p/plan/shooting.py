"""Shooting: draw parameters for a given skeleton, let the model roll all of them out, keep the likeliest (A.11.2).

A first share of the candidates is drawn jointly over all steps; the rest redraws one step at a time of the best so far,
over the whole workspace again (ours: three independent hits of one in ten are one in a thousand when drawn jointly).
With one step it is exactly the paper's shooting.

Of near-equals one is taken by the rule of `ties.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.action.workspace import Workspace
from f2p.plan.proposals import check_skeleton, drawn, parameters_of
from f2p.plan.protocol import Predictor
from f2p.plan.ties import TieRule, choose, scores_of
from f2p.settings import Settings, group, number
from f2p.types import Goal, Scene, SkillStep


@dataclass(frozen=True)
class ShootingConfig(Settings):
    """How many candidates, and when two of them are equally good."""

    candidates: int = number(
        1000, "candidates per skeleton", low=1, high=100_000, source="ours; K_a is not given in A.11.2"
    )
    joint_share: float = number(0.4, "share drawn jointly over all steps", low=0.0, high=1.0)
    ties: TieRule = group(TieRule)


@dataclass(frozen=True, eq=False)
class Candidate:
    """One skeleton with parameters and what it is worth."""

    skeleton: tuple[SkillStep, ...]
    parameters: np.ndarray
    """Of every step, filled up with zeros to the widest skill. Shape (steps, P)."""
    probability: float
    """P(goal) after the last step."""
    evaluated: int = 0
    """Rollouts asked for to find it."""
    ties: int = 1
    """How many candidates it was drawn from."""


def shoot(
    predictor: Predictor,
    scene: Scene,
    skeleton: Sequence[SkillStep],
    goal: Goal,
    rng: np.random.Generator,
    workspace: Workspace | None = None,
    config: ShootingConfig | None = None,
) -> Candidate:
    """Find parameters for `skeleton` that make `goal` likely.

    Raises:
        BadSkeletonError, UnplannableSkillError, NothingMovableError: The skeleton does not fit the scene.
        BadScoresError: The predictor gave no probabilities.
    """
    config, workspace = config or ShootingConfig(), workspace or Workspace()
    steps = check_skeleton(scene, skeleton)
    total, horizon = int(config.candidates), len(steps)
    joint = total if horizon == 1 else max(1, round(config.joint_share * total))
    proposals = drawn(scene, steps, joint, rng, workspace)
    scores = scores_of(predictor, scene, steps, proposals, goal)
    rest = total - joint
    for turn in range(2 * horizon if rest else 0):
        count = rest // (2 * horizon) + (turn < rest % (2 * horizon))
        if not count:
            continue
        redrawn, one = np.repeat(proposals[[int(np.argmax(scores))]], count, axis=0), turn % horizon
        fresh = drawn(scene, steps[one : one + 1], count, rng, workspace)[:, 0]
        redrawn[:, one, : fresh.shape[1]] = fresh
        proposals = np.concatenate([proposals, redrawn])
        scores = np.concatenate([scores, scores_of(predictor, scene, steps, redrawn, goal)])
    if scores.max() <= config.ties.tolerance:  # redrawn ones lie about a best that is none
        proposals, scores = proposals[:joint], scores[:joint]
    best, ties = choose(predictor, scene, steps, proposals, scores, config.ties, rng)
    parameters = parameters_of(scene, steps, proposals[best][None])[0]
    return Candidate(steps, parameters, float(scores[best]), total, ties)
