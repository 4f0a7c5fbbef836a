"""Shooting: draw parameters for a given skeleton, let the model roll all of them out, keep the likeliest (A.11.2).

A first share of the candidates is drawn jointly over all steps; the rest redraws one step at a time of the best so far,
over the whole workspace again (ours: three independent hits of one in ten are one in a thousand when drawn jointly).
With one step it is exactly the paper's shooting.

Ties: probabilities within `tie_tolerance` of the best are the same to us; those that put nothing where another thing
stands are preferred (ours: a goal about contents says nothing against a box set down on the landmark). Where a plan is
likely the surest of them is taken: the one whose nearest candidates are likely too, since no robot puts a thing exactly
where it was told (ours: at the rim of what is likely one in five boxes fell off the table). Where nothing is likely one
is drawn uniformly from the joint candidates, instead of whatever corner the largest of tiny numbers happens to prefer;
and from those that are expected to leave what they move standing on furniture, off its rim, if there are any (ours:
three of four guesses of one room dropped the box off an edge, and where it cannot be seen nothing can be learned).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from f2p.plan.errors import BadScoresError
from f2p.plan.placements import Workspace, check_skeleton, draw_placements, parameters_of
from f2p.plan.protocol import Predictor
from f2p.settings import number
from f2p.types import Goal, GoalRelation, Scene, SkillStep

GUESSES = 128
"""Near-equal guesses that are asked whether what they move will stand (ours: a tenth of a planning)."""


@dataclass(frozen=True)
class ShootingConfig:
    """How many candidates, and when two of them are equally good."""

    candidates: int = number(
        1000, "candidates per skeleton", low=1, high=100_000, source="ours; K_a is not given in A.11.2"
    )
    joint_share: float = number(0.4, "share drawn jointly over all steps", low=0.0, high=1.0)
    tie_tolerance: float = number(
        0.01,
        "probabilities this close to the best are ties",
        low=0.0,
        high=1.0,
        source="ours: half the calibration gap",
    )
    neighbours: int = number(
        20, "nearest candidates that must be likely too", low=1, high=1000, source="ours: about 8 cm around in 1,000"
    )


@dataclass(frozen=True, eq=False)
class Candidate:
    """One skeleton with parameters and what it is worth."""

    skeleton: tuple[SkillStep, ...]
    placements: np.ndarray
    """Shape (steps, 4)."""
    parameters: np.ndarray
    """Shape (steps, 4), [m, m, m, rad]."""
    probability: float
    """P(goal) after the last step."""
    evaluated: int = 0
    """Rollouts asked for to find it."""
    ties: int = 1
    """How many candidates it was drawn from."""


def scores_of(
    predictor: Predictor, scene: Scene, skeleton: tuple[SkillStep, ...], placements: np.ndarray, goal: Goal
) -> np.ndarray:
    """P(goal) of each row of placements (candidates, steps, 4); refuses answers that are no probabilities.

    Raises:
        BadScoresError: Wrong shape, not finite, or outside [0, 1].
    """
    parameters = parameters_of(scene, skeleton, placements)
    scores = np.asarray(predictor.score(scene, skeleton, parameters, goal), dtype=np.float64)
    if scores.shape != (len(placements),):
        raise BadScoresError(predictor.weights_id, f"shape {scores.shape} instead of {(len(placements),)}")
    if not np.all(np.isfinite(scores)):
        raise BadScoresError(predictor.weights_id, f"{int(np.sum(~np.isfinite(scores)))} of them are not finite")
    if np.any(scores < -1e-6) or np.any(scores > 1 + 1e-6):
        raise BadScoresError(predictor.weights_id, f"range {scores.min():.3g} .. {scores.max():.3g}")
    return np.clip(scores, 0.0, 1.0)


def draw_best(scores: np.ndarray, tolerance: float, rng: np.random.Generator) -> tuple[int, int]:
    """Draw uniformly among the scores within `tolerance` of the best.

    Returns:
        The index drawn, and how many there were to draw from.
    """
    ties = np.flatnonzero(scores >= scores.max() - tolerance)
    return int(rng.choice(ties)), len(ties)


def draw_standing(
    predictor: Predictor,
    scene: Scene,
    skeleton: tuple[SkillStep, ...],
    placements: np.ndarray,
    scores: np.ndarray,
    tolerance: float,
    rng: np.random.Generator,
) -> tuple[int, int]:
    """Draw uniformly among near-equal guesses after which all that is moved stands clear on furniture, off its rim.

    Where it stands is the model's to say; that two things are not put into one place, geometry's.

    Returns:
        The index drawn, from any of the near-equals if none is expected to, and how many near-equals there were.
    """
    ties = np.flatnonzero(scores >= scores.max() - tolerance)
    pool = rng.permutation(ties)[:GUESSES]
    standing = clear_of_things(scene, skeleton, placements[pool]).astype(float)
    for name in sorted({step.object for step in skeleton}):
        wishes = [
            Goal((GoalRelation("above", name, one.name), GoalRelation("boundary", name, one.name, False)))
            for one in scene.segments if not one.movable
        ]  # fmt: skip
        on_furniture = [scores_of(predictor, scene, skeleton, placements[pool], wish) for wish in wishes]
        standing = np.minimum(standing, np.max(on_furniture, axis=0, initial=0.0))
    good = pool[standing >= 0.5]
    return int(rng.choice(good if len(good) else pool)), len(ties)


def clear_of_things(scene: Scene, skeleton: Sequence[SkillStep], placements: np.ndarray) -> np.ndarray:
    """Whether what is moved meets nothing that can be moved, whichever way both are turned.

    Two things that are put where the other one was are no concern of this; one is compared with where things are now.

    Args:
        scene: Where they are now.
        skeleton: H steps; an object that is moved twice ends where its last step puts it.
        placements: Shape (candidates, H, 4).

    Returns:
        Shape (candidates,), bool.
    """
    radius = {one.name: 0.5 * float(np.linalg.norm(one.box.size[:2])) for one in scene.segments}
    clear = np.ones(len(placements), dtype=bool)
    for index, name in {step.object: (index, step.object) for index, step in enumerate(skeleton)}.values():
        for other in scene.segments:
            if other.movable and other.name != name:
                apart = np.linalg.norm(placements[:, index, :2] - other.box.center[:2], axis=-1)
                clear &= apart > radius[name] + radius[other.name]
    return clear


def surest(
    scores: np.ndarray, placements: np.ndarray, clear: np.ndarray, tolerance: float, neighbours: int
) -> tuple[int, int]:
    """Of the scores within `tolerance` of the best, the one whose nearest candidates are the likeliest on average.

    Args:
        scores: Shape (candidates,).
        placements: Shape (candidates, steps, 4); nearness is horizontal distance over all steps.
        clear: Candidates that are preferred, if any of the best is among them. Shape (candidates,), bool.
        tolerance: As `draw_best`.
        neighbours: How many nearest candidates are averaged over, itself included.

    Returns:
        Its index, and how many near-equals there were.
    """
    ties = np.flatnonzero(scores >= scores.max() - tolerance)
    chosen = ties[clear[ties]] if clear[ties].any() else ties
    places = placements[..., :2].reshape(len(placements), -1)
    near = cKDTree(places).query(places[chosen], k=min(neighbours, len(places)))[1].reshape(len(chosen), -1)
    return int(chosen[np.argmax(scores[near].mean(axis=1))]), len(ties)


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
        BadSkeletonError, UnknownSkillError, NothingMovableError: The skeleton does not fit the scene.
        BadScoresError: The predictor gave no probabilities.
    """
    config, workspace = config or ShootingConfig(), workspace or Workspace()
    steps = check_skeleton(scene, skeleton)
    total, horizon = int(config.candidates), len(steps)
    joint = total if horizon == 1 else max(1, round(config.joint_share * total))
    placements = _draw(scene, joint, horizon, rng, workspace)
    scores = scores_of(predictor, scene, steps, placements, goal)
    rest = total - joint
    for turn in range(2 * horizon if rest else 0):
        count = rest // (2 * horizon) + (turn < rest % (2 * horizon))
        if not count:
            continue
        redrawn = np.repeat(placements[[int(np.argmax(scores))]], count, axis=0)
        redrawn[:, turn % horizon] = draw_placements(scene, count, rng, workspace)
        placements = np.concatenate([placements, redrawn])
        scores = np.concatenate([scores, scores_of(predictor, scene, steps, redrawn, goal)])
    blind = scores.max() <= config.tie_tolerance
    if blind:
        best, ties = draw_standing(
            predictor, scene, steps, placements[:joint], scores[:joint], config.tie_tolerance, rng
        )
    else:
        clear = clear_of_things(scene, steps, placements)
        best, ties = surest(scores, placements, clear, config.tie_tolerance, config.neighbours)
    chosen = placements[best]
    parameters = parameters_of(scene, steps, chosen[None])[0]
    return Candidate(steps, chosen, parameters, float(scores[best]), len(scores), ties)


def _draw(scene: Scene, count: int, horizon: int, rng: np.random.Generator, workspace: Workspace) -> np.ndarray:
    """Independent placements for every step. Shape (count, horizon, 4)."""
    flat = draw_placements(scene, count * horizon, rng, workspace)
    return flat.reshape(count, horizon, -1)
