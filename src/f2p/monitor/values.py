"""Failures as plain values: words go into nested dictionaries, numbers into named arrays, and both come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from f2p.action.protocol import checked_call
from f2p.shape.protocol import shapes
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Box,
    Cause,
    Contradiction,
    Execution,
    Failure,
    Goal,
    GoalRelation,
    Outcome,
    Plan,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
)


@dataclass
class Arrays:
    """Arrays by name; `put` hands out names, `get` gives them back."""

    stored: dict[str, np.ndarray] = field(default_factory=dict)

    def put(self, name: str, value: np.ndarray) -> str:
        """Store `value` under `name` and return the name."""
        self.stored[name] = np.asarray(value)
        return name

    def get(self, name: str) -> np.ndarray:
        """Return the array called `name`. Raises KeyError."""
        return self.stored[name]


def failure_values(failure: Failure, arrays: Arrays) -> dict[str, Any]:
    """Return `failure` as words; its numbers go to `arrays`."""
    return {
        "id": failure.id,
        "cause": failure.cause.value,
        "explanation": failure.explanation,
        "score": failure.score,
        "threshold": failure.threshold,
        "goal": _goal_values(failure.goal),
        "contradictions": [
            [one.relation, one.subject, one.object, one.predicted, one.observed] for one in failure.contradictions
        ],
        "outcome": _outcome_values(failure.outcome, arrays),
        "plan": None if failure.plan is None else _plan_values(failure.plan, arrays),
    }


def failure_from(words: dict[str, Any], arrays: Arrays) -> Failure:
    """Return the failure that `failure_values` took apart.

    Raises KeyError, ValueError or TypeError when parts are missing or not about the same objects.
    """
    failure = Failure(
        id=str(words["id"]),
        outcome=_outcome_from(words["outcome"], arrays),
        goal=_goal_from(words["goal"]),
        plan=None if words["plan"] is None else _plan_from(words["plan"], arrays),
        cause=Cause(words["cause"]),
        score=float(words["score"]),
        threshold=float(words["threshold"]),
        contradictions=tuple(
            Contradiction(relation, subject, object_, float(predicted), bool(observed))
            for relation, subject, object_, predicted, observed in words["contradictions"]
        ),
        explanation=str(words["explanation"]),
    )
    _check_names(failure)
    return failure


def _check_names(failure: Failure) -> None:
    """Refuse parts about different objects: they would be learned from as if they were about the same."""
    outcome = failure.outcome
    calls, predictions = (failure.plan.calls, failure.plan.predictions) if failure.plan else ((), ())
    names = outcome.before.names
    if not names or len(set(names)) != len(names):
        raise ValueError(f"the scene before has no segments, or two of one name: {', '.join(names)}")
    found = {
        "the scene after": outcome.after.names,
        "the prediction": outcome.prediction.relations.names,
        "the relations observed before": outcome.observed_before.names,
        "the relations observed after": outcome.observed_after.names,
        **{f"prediction {i} of the plan": one.relations.names for i, one in enumerate(predictions)},
    }
    for what, others in found.items():
        if others != names:
            told = ", ".join(map(str, others)) or "nothing"
            raise ValueError(f"{what} is about other objects than the scene before: {told}")
    for what, some in (
        ("calls", [one.object for one in (outcome.call, *calls)]),
        ("what was not seen", outcome.unseen),
    ):
        strange = sorted(set(some) - set(names))
        if strange:
            raise ValueError(f"{what}: no object {strange[0]!r} in the scene; there are: {', '.join(names)}")


def scene_values(scene: Scene, arrays: Arrays, where: str) -> dict[str, Any]:
    """Return a scene as words, with clouds and boxes in `arrays`."""
    counts = [len(segment.points) for segment in scene.segments]
    clouds = [np.asarray(segment.points, np.float32).reshape(-1, 3) for segment in scene.segments]
    boxes = [[*one.box.center, *one.box.size, one.box.yaw, one.opening] for one in scene.segments]
    return {
        "stamp_ns": scene.stamp_ns,
        "segments": [[one.name, one.prior] for one in scene.segments],
        "counts": counts,
        "points": arrays.put(f"{where}.points", np.concatenate([np.zeros((0, 3), np.float32), *clouds])),
        "boxes": arrays.put(f"{where}.boxes", np.array(boxes, dtype=np.float64).reshape(-1, 8)),
    }


def scene_from(words: dict[str, Any], arrays: Arrays) -> Scene:
    """Return the scene that `scene_values` took apart."""
    points, boxes = arrays.get(words["points"]), arrays.get(words["boxes"])
    counts = [int(count) for count in words["counts"]]
    ends = np.cumsum(counts)
    if points.ndim != 2 or points.shape[1] != 3 or boxes.ndim != 2 or boxes.shape[1] != 8:
        raise ValueError(f"points of shape {points.shape} and boxes of shape {boxes.shape}; expected (n, 3) and (n, 8)")
    if len(boxes) != len(words["segments"]) or len(points) != sum(counts) or min(counts, default=0) < 0:
        raise ValueError("segments, boxes and clouds differ in number")
    strange = sorted({str(prior) for _, prior in words["segments"]} - set(shapes.names))
    if strange:
        raise ValueError(f"no shape prior is called {strange[0]!r}; there are: {', '.join(shapes.names)}")
    segments = [
        Segment(
            str(name),
            str(prior),
            Box(row[:3], row[3:6], float(row[6])),
            points[end - count : end],
            float(row[7]),
        )
        for (name, prior), row, count, end in zip(words["segments"], boxes, counts, ends, strict=True)
    ]
    stamp_ns = int(words["stamp_ns"])
    if not 0 <= stamp_ns < 2**63:
        raise ValueError("a stamp is no time in nanoseconds")
    return Scene(tuple(segments), stamp_ns)


def _relations_values(relations: Relations, arrays: Arrays, where: str) -> dict[str, Any]:
    """Return relations as words."""
    return {
        "names": list(relations.names),
        "unary": arrays.put(f"{where}.unary", relations.unary),
        "binary": arrays.put(f"{where}.binary", relations.binary),
    }


def _relations_from(words: dict[str, Any], arrays: Arrays) -> Relations:
    """Return relations from words."""
    names, unary, binary = tuple(words["names"]), arrays.get(words["unary"]), arrays.get(words["binary"])
    count = len(names)
    if unary.shape != (count, len(UNARY_RELATIONS)) or binary.shape != (count, count, len(BINARY_RELATIONS)):
        raise ValueError(f"relations of {len(names)} objects have shapes {unary.shape} and {binary.shape}")
    if any(np.any((table < 0) | (table > 1)) for table in (unary, binary)):
        raise ValueError(f"relations of {', '.join(map(str, names))} have values outside 0..1")
    return Relations(names, unary, binary)


def _prediction_values(prediction: Prediction, arrays: Arrays, where: str) -> dict[str, Any]:
    """Return a prediction as words."""
    displacements = arrays.put(f"{where}.displacements", np.asarray(prediction.displacements))
    return {"relations": _relations_values(prediction.relations, arrays, where), "displacements": displacements}


def _prediction_from(words: dict[str, Any], arrays: Arrays) -> Prediction:
    """Return a prediction from words."""
    relations, displacements = _relations_from(words["relations"], arrays), arrays.get(words["displacements"])
    if displacements.shape != (len(relations.names), 3):
        raise ValueError(f"displacements of {len(relations.names)} objects have shape {displacements.shape}")
    return Prediction(relations, displacements)


def _call_values(call: SkillCall) -> list[Any]:
    """Return a call as words."""
    return [call.skill, call.object, [float(value) for value in call.parameter]]


def _call_from(words: list[Any]) -> SkillCall:
    """Return a call from words."""
    skill, object_, parameter = words
    return checked_call(SkillCall(str(skill), str(object_), np.array(parameter, dtype=np.float64)))


def _goal_values(goal: Goal) -> list[Any]:
    """Return a goal as words."""
    return [[one.relation, one.subject, one.object, one.value] for one in goal.literals]


def _goal_from(words: list[Any]) -> Goal:
    """Return a goal from words."""
    return Goal(
        tuple(
            GoalRelation(str(relation), str(subject), str(object_), bool(value))
            for relation, subject, object_, value in words
        )
    )


def _outcome_values(outcome: Outcome, arrays: Arrays) -> dict[str, Any]:
    """Return an outcome as words."""
    execution = outcome.execution
    return {
        "before": scene_values(outcome.before, arrays, "before"),
        "call": _call_values(outcome.call),
        "after": scene_values(outcome.after, arrays, "after"),
        "prediction": _prediction_values(outcome.prediction, arrays, "predicted"),
        "observed_before": _relations_values(outcome.observed_before, arrays, "observed_before"),
        "observed_after": _relations_values(outcome.observed_after, arrays, "observed_after"),
        "execution": [execution.ok, execution.error_code, execution.error_msg, execution.duration_s],
        "weights_id": outcome.weights_id,
        "unseen": list(outcome.unseen),
    }


def _outcome_from(words: dict[str, Any], arrays: Arrays) -> Outcome:
    """Return an outcome from words."""
    ok, code, message, duration = words["execution"]
    return Outcome(
        before=scene_from(words["before"], arrays),
        call=_call_from(words["call"]),
        after=scene_from(words["after"], arrays),
        prediction=_prediction_from(words["prediction"], arrays),
        observed_before=_relations_from(words["observed_before"], arrays),
        observed_after=_relations_from(words["observed_after"], arrays),
        execution=Execution(bool(ok), int(code), str(message), float(duration)),
        weights_id=str(words["weights_id"]),
        unseen=tuple(str(name) for name in words["unseen"]),
    )


def _plan_values(plan: Plan, arrays: Arrays) -> dict[str, Any]:
    """Return a plan as words."""
    return {
        "id": plan.id,
        "goal": _goal_values(plan.goal),
        "calls": [_call_values(call) for call in plan.calls],
        "probability": plan.probability,
        "predictions": [_prediction_values(one, arrays, f"plan.{i}") for i, one in enumerate(plan.predictions)],
        "weights_id": plan.weights_id,
        "believed": plan.believed,
    }


def _plan_from(words: dict[str, Any], arrays: Arrays) -> Plan:
    """Return a plan from words."""
    return Plan(
        id=str(words["id"]),
        goal=_goal_from(words["goal"]),
        calls=tuple(_call_from(call) for call in words["calls"]),
        probability=float(words["probability"]),
        predictions=tuple(_prediction_from(one, arrays) for one in words["predictions"]),
        weights_id=str(words["weights_id"]),
        believed=bool(words["believed"]),
    )
