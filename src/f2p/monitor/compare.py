"""Predicted against observed relations after a skill: one score, and the contradictions in words.

Each touched object (the one the skill acted on, and whatever moved or was expected to) has the sum of weighted
|p_predicted - p_observed| over its relations (decision D1); the score is that of the worst one. So a step that carries
five objects is held to the same threshold as one that carries one (ours: sums over all of them grow with their number,
and one threshold could not bound false alarms), and one spilled object among five is not averaged away. What nobody
touched cannot alarm, nor can what was not seen afterwards.

A sum over an object's relations grows with how many others it is related to: the same contradiction came to 3 .. 9
with one object in a box and to 12 .. 16 with five. So the score is the sum as it would be with six others (ours: two
tables, a landmark, a box and three objects, of which the threshold was calibrated).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.monitor.errors import DifferentScenesError
from f2p.relation.table import binary_spec, binary_specs, unary_specs
from f2p.scene.errors import UnknownRelationError
from f2p.settings import Settings, group, number
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Contradiction, Outcome, fact_text

OTHERS = 6
"""Segments beside an object where the sum over its relations is the score as it is."""


@dataclass(frozen=True)
class CompareConfig(Settings):
    """What counts, and how much."""

    moved: float = number(0.02, "a segment displaced this far was touched", unit="m", low=0.0, high=1.0)
    weights: dict[str, float] = group(
        dict, "weights of binary relations by name, where they shall differ from those of the table of relations"
    )
    contradicted: float = number(0.5, "a gap above it is a contradiction", low=0.0, high=1.0)


@dataclass(frozen=True, eq=False)
class Comparison:
    """How far an outcome was from its prediction."""

    score: float
    """Sum of weighted gaps (D1) of the worst touched object, as it would be with `OTHERS` others."""
    contradictions: tuple[Contradiction, ...]
    """Relations that were predicted otherwise than observed, largest gap first."""
    touched: tuple[str, ...]
    """Segments whose relations were compared."""
    vanished: bool = False
    """Whether what the skill acted on was not seen afterwards."""

    def contradicts(self, threshold: float) -> bool:
        """Tell whether the step cannot be let pass: too far off, or nobody knows where the object is."""
        return self.score > threshold or self.vanished


def relation_weights(config: CompareConfig) -> np.ndarray:
    """Return the weight of each relation in the order of `BINARY_RELATIONS`. Shape (kinds,).

    Raises:
        UnknownRelationError: The settings weigh a relation that is not in the table.
    """
    unknown = sorted(set(config.weights) - set(BINARY_RELATIONS))
    if unknown:
        raise UnknownRelationError(unknown[0], BINARY_RELATIONS)
    return np.array([config.weights.get(spec.name, spec.weight) for spec in binary_specs()])


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
    weighted = np.sum(gaps * relation_weights(config), axis=-1)
    own = np.sum(alone * [spec.weight for spec in unary_specs()], axis=-1)
    sums = [weighted[index].sum() + weighted[:, index].sum() + own[index] for index in map(names.index, touched)]
    wrong = [
        (gaps[subject, object_, relation], BINARY_RELATIONS[relation], names[subject], names[object_])
        for subject, object_, relation in np.argwhere(gaps > config.contradicted).tolist()
    ] + [
        (alone[subject, relation], UNARY_RELATIONS[relation], names[subject], "")
        for subject, relation in np.argwhere(alone > config.contradicted).tolist()
    ]
    contradictions = [_contradiction(outcome, *fact) for _, *fact in sorted(wrong, key=lambda one: -one[0])]
    told = tuple(one for one in contradictions if (one.predicted > 0.5) != one.observed)
    others = max(1, len(names) - len(outcome.unseen) - 1)
    return Comparison(float(max(sums)) * OTHERS / others, told, touched, outcome.call.object in outcome.unseen)


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
    return ", ".join(shown) + more if shown else "no single relation, but many small gaps"
