"""The gate: new weights serve only if they are better on the step that failed and have not forgotten the old tasks.

Better means all three: the step is predicted with a smaller score of the monitor; what was carried along is expected
much nearer to where it went, or within `slack` of that (nothing is asked where nothing was carried, nor of what has
fallen to the floor); and what the goal's relations turned out to be is no less probable than before, without a sure
belief in a goal that was missed. Not forgotten means at most `most_lost` of F1, now and next, on frozen replay.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from f2p.monitor.compare import CompareConfig, carried_along, compare, observed_displacements
from f2p.plan.protocol import Predictor
from f2p.relation.table import carried, held
from f2p.scene.goals import satisfied
from f2p.settings import Settings, number
from f2p.types import Failure, Goal, Prediction, Relations


@dataclass(frozen=True)
class GateConfig(Settings):
    """What new weights must show."""

    most_lost: float = number(0.02, "F1 that may be lost on replay data", low=0.0, high=1.0, source="promises.md 4")
    least_gain: float = number(0.1, "share by which the score of the failed step must fall", low=0.0, high=1.0)
    most_belief: float = number(
        0.9, "P(goal) after the failed step where that missed the goal", low=0.0, high=1.0,
        source="ours: the side of a landmark can be missed by a millimetre",
    )  # fmt: skip
    carried_gain: float = number(
        0.5, "share by which the error of carried positions must fall", low=0.0, high=1.0,
        source="ours: fail2progress gained 0.93 at least in 105 rounds",
    )  # fmt: skip
    slack: float = number(
        0.05, "carried error that is near enough: nothing need be gained within it", unit="m", low=0.0, high=1.0,
        source="ours: less than that is not carried at all",
    )  # fmt: skip
    carried: float = number(0.05, "a segment displaced this far was carried", unit="m", low=0.0, high=1.0)


@dataclass(frozen=True)
class StepQuality:
    """How well one set of weights predicts the failed step."""

    score: float
    """Monitor score of the step (D1): smaller is better."""
    contradictions: int
    carried_error: float
    """Mean distance between expected and true displacement of what was carried along [m]; 0 if nothing was."""
    goal_probability: float
    """P(goal) after the step."""
    found_probability: float
    """P that each of the goal's relations is as it turned out to be; P(goal) where the goal was reached."""


@dataclass(frozen=True)
class GateReport:
    """What was measured, and the verdict."""

    passed: bool
    reasons: tuple[str, ...]
    """Why not; empty when passed."""
    before: StepQuality
    after: StepQuality
    goal_was_true: bool
    """Whether the goal held after the failed step."""
    replay_before: dict[str, float]
    """F1 of the parent on the replay set, by name (now, next)."""
    replay_after: dict[str, float]
    """F1 of the new weights."""

    def values(self) -> dict[str, Any]:
        """Return it as JSON."""
        return dataclasses.asdict(self)


def step_quality(predictor: Predictor, failure: Failure, config: GateConfig | None = None) -> StepQuality:
    """Ask `predictor` the failed step again and compare with what happened."""
    config = config or GateConfig()
    outcome = failure.outcome
    (prediction,) = predictor.predict(outcome.before, (outcome.call,))
    again = dataclasses.replace(outcome, prediction=prediction, weights_id=predictor.weights_id)
    found = compare(again, CompareConfig())
    parameters = outcome.call.parameter[None, None]
    believed, as_found = (
        float(predictor.score(outcome.before, (outcome.call.step,), parameters, goal)[0])
        for goal in (failure.goal, goal_as_found(failure.goal, outcome.observed_after))
    )
    return StepQuality(
        found.score, len(found.contradictions), _carried_error(failure, prediction, config), believed, as_found
    )


def goal_as_found(goal: Goal, found: Relations) -> Goal:
    """Return the goal's relations with the values that `found` gives them."""
    literals = [
        dataclasses.replace(one, value=bool(found.value(one.relation, one.subject, one.object) > 0.5))
        for one in goal.literals
    ]
    return Goal(tuple(literals))


def goal_without_loss(goal: Goal, before: Relations, found: Relations) -> Goal:
    """Return the goal as `found`, but for what held `before` and was lost: that was to be kept."""
    held = (satisfied(Goal((one,)), before) for one in goal.literals)
    as_found = goal_as_found(goal, found).literals
    return Goal(tuple(one if kept else other for one, other, kept in zip(goal.literals, as_found, held, strict=True)))


def judge(
    failure: Failure,
    parent: Predictor,
    candidate: Predictor,
    replay_before: Mapping[str, float],
    replay_after: Mapping[str, float],
    config: GateConfig | None = None,
) -> GateReport:
    """Compare `candidate` with the `parent` it was made from.

    Args:
        failure: The step that taught.
        parent: Weights in service.
        candidate: Weights that want to be.
        replay_before: F1 of the parent on frozen replay data, by name (now, next).
        replay_after: F1 of the candidate on the same data.
        config: Limits.
    """
    config = config or GateConfig()
    before, after = step_quality(parent, failure, config), step_quality(candidate, failure, config)
    true = satisfied(failure.goal, failure.outcome.observed_after)
    reasons = [
        *_step_reasons(before, after, true, config),
        *_replay_reasons(replay_before, replay_after, config),
    ]
    return GateReport(not reasons, tuple(reasons), before, after, true, dict(replay_before), dict(replay_after))


def _step_reasons(before: StepQuality, after: StepQuality, true: bool, config: GateConfig) -> list[str]:
    """Return what is not better about the failed step. Comparisons are written so that NaN fails them."""
    reasons = []
    if not after.score <= (1.0 - config.least_gain) * before.score:
        reasons.append(
            f"score of the failed step {before.score:.2f} -> {after.score:.2f}, must fall by {config.least_gain:.0%}"
        )
    if not after.carried_error <= max(config.slack, (1.0 - config.carried_gain) * before.carried_error):
        reasons.append(
            f"carried positions {before.carried_error:.3f} -> {after.carried_error:.3f} m off, "
            f"must fall by {config.carried_gain:.0%} or to {config.slack:.3f} m"
        )
    likelier = after.found_probability >= before.found_probability or after.found_probability > 0.5
    modest = true or after.goal_probability <= max(config.most_belief, before.goal_probability)
    if not (likelier and modest):
        reasons.append(
            f"P(goal) after the failed step {before.goal_probability:.2f} -> {after.goal_probability:.2f}, "
            f"but the goal was {str(true).lower()}"
        )
    return reasons


def _replay_reasons(old: Mapping[str, float], new: Mapping[str, float], config: GateConfig) -> list[str]:
    """Return what was forgotten."""
    return [
        f"F1 {name} on replay data {value:.3f} -> {new.get(name, float('nan')):.3f}, may lose {config.most_lost:.3f}"
        for name, value in old.items()
        if not new.get(name, float("nan")) >= value - config.most_lost
    ]


def _carried_error(failure: Failure, prediction: Prediction, config: GateConfig) -> float:
    """Mean distance between expected and observed displacement of what moved along with the grasped object [m].

    What has fallen to the floor is left out: how it bounced is nothing to learn, and that it fell counts in the score.
    """
    outcome = failure.outcome
    true, along = observed_displacements(outcome), carried_along(outcome, config.carried)
    after = outcome.observed_after.binary
    along &= (carried(after) | held(after)).any(axis=1)
    errors = np.linalg.norm(np.asarray(prediction.displacements) - true, axis=1)
    return float(errors[along].mean()) if along.any() else 0.0
