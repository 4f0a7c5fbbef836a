"""Why a step did not do what was predicted: the rules of decisions D2 and D3, in the order they are asked.

1. The skill reports that it was not executed: *execution*. Never taught.
2. What was grasped was not seen afterwards, or network and geometry saw the contradicted objects differently before the
   skill: *perception*. Look again.
3. The rebuilt scene, replayed, does what the world did and not what was predicted: *model*. Only this teaches.
4. It does what was predicted: what was grasped did not arrive: *execution*; else *simulation gap*.
5. Neither, or it could not be rebuilt, or the network could not be asked: *unknown*. Ask.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import meant, meant_opening
from f2p.errors import F2pError
from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.compare import Comparison, contradictions_text, observed_displacements, places_missed
from f2p.monitor.errors import DifferentScenesError
from f2p.relation.table import is_sharp, kinds
from f2p.settings import Settings, number
from f2p.types import Cause, Contradiction, Outcome, Relations, Transition


@dataclass(frozen=True)
class ClassifyConfig(Settings):
    """How much agreement each rule asks for."""

    misperceived: float = number(
        0.5, "share of contradicted pairs seen differently before the skill that makes it perception", low=0.0, high=1.0
    )
    sure: float = number(
        0.5, "the network contradicts geometry when its probability is this far off", low=0.0, high=1.0
    )
    agreement: float = number(
        0.7, "share of misplaced objects, or contradicted relations, in which the replay must side with either",
        low=0.5, high=1.0,
    )  # fmt: skip
    astray: float = number(
        MonitorConfig().threshold, "share of its way by which an object must have been off for its place to tell sides "
        "apart", low=0.0, high=2.0, source="the monitor's threshold",
    )  # fmt: skip
    missed: float = number(0.10, "what was grasped arrived if it is this near its goal", unit="m", low=0.0, high=1.0)


@dataclass(frozen=True)
class Classification:
    """A cause and the sentence that explains it."""

    cause: Cause
    explanation: str


def classify(
    outcome: Outcome,
    comparison: Comparison,
    replay: Callable[[], Transition | None],
    detect: Callable[[], Relations],
    geometry_before: Relations,
    config: ClassifyConfig | None = None,
) -> Classification:
    """Find the cause of a contradicted step. Network and simulator are asked only where the rules come to them.

    Args:
        outcome: The step.
        comparison: What `compare` said of it.
        replay: The same call in the rebuilt scene; None if that failed.
        detect: What the network saw before the skill, probabilities; an F2pError if it cannot be asked.
        geometry_before: What the rules of `scene/relations.py` saw before the skill.
        config: Limits.

    Raises:
        DifferentScenesError: Relations of other segments than the outcome's.
    """
    config = config or ClassifyConfig()
    _check_names(outcome, geometry_before)
    if not outcome.execution.ok:
        reason = outcome.execution.error_msg or f"error code {outcome.execution.error_code}"
        return Classification(Cause.EXECUTION, f"{_call(outcome)} was not executed: {reason}")
    if outcome.call.object in outcome.unseen:
        names = ", ".join(outcome.unseen)
        text = f"after {_call(outcome)} {names} were not seen, where they were or elsewhere: look again"
        return Classification(Cause.PERCEPTION, text)
    misperceived = _by_network(outcome, comparison, detect, geometry_before, config)
    if misperceived is not None:
        return misperceived
    replayed = replay()
    if replayed is None:
        return _unknown(outcome, comparison, "the scene could not be rebuilt")
    _check_names(outcome, replayed.relations_after)
    return _by_replay(outcome, comparison, replayed, config)


def _by_network(
    outcome: Outcome, comparison: Comparison, detect: Callable[[], Relations], geometry: Relations,
    config: ClassifyConfig,
) -> Classification | None:  # fmt: skip
    """Apply rule 2: whether the contradicted objects were seen otherwise before; None where they were not."""
    if not comparison.contradictions:
        return None
    try:
        detected = detect()
    except F2pError as error:
        return _unknown(outcome, comparison, f"the network could not be asked what it saw before ({error})")
    _check_names(outcome, detected)
    seen = _misperceived(comparison.contradictions, detected, geometry, config)
    if seen <= config.misperceived:
        return None
    text = f"before {_call(outcome)}, network and geometry differ on {seen:.0%} of the contradicted pairs: look again"
    return Classification(Cause.PERCEPTION, text)


def _unknown(outcome: Outcome, comparison: Comparison, reason: str) -> Classification:
    """Return what the rules cannot tell, and why not."""
    wrong = contradictions_text(comparison.contradictions)
    return Classification(Cause.UNKNOWN, f"after {_call(outcome)} {wrong}; {reason}; ask a person")


def _by_replay(
    outcome: Outcome, comparison: Comparison, replayed: Transition, config: ClassifyConfig
) -> Classification:
    """Apply rules 3 to 5: with whom the rebuilt scene sides."""
    wrong = f"after {_call(outcome)} {contradictions_text(comparison.contradictions)}"
    siding = _siding(comparison, outcome, replayed, config)
    if siding >= config.agreement:
        text = f"{wrong}; the rebuilt scene agrees with the world, so the model was wrong"
        return Classification(Cause.MODEL, text)
    if siding > 1.0 - config.agreement:
        return _unknown(outcome, comparison, "the rebuilt scene agrees with neither side")
    missed = _distance_missed(outcome)
    if missed > config.missed:
        text = f"{outcome.call.object} ended {missed:.2f} m from where {_call(outcome)} should have put it"
        return Classification(Cause.EXECUTION, text)
    text = f"{wrong}; the rebuilt scene did as predicted, the world did not"
    return Classification(Cause.SIMULATION_GAP, text)


def _check_names(outcome: Outcome, *others: Relations | None) -> None:
    """Check that all relations are about the outcome's segments."""
    for relations in others:
        if relations is not None and relations.names != outcome.before.names:
            raise DifferentScenesError(outcome.before.names, relations.names, "a second opinion")


def _call(outcome: Outcome) -> str:
    """Return the call in words."""
    return f"{outcome.call.skill}({outcome.call.object})"


def _telling(contradictions: Sequence[Contradiction]) -> list[Contradiction]:
    """Return the contradictions that tell sides apart: the sharp ones, or all if there are none."""
    return [one for one in contradictions if is_sharp(one.relation)] or list(contradictions)


def _misperceived(
    contradictions: Sequence[Contradiction], detected: Relations, geometry: Relations, config: ClassifyConfig
) -> float:
    """Return the share of the contradicted pairs that network and geometry saw differently before the skill.

    They differ where one sees something on, under or in something and the other does not: beside what it lies, turns
    with a centimetre.
    """
    telling_kinds = kinds(lambda spec: spec.sharp and spec.placed)
    differs = np.any(np.abs(detected.binary - geometry.binary)[..., telling_kinds] > config.sure, axis=-1)
    differs = differs | differs.T
    np.fill_diagonal(differs, np.any(np.abs(detected.unary - geometry.unary) > config.sure, axis=-1))
    telling = _telling(contradictions)
    pairs = {(one.subject, one.object or one.subject) for one in telling}  # a relation of one object: with itself
    seen = [differs[detected.names.index(first), detected.names.index(second)] for first, second in pairs]
    return float(np.mean(seen)) if seen else 0.0


def _siding(comparison: Comparison, outcome: Outcome, after: Transition, config: ClassifyConfig) -> float:
    """Return how far the replay sides with the world against the prediction: 1 wholly, 0 not at all.

    Places tell it where some were missed: relations of what lies close together turn with a centimetre, and of what a
    drawer took along when it was shut the rebuilt scene sided with nobody.
    """
    missed, expected, seen = places_missed(outcome, comparison.touched)
    astray = missed > config.astray
    if astray.any():
        there = np.array([one.box.center for one in after.after.segments])
        nearer = np.linalg.norm(there - seen, axis=1) < np.linalg.norm(there - expected, axis=1)
        return float(nearer[astray].mean())
    replayed, telling = after.relations_after, _telling(comparison.contradictions)
    if telling:
        agree = [(replayed.value(one.relation, one.subject, one.object) > 0.5) == one.observed for one in telling]
        return float(np.mean(agree))
    to_world = float(np.sum(np.abs(replayed.binary - outcome.observed_after.binary)))
    to_model = float(np.sum(np.abs(replayed.binary - outcome.prediction.relations.binary)))
    return to_model / (to_model + to_world) if to_model + to_world > 0 else 0.5


def _distance_missed(outcome: Outcome) -> float:
    """Return how far the object acted on ended from where, or from how far open, the call meant it to [m]."""
    missed = observed_displacements(outcome) - meant(outcome.call, outcome.before)
    index = outcome.before.index(outcome.call.object)
    apart = outcome.after.segments[index].opening - meant_opening(outcome.call, outcome.before)
    return max(float(np.linalg.norm(missed[index, :2])), abs(apart))
