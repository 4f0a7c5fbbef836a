"""What a message may hold: one table, by type and field, checked wherever a message comes in.

Every text and every sequence has a bound, every number is finite, and lengths of time are lengths. The numbers are
those of `f2p_msgs/Limits`, so that whoever sends can read them too.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from sensor_msgs.msg import PointCloud2

from f2p.ros.errors import BoundError
from f2p_msgs.msg import Limits, SegmentedScene

MOST: dict[tuple[str, str], float] = {
    ("SegmentedScene", "segments"): Limits.MOST_SEGMENTS,
    ("RelationTable", "names"): Limits.MOST_SEGMENTS,
    ("RelationTable", "unary_relations"): Limits.MOST_RELATIONS,
    ("RelationTable", "binary_relations"): Limits.MOST_RELATIONS,
    ("RelationTable", "unary"): Limits.MOST_SEGMENTS * Limits.MOST_RELATIONS,
    ("RelationTable", "binary"): Limits.MOST_SEGMENTS**2 * Limits.MOST_RELATIONS,
    ("Prediction", "displacements"): Limits.MOST_SEGMENTS,
    ("GroundTruth", "bodies"): Limits.MOST_SEGMENTS,
    ("SkillCall", "parameter"): Limits.MOST_PARAMETERS,
    ("Plan", "goal"): Limits.MOST_LITERALS,
    ("Plan", "calls"): Limits.MOST_STEPS,
    ("Plan", "predictions"): Limits.MOST_STEPS,
    ("Failure", "contradictions"): Limits.MOST_SEGMENTS**2 * Limits.MOST_RELATIONS,
    ("Failure", "folder"): Limits.MOST_TEXT,
    ("Failure", "message"): Limits.MOST_TEXT,
    ("GateReport", "reasons"): Limits.MOST_STEPS,
    ("GateReport", "replay"): Limits.MOST_STEPS,
    ("GuardState", "reason"): Limits.MOST_TEXT,
    ("WeightsState", "skills"): Limits.MOST_STEPS,
    ("WeightsState", "error_msg"): Limits.MOST_TEXT,
    ("Help", "reason"): Limits.MOST_TEXT,
    ("OperatorWord", "joints"): Limits.MOST_JOINTS,
    ("OperatorWord", "driven"): Limits.MOST_JOINTS,
    ("CheckOutcome_Request", "execution_error_msg"): Limits.MOST_TEXT,
    ("Predict_Request", "skeleton"): Limits.MOST_STEPS,
    ("Predict_Request", "goal"): Limits.MOST_LITERALS,
    ("Predict_Request", "candidates"): Limits.MOST_CANDIDATES,
    ("Predict_Request", "detailed"): Limits.MOST_TOLD,
    ("Predict_Request", "parameters"): Limits.MOST_CANDIDATES * Limits.MOST_STEPS * Limits.MOST_PARAMETERS,
    ("Predict_Response", "goal_probability"): Limits.MOST_CANDIDATES,
    ("Predict_Response", "detailed"): Limits.MOST_TOLD,
    ("Predict_Response", "predictions"): Limits.MOST_TOLD * Limits.MOST_STEPS,
    ("RefuseWeights_Request", "reason"): Limits.MOST_TEXT,
    ("RollbackWeights_Request", "reason"): Limits.MOST_TEXT,
    ("AchieveGoal_Goal", "goal"): Limits.MOST_LITERALS,
    ("AchieveGoal_Goal", "proposal"): Limits.MOST_STEPS,
    ("AchieveGoal_Goal", "attempts"): Limits.MOST_ATTEMPTS,
    ("AchieveGoal_Result", "failure_ids"): Limits.MOST_ATTEMPTS,
    ("AchieveGoal_Feedback", "detail"): Limits.MOST_TEXT,
    ("FineTune_Goal", "folder"): Limits.MOST_TEXT,
    ("FineTune_Result", "times"): Limits.MOST_STEPS,
    ("FineTune_Feedback", "detail"): Limits.MOST_TEXT,
    ("GuardedMove_Goal", "joints"): Limits.MOST_JOINTS,
    ("GuardedMove_Goal", "targets"): Limits.MOST_JOINTS,
    ("GuardedMove_Goal", "speeds"): Limits.MOST_JOINTS,
    ("GuardedMove_Goal", "contact_thresholds"): Limits.MOST_JOINTS,
    ("GuardedMove_Result", "positions"): Limits.MOST_JOINTS,
    ("GuardedMove_Feedback", "positions"): Limits.MOST_JOINTS,
    ("PerceiveScene_Goal", "looks"): Limits.MOST_LOOKS,
    ("PerceiveScene_Goal", "sought"): Limits.MOST_SEGMENTS,
    ("PlanGoal_Goal", "goal"): Limits.MOST_LITERALS,
    ("PlanGoal_Goal", "skeleton"): Limits.MOST_STEPS,
    ("PlanGoal_Goal", "refused"): Limits.MOST_STEPS,
    ("PlanGoal_Goal", "horizon"): Limits.MOST_HORIZON,
    ("Point", "x"): Limits.FARTHEST,
    ("Point", "y"): Limits.FARTHEST,
    ("Point", "z"): Limits.FARTHEST,
    ("Vector3", "x"): Limits.FARTHEST,
    ("Vector3", "y"): Limits.FARTHEST,
    ("Vector3", "z"): Limits.FARTHEST,
    ("Segment", "opening"): Limits.FARTHEST,
    ("GuardedTwist", "linear_speed"): Limits.FASTEST,
    ("GuardedTwist", "turning_speed"): Limits.FASTEST,
}
"""Most elements of a sequence, most characters of a text, or greatest absolute value of a number."""

OWN_ANSWER = "error_msg"
"""Texts of answers: what another node of ours says is shown and not acted upon, so that it counts as a sentence."""


def within(message: Any) -> Any:
    """Return a message all of whose fields are within their bounds. Raises BoundError naming the field."""
    for where, reason in _beyond(message, type(message).__name__):
        raise BoundError(where, reason)
    return message


def only_within(callback: Callable[[Any], None]) -> Callable[[Any], None]:
    """Return a subscription's callback that is spared messages beyond their bounds: they are as if never sent."""

    def called(message: Any) -> None:
        if next(_beyond(message, ""), None) is None:
            callback(message)

    return called


def _beyond(message: Any, where: str) -> Iterator[tuple[str, str]]:
    """Yield the fields that are not, each with what is wrong with it."""
    if isinstance(message, Time | Duration):
        yield from _bad_time(message, where)
    elif isinstance(message, PointCloud2):
        yield from _bad_cloud(message, where)
    else:
        if isinstance(message, SegmentedScene):
            yield from _bad_total(message, where)
        kind = type(message).__name__
        for name in message.get_fields_and_field_types():
            most = MOST.get((kind, name), Limits.MOST_TEXT if name == OWN_ANSWER else None)
            yield from _bad_field(getattr(message, name), most, f"{where}.{name}")


def _bad_field(value: Any, most: float | None, where: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if len(value) > (most or Limits.MOST_NAME):
            yield where, f"{len(value)} characters, at most {most or Limits.MOST_NAME}"
    elif isinstance(value, list | array):
        yield from _bad_sequence(value, most, where)
    elif isinstance(value, float | int):
        if not math.isfinite(value) or (most is not None and abs(value) > most):
            yield where, f"{value} is not finite" if most is None else f"{value} is not within [-{most:g}, {most:g}]"
    elif hasattr(value, "get_fields_and_field_types"):
        yield from _beyond(value, where)


def _bad_sequence(values: Any, most: float | None, where: str) -> Iterator[tuple[str, str]]:
    if len(values) > (most or 0):
        yield where, f"{len(values)} elements, at most {most or 0:g}"
    elif isinstance(values, array):
        if not np.all(np.isfinite(np.asarray(values))):
            yield where, "a number that is not finite"
    else:
        for index, one in enumerate(values):
            yield from _bad_field(one, None, f"{where}[{index}]")


def _bad_time(time: Time | Duration, where: str) -> Iterator[tuple[str, str]]:
    most = Limits.LONGEST if isinstance(time, Duration) else 2.0**31
    if not 0 <= time.sec <= most:
        yield where, f"{time.sec} s are not within [0, {most:g}] s"


def _bad_cloud(cloud: PointCloud2, where: str) -> Iterator[tuple[str, str]]:
    count = cloud.width * cloud.height
    if count > Limits.MOST_POINTS:
        yield where, f"{count} points, at most {Limits.MOST_POINTS}"


def _bad_total(scene: SegmentedScene, where: str) -> Iterator[tuple[str, str]]:
    count = sum(one.points.width * one.points.height for one in scene.segments)
    if count > Limits.MOST_SCENE_POINTS:
        yield where, f"{count} points in all, at most {Limits.MOST_SCENE_POINTS}"
