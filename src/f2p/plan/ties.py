"""Which of the likely candidates is taken, and which of the unlikely ones.

No robot puts an object exactly where it should, and no model is right everywhere; a search finds the places where it is
wrong in our favour. So of candidates nearly as likely as the best, those are preferred that put nothing where another
object stands, then those that are expected to leave what they move standing on furniture, off its rim (ours: a goal
about contents says nothing against a box set down on the landmark or half over an edge; three of four guesses of one
scene dropped the box). Of these, probabilities within a tolerance of the best are the same to us: where a plan is
likely, the surest is taken: its nearest candidates are likely too, it is likely as well where every step is off by a
little, and it is not expected to leave anything at the very edge. Where nothing is likely one is drawn uniformly,
instead of whatever corner the largest of tiny numbers happens to prefer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import aiming, lengths, turns, width_of
from f2p.geometry import separation
from f2p.plan.errors import BadScoresError
from f2p.plan.proposals import ends_of, parameters_of
from f2p.plan.protocol import Predictor
from f2p.plan.steady import steadiness
from f2p.settings import Settings, number
from f2p.types import Goal, GoalRelation, Scene, SkillStep

ASKED = 128
"""Candidates, drawn by lot if there are more, that are asked whether what they move will stand (ours: a tenth of a
planning)."""

CLEAR = 0.01
"""What is put down stays this far from what stands there [m] (ours: a robot puts it down within millimetres)."""


@dataclass(frozen=True)
class TieRule(Settings):
    """When two candidates are equally good, and how sureness is measured."""

    tolerance: float = number(
        0.01,
        "probabilities this close to the best are ties",
        low=0.0,
        high=1.0,
        source="ours: half the calibration gap",
    )
    worth: float = number(
        0.8, "share of the best probability that a well placed candidate must reach to be preferred", low=0.0, high=1.0,
        source="ours",
    )  # fmt: skip
    neighbours: int = number(
        20, "nearest candidates that must be likely too", low=1, high=1000, source="ours: about 8 cm around in 1,000"
    )
    foreseen: int = number(
        16, "surest ones of which it is asked where they leave things", low=1, high=1000, source="ours: a tenth second"
    )
    off: float = number(
        0.015, "how far off a robot leaves things, as a standard deviation", unit="m", low=0.0, high=0.2,
        source="ours: nineteen of twenty skills of the body end within 3 cm",
    )  # fmt: skip
    asked_off: int = number(6, "times that each of them is asked with all steps off by so much", low=1, high=1000)


def scores_of(
    predictor: Predictor, scene: Scene, skeleton: tuple[SkillStep, ...], proposals: np.ndarray, goal: Goal
) -> np.ndarray:
    """Return P(goal) of each row of proposals (candidates, steps, P); refuses answers that are no probabilities.

    Raises:
        BadScoresError: Wrong shape, not finite, or outside [0, 1].
    """
    parameters = parameters_of(scene, skeleton, proposals)
    scores = np.asarray(predictor.score(scene, skeleton, parameters, goal), dtype=np.float64)
    if scores.shape != (len(proposals),):
        raise BadScoresError(predictor.weights_id, f"shape {scores.shape} instead of {(len(proposals),)}")
    if not np.all(np.isfinite(scores)):
        raise BadScoresError(predictor.weights_id, f"{int(np.sum(~np.isfinite(scores)))} of them are not finite")
    if np.any(scores < -1e-6) or np.any(scores > 1 + 1e-6):
        raise BadScoresError(predictor.weights_id, f"range {scores.min():.3g} .. {scores.max():.3g}")
    return np.clip(scores, 0.0, 1.0)


def choose(
    predictor: Predictor,
    scene: Scene,
    skeleton: Sequence[SkillStep],
    proposals: np.ndarray,
    scores: np.ndarray,
    rule: TieRule,
    rng: np.random.Generator,
    likely: Callable[[np.ndarray], np.ndarray] | None = None,
) -> tuple[int, int]:
    """Choose one of the candidates, by the rule at the top of this file.

    Args:
        predictor: Says where what is moved will stand; geometry says that no two objects share a place.
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        scores: P(goal). Shape (candidates,).
        rule: Numbers.
        rng: Draws.
        likely: Gives the scores of other candidates, to ask what comes of one where the robot is off.

    Returns:
        Its index, and how many near-equals it was taken from.
    """
    good = preferred(predictor, scene, skeleton, proposals, scores, rule, rng)
    if scores.max() <= rule.tolerance:
        return int(rng.choice(good)), len(good)
    ties = good[scores[good] >= scores[good].max() - rule.tolerance]
    sure = sureness(scores, ends_of(scene, skeleton, proposals), ties, rule.neighbours)
    first = np.argsort(-sure, kind="stable")[: rule.foreseen]
    sure[first] *= steadiness(predictor, scene, skeleton, proposals[ties[first]])
    if likely is not None:
        sure[first] *= robustness(likely, skeleton, proposals[ties[first]], rule, rng)
    return int(ties[first[np.argmax(sure[first])]]), len(ties)


def preferred(
    predictor: Predictor,
    scene: Scene,
    skeleton: Sequence[SkillStep],
    proposals: np.ndarray,
    scores: np.ndarray,
    rule: TieRule,
    rng: np.random.Generator,
) -> np.ndarray:
    """Find the candidates that are nearly as likely as the best, and as well placed as any of those."""
    least = min(scores.max() - rule.tolerance, rule.worth * scores.max())
    pool = rng.permutation(np.flatnonzero(scores >= least))[:ASKED]
    met = meetings(scene, skeleton, proposals[pool])
    quality = (standing(predictor, scene, tuple(skeleton), proposals[pool]) >= 0.5) - 2 * met
    return pool[quality == quality.max()]


def standing(predictor: Predictor, scene: Scene, skeleton: tuple[SkillStep, ...], proposals: np.ndarray) -> np.ndarray:
    """Probability that all that is moved stands on furniture afterwards, off its rim. Shape (candidates,)."""
    out = np.ones(len(proposals))
    for name in sorted({step.object for step in skeleton}):
        wishes = [
            Goal((GoalRelation("above", name, one.name), GoalRelation("boundary", name, one.name, False)))
            for one in scene.segments if not one.movable
        ]  # fmt: skip
        on_furniture = [scores_of(predictor, scene, skeleton, proposals, wish) for wish in wishes]
        out = np.minimum(out, np.max(on_furniture, axis=0, initial=0.0))
    return out


def meetings(scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> np.ndarray:
    """Count how often what is put down meets something that can be moved, turned as both are.

    Each is where the steps before are meant to have left it: two objects of a plan shall not be put into one place.
    What is pushed meets what it shoves along, as it is meant to.

    Args:
        scene: Where they are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).

    Returns:
        Shape (candidates,), int.
    """
    boxes = [one.box for one in scene.segments]
    others = [index for index, one in enumerate(scene.segments) if one.movable]
    places = np.repeat(np.array([box.center[:2] for box in boxes])[None], len(proposals), axis=0)
    yaws = np.tile([box.yaw for box in boxes], (len(proposals), 1))
    ends, out = ends_of(scene, skeleton, proposals), np.zeros(len(proposals), dtype=int)
    for index, step in enumerate(skeleton):
        own = scene.index(step.object)
        places[:, own] = ends[:, index, :2]
        yaws[:, own] += proposals[:, index, : width_of(step.skill)] @ turns(step.skill)
        for other in others if aiming(step.skill).any() else ():  # what is pushed is not put down
            if other != own:
                pair = [(places[:, one], boxes[one].size, yaws[:, one]) for one in (own, other)]
                out += separation(pair[0], pair[1]) < CLEAR
    return out


def robustness(
    likely: Callable[[np.ndarray], np.ndarray],
    skeleton: Sequence[SkillStep],
    proposals: np.ndarray,
    rule: TieRule,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return how likely candidates are on average where every step is off by a little. Shape (candidates,).

    All are off by the same: which of them is the best is not a matter of luck.

    Args:
        likely: Gives P(goal) of candidates.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        rule: How far, and how often it is asked.
        rng: Draws.
    """
    off = rng.normal(0.0, rule.off, (rule.asked_off, *proposals.shape[1:]))
    for index, step in enumerate(skeleton):
        off[:, index, width_of(step.skill) :] = 0.0
        off[:, index, : width_of(step.skill)] *= lengths(step.skill)
    asked = proposals[:, None] + off
    return likely(asked.reshape(-1, *proposals.shape[1:])).reshape(asked.shape[:2]).mean(1)


def sureness(scores: np.ndarray, ends: np.ndarray, chosen: np.ndarray, neighbours: int) -> np.ndarray:
    """Return how likely the nearest candidates of each of the `chosen` are on average. Shape (chosen,).

    Args:
        scores: Shape (candidates,).
        ends: Where each step is meant to leave its object [m]; nearness is horizontal distance over all steps. Shape
            (candidates, steps, 3).
        chosen: Indices to choose from.
        neighbours: How many nearest candidates are averaged over, itself included.
    """
    from scipy.spatial import cKDTree  # its import takes longer than that of all of the planning

    places = ends[..., :2].reshape(len(ends), -1)
    near = cKDTree(places).query(places[chosen], k=min(neighbours, len(places)))[1].reshape(len(chosen), -1)
    return np.asarray(scores[near].mean(axis=1))
