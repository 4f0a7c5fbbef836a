"""Predicted against observed places after a skill: one score, and the contradicted relations in words.

Each touched object (the one the skill acted on, and whatever moved or was expected to) is off by the distance between
where it was expected and where it was seen, as a share of its way: of how far it went, or was expected to go, whichever
is more. 0 is as predicted; 1 has gone where it was expected to stay, or stayed where it was expected to go. The score
is that of the worst one (decision D1): one spilled object among five is not averaged away. What nobody touched cannot
alarm, nor can what was not seen afterwards, or was only guessed to be where it was before.

A share of the way means the same for one object and for seven, for a push of five centimetres and a carry of a metre.
Sums over relations do not (ours, before): one object that is 10 cm off in a box flips some with each other object there
is, and a pair that lies beside a threshold flips with a centimetre. So of relations only those count that few
centimetres do not tell: what a thing is by itself (a drawer that is open), and what the thing acted on is in. Where one
is contradicted, it is off by the probability of the contrary; and what slides by the least share of its way that tells
(`openings.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.monitor.errors import DifferentScenesError
from f2p.monitor.openings import least_missed
from f2p.relation.table import binary_spec, kinds, unary_specs
from f2p.scene.objects.guessed import guessed
from f2p.settings import Settings, number
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Contradiction, Outcome, fact_text


@dataclass(frozen=True)
class CompareConfig(Settings):
    """What counts, and how much."""

    moved: float = number(0.02, "a segment displaced this far was touched", unit="m", low=0.0, high=1.0)
    slack: float = number(
        0.05, "added to every way, so that a centimetre is little of the shortest", unit="m", low=0.001, high=1.0,
        source="ours: less than that is not carried at all, as the gate has it",
    )  # fmt: skip
    contradicted: float = number(0.5, "a gap above it is a contradiction", low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Comparison:
    """How far an outcome was from its prediction."""

    score: float
    """How far the worst touched object was off, as a share of its way (D1): 0 as predicted, 2 the opposite way."""
    contradictions: tuple[Contradiction, ...]
    """Relations that were predicted otherwise than observed, largest gap first."""
    touched: tuple[str, ...]
    """Segments whose relations were compared."""
    vanished: bool = False
    """Whether what the skill acted on was not seen afterwards."""

    def contradicts(self, threshold: float) -> bool:
        """Tell whether the step cannot be let pass: too far off, or nobody knows where the object is."""
        return self.score > threshold or self.vanished


def touched_names(outcome: Outcome, config: CompareConfig) -> tuple[str, ...]:
    """Return the object of the skill, and whatever moved or was expected to move.

    Raises:
        DifferentScenesError: Prediction and observations are not about the segments of the scene before.
    """
    names = outcome.before.names
    for what, found in (
        ("the prediction", outcome.prediction.relations.names),
        ("the scene after", outcome.after.names),
        ("the relations observed after", outcome.observed_after.names),
    ):
        if found != names:
            raise DifferentScenesError(names, found, what)
    seen = observed_displacements(outcome)
    far = np.maximum(np.linalg.norm(seen, axis=1), np.linalg.norm(outcome.prediction.displacements, axis=1))
    return tuple(
        segment.name
        for segment, distance in zip(outcome.before.segments, far, strict=True)
        if segment.name == outcome.call.object or (segment.movable and distance > config.moved)
    )


def observed_displacements(outcome: Outcome) -> np.ndarray:
    """Return how far each segment's box moved [m]. Shape (segments, 3)."""
    before = np.array([segment.box.center for segment in outcome.before.segments])
    return np.array([segment.box.center for segment in outcome.after.segments]) - before


def carried_along(outcome: Outcome, least: float) -> np.ndarray:
    """Find the segments that moved over `least` [m] along with what the skill acted on. Shape (segments,), bool."""
    far = np.linalg.norm(observed_displacements(outcome), axis=1) > least
    others = [one.movable and one.name not in (outcome.call.object, *outcome.unseen) for one in outcome.before.segments]
    return far & np.array(others)


def touched_pairs(names: Sequence[str], touched: Sequence[str], unseen: Sequence[str] = ()) -> np.ndarray:
    """Return ordered pairs with at least one touched and no unseen member. Shape (segments, segments), bool."""
    member, seen = np.isin(names, touched), ~np.isin(names, unseen)
    return (member[:, None] | member[None, :]) & (seen[:, None] & seen[None, :]) & ~np.eye(len(names), dtype=bool)


def compare(outcome: Outcome, config: CompareConfig | None = None) -> Comparison:
    """Compare what was predicted with what was observed.

    Raises:
        DifferentScenesError: Prediction and observations are not about the same segments.
    """
    config = config or CompareConfig()
    touched = touched_names(outcome, config)
    names = outcome.before.names
    predicted = np.asarray(outcome.prediction.relations.binary, dtype=np.float64)
    observed = np.asarray(outcome.observed_after.binary, dtype=np.float64)
    gaps = np.abs(predicted - observed) * touched_pairs(names, touched, outcome.unseen)[..., None]
    alone = _unary_gaps(outcome, touched)
    wrong = [
        (gaps[subject, object_, relation], BINARY_RELATIONS[relation], names[subject], names[object_])
        for subject, object_, relation in np.argwhere(gaps > config.contradicted).tolist()
    ] + [
        (alone[subject, relation], UNARY_RELATIONS[relation], names[subject], "")
        for subject, relation in np.argwhere(alone > config.contradicted).tolist()
    ]
    contradictions = [_contradiction(outcome, *fact) for _, *fact in sorted(wrong, key=lambda one: -one[0])]
    told = tuple(one for one in contradictions if (one.predicted > 0.5) != one.observed)
    missed = places_missed(outcome, touched, config)[0]
    score = max(float(missed.max()), _otherwise(outcome, gaps, alone, config))
    return Comparison(score, told, touched, outcome.call.object in outcome.unseen)


def places_missed(
    outcome: Outcome, touched: Sequence[str], config: CompareConfig | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Compare places.

    Args:
        outcome: The step.
        touched: What counts; what was not seen, before or afterwards, does not.
        config: How much slack there is.

    Returns:
        By which share of its way each object was off, 0 where it does not count (segments,), and where each was
        expected and seen [m], (segments, 3) both.
    """
    slack = (config or CompareConfig()).slack
    before, after = (np.array([one.box.center for one in scene.segments]) for scene in (outcome.before, outcome.after))
    expected = before + np.asarray(outcome.prediction.displacements, np.float64)
    seen = after[_found_as(outcome, expected, after)]
    way = np.maximum(np.linalg.norm(expected - before, axis=1), np.linalg.norm(seen - before, axis=1))
    counts = np.isin(outcome.before.names, touched) & ~np.isin(outcome.before.names, outcome.unseen)
    counts &= [one.name == outcome.call.object or not guessed(one) for one in outcome.before.segments]
    shares = np.linalg.norm(expected - seen, axis=1) / (way + slack)
    return np.where(counts, shares, 0.0), expected, seen


def _found_as(outcome: Outcome, expected: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Return as which segment each was found, (segments,): of things of one shape, which is which is not told apart.

    The eye mixes up what is much alike in a crowded box, where nothing moved.
    """
    from scipy.optimize import linear_sum_assignment  # not before something is compared: a node starts without it

    out, segments = np.arange(len(after)), outcome.before.segments
    seen = [one for one in range(len(after)) if segments[one].movable and segments[one].name not in outcome.unseen]
    for prior in {segments[one].prior for one in seen}:
        alike = np.array([one for one in seen if segments[one].prior == prior])
        rows, columns = linear_sum_assignment(np.linalg.norm(expected[alike, None] - after[None, alike], axis=-1))
        out[alike[rows]] = alike[columns]
    return out


def _otherwise(outcome: Outcome, gaps: np.ndarray, alone: np.ndarray, config: CompareConfig) -> float:
    """Return the largest gap of what the object acted on is in, and of weighted relations of one; 0 where none is."""
    within = gaps[outcome.before.index(outcome.call.object)][:, kinds(lambda spec: spec.contains)]
    weighted = np.where(alone > config.contradicted, alone, 0.0) * [spec.weight for spec in unary_specs()]
    for index, relation in np.argwhere(weighted > 0.0).tolist():
        before, after = (scene.segments[index] for scene in (outcome.before, outcome.after))
        weighted[index, relation] = min(weighted[index, relation], least_missed(before, after, relation, config.slack))
    return float(max(np.max(within, where=within > config.contradicted, initial=0.0), np.max(weighted, initial=0.0)))


def _unary_gaps(outcome: Outcome, touched: Sequence[str]) -> np.ndarray:
    """Return gaps of the relations of one object that a skill can change, of what was touched. Shape (n, kinds)."""
    predicted, observed = outcome.prediction.relations.unary, outcome.observed_after.unary
    names = outcome.before.names
    counts = np.isin(names, touched) & ~np.isin(names, outcome.unseen)
    means = [
        np.full(len(names), bool(spec.weight))
        & (True if spec.only_of is None else observed[:, UNARY_RELATIONS.index(spec.only_of)] > 0.5)
        for spec in unary_specs()
    ]
    return np.abs(np.asarray(predicted, np.float64) - observed) * np.stack(means, axis=-1) * counts[:, None]


def _contradiction(outcome: Outcome, relation: str, subject: str, object_: str) -> Contradiction:
    """Return what was predicted and observed of one relation."""
    predicted = outcome.prediction.relations.value(relation, subject, object_)
    return Contradiction(
        relation, subject, object_, predicted, outcome.observed_after.value(relation, subject, object_) > 0.5
    )


def contradictions_text(contradictions: Sequence[Contradiction], most: int = 4) -> str:
    """Return the first few contradictions in words, each fact once."""
    facts: dict[str, None] = {}
    for one in contradictions:
        relation, pair = one.relation, (one.subject, one.object)
        converse = binary_spec(relation).converse if one.object else None
        if converse == relation:
            pair = (min(pair), max(pair))
        elif converse is not None and BINARY_RELATIONS.index(converse) < BINARY_RELATIONS.index(relation):
            relation, pair = converse, pair[::-1]
        facts.setdefault(f"{fact_text(relation, *pair)} is {str(one.observed).lower()}")
    shown = list(facts)[:most]
    more = f" and {len(facts) - most} more" if len(facts) > most else ""
    return ", ".join(shown) + more if shown else "no relation is other than predicted, but places are"
