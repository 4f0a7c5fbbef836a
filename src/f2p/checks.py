"""What must be true of a value of `f2p.types` wherever it comes from: folders and messages are held to the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from f2p.action.protocol import checked_call
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Box,
    Execution,
    Failure,
    Plan,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
)


def _box(box: Box) -> None:
    if box.center.shape != (3,) or box.size.shape != (3,):
        raise ValueError(f"a box has a centre {box.center.shape} and a size {box.size.shape}; both are (3,)")
    if not np.all(box.size > 0.0):
        raise ValueError(f"sizes must be positive, not {box.size.tolist()}")


def _segment(segment: Segment) -> None:
    if segment.points.ndim != 2 or segment.points.shape[1] != 3:
        raise ValueError(f"segment {segment.name!r} has points of shape {segment.points.shape}; expected (n, 3)")


def _scene(scene: Scene) -> None:
    names = scene.names
    if len(set(names)) != len(names) or not all(names):
        raise ValueError(f"segment names must be given and unique: {', '.join(map(repr, names))}")
    if not 0 <= scene.stamp_ns < 2**63:
        raise ValueError("a stamp is no time in nanoseconds")


def _relations(relations: Relations) -> None:
    count, unary, binary = len(relations.names), relations.unary.shape, relations.binary.shape
    if unary != (count, len(UNARY_RELATIONS)) or binary != (count, count, len(BINARY_RELATIONS)):
        raise ValueError(f"relations of {count} objects have shapes {unary} and {binary}")
    if any(np.any((table < 0) | (table > 1)) for table in (relations.unary, relations.binary)):
        raise ValueError(f"relations of {', '.join(relations.names)} have values outside 0..1")


def _prediction(prediction: Prediction) -> None:
    if prediction.displacements.shape != (len(prediction.relations.names), 3):
        count, shape = len(prediction.relations.names), prediction.displacements.shape
        raise ValueError(f"displacements of {count} objects have shape {shape}")


def _call(call: SkillCall) -> None:
    checked_call(call)


def _plan(plan: Plan) -> None:
    if len(plan.calls) != len(plan.predictions):
        raise ValueError(f"a plan of {len(plan.calls)} calls has {len(plan.predictions)} predictions")
    _same_objects({f"prediction {i} of the plan": one.relations.names for i, one in enumerate(plan.predictions)})


def _execution(execution: Execution) -> None:
    if execution.duration_s < 0.0 or not 0 <= execution.error_code < 2**16:
        raise ValueError(f"an execution of {execution.duration_s} s with error code {execution.error_code}")


def _failure(failure: Failure) -> None:
    """Refuse parts about different objects: they would be learned from as if they were about the same."""
    outcome = failure.outcome
    calls, predictions = (failure.plan.calls, failure.plan.predictions) if failure.plan else ((), ())
    names = outcome.before.names
    if not names:
        raise ValueError("the scene before has no segments")
    found = {
        "the scene before": names,
        "the scene after": outcome.after.names,
        "the prediction": outcome.prediction.relations.names,
        "the relations observed before": outcome.observed_before.names,
        "the relations observed after": outcome.observed_after.names,
        **{f"prediction {i} of the plan": one.relations.names for i, one in enumerate(predictions)},
    }
    _same_objects(found)
    for what, some in (
        ("calls", [one.object for one in (outcome.call, *calls)]),
        ("what was not seen", outcome.unseen),
    ):
        strange = sorted(set(some) - set(names))
        if strange:
            raise ValueError(f"{what}: no object {strange[0]!r} in the scene; there are: {', '.join(names)}")


def _same_objects(found: Mapping[str, Sequence[str]]) -> None:
    """Refuse names that are not those of the first, in their order."""
    if not found:
        return
    first, names = next(iter(found.items()))
    for what, others in found.items():
        if tuple(others) != tuple(names):
            told = ", ".join(map(str, others)) or "nothing"
            raise ValueError(f"{what} is about other objects than {first}: {told}")


CHECKS: dict[type, Callable[[Any], None]] = {
    Box: _box, Segment: _segment, Scene: _scene, Relations: _relations, Prediction: _prediction, SkillCall: _call,
    Plan: _plan, Execution: _execution, Failure: _failure,
}  # fmt: skip
"""Each raises ValueError, or an F2pError, saying what is wrong with a value of its type."""
