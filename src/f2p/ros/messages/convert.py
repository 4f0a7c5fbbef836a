"""Between our values and their messages, both ways; what cannot be converted raises a coded error."""

from __future__ import annotations

import array
import math
from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time

from f2p.action.protocol import checked_call
from f2p.ros.errors import BadSceneError, MessageError
from f2p.shape.protocol import shapes
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Box,
    Failure,
    Goal,
    GoalRelation,
    LearnFrom,
    Plan,
    Prediction,
    Relations,
    Scene,
    Segment,
    SkillCall,
    SkillStep,
)
from f2p_msgs import msg
from f2p_msgs.action import ExecuteSkill

TASK_FRAME = "task"
"""TF name of the task frame."""

_UNARY, _BINARY = len(UNARY_RELATIONS), len(BINARY_RELATIONS)


def floats(values: np.ndarray, code: str = "f") -> array.array:
    """Return a flat array.array, which messages take without looking at every element; `code` "f" or "d"."""
    return array.array(code, np.ascontiguousarray(values, dtype=code).tobytes())


def stamp_to_msg(stamp_ns: int) -> Time:
    """Convert nanoseconds to a time message."""
    return Time(sec=int(stamp_ns // 1_000_000_000), nanosec=int(stamp_ns % 1_000_000_000))


def stamp_from_msg(stamp: Time) -> int:
    """Convert a time message to nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


def scene_to_msg(scene: Scene) -> msg.SegmentedScene:
    """Return a scene in the task frame."""
    out = msg.SegmentedScene()
    out.header.frame_id = TASK_FRAME
    out.header.stamp = stamp_to_msg(scene.stamp_ns)
    for segment in scene.segments:
        item = msg.Segment(
            name=segment.name, prior=segment.prior, movable=segment.movable, opening=float(segment.opening)
        )
        x, y, z = (float(value) for value in segment.box.center)
        item.pose.position.x, item.pose.position.y, item.pose.position.z = x, y, z
        item.pose.orientation.z, item.pose.orientation.w = math.sin(segment.box.yaw / 2), math.cos(segment.box.yaw / 2)
        item.size.x, item.size.y, item.size.z = (float(value) for value in segment.box.size)
        item.points = floats(segment.points)
        out.segments.append(item)
    return out


def scene_from_msg(message: msg.SegmentedScene) -> Scene:
    """Read a scene. Raises BadSceneError for another frame, double names, unknown priors or non-finite numbers."""
    if message.header.frame_id != TASK_FRAME:
        raise BadSceneError(f"a scene must be in frame {TASK_FRAME!r}, not {message.header.frame_id!r}")
    segments = tuple(_segment_from_msg(item) for item in message.segments)
    names = [segment.name for segment in segments]
    if len(set(names)) != len(names) or not all(names):
        raise BadSceneError(f"segment names must be given and unique: {names}")
    return Scene(segments, stamp_from_msg(message.header.stamp))


def _segment_from_msg(item: msg.Segment) -> Segment:
    position, turn, extent = item.pose.position, item.pose.orientation, item.size
    numbers = [position.x, position.y, position.z, turn.z, turn.w, extent.x, extent.y, extent.z, item.opening]
    points = np.asarray(item.points, dtype=np.float32)
    if not (np.all(np.isfinite(numbers)) and np.all(np.isfinite(points))):
        raise BadSceneError(f"segment {item.name!r} has a box or points that are not finite")
    if min(extent.x, extent.y, extent.z) <= 0.0 or points.size % 3:
        raise BadSceneError(f"segment {item.name!r}: sizes must be positive and points come in threes")
    if item.prior not in shapes.names:
        choices = ", ".join(shapes.names)
        raise BadSceneError(f"segment {item.name!r} has an unknown prior {item.prior!r}; choose one of: {choices}")
    yaw = 2.0 * math.atan2(turn.z, turn.w)
    box = Box(np.array([position.x, position.y, position.z]), np.array([extent.x, extent.y, extent.z]),
              math.remainder(yaw, 2.0 * math.pi))  # fmt: skip
    return Segment(item.name, item.prior, box, points.reshape(-1, 3), float(item.opening))


def relations_to_msg(relations: Relations) -> msg.RelationTable:
    """Return both tables, flattened row by row."""
    return msg.RelationTable(
        names=list(relations.names), unary=floats(relations.unary), binary=floats(relations.binary)
    )


def relations_from_msg(message: msg.RelationTable) -> Relations:
    """Return both tables. Raises MessageError when their sizes do not fit the names."""
    count = len(message.names)
    unary, binary = np.asarray(message.unary, np.float32), np.asarray(message.binary, np.float32)
    if unary.size != count * _UNARY or binary.size != count * count * _BINARY:
        raise MessageError(f"{count} names do not fit {unary.size} unary and {binary.size} binary values")
    if not (np.all(np.isfinite(unary)) and np.all(np.isfinite(binary))):
        raise MessageError("a relation table holds values that are not finite")
    return Relations(tuple(message.names), unary.reshape(count, _UNARY), binary.reshape(count, count, _BINARY))


def goal_to_msg(goal: Goal) -> list[msg.GoalRelation]:
    """Return one message for each literal."""
    return [
        msg.GoalRelation(relation=item.relation, subject=item.subject, object=item.object, value=item.value)
        for item in goal.literals
    ]


def goal_from_msg(literals: Sequence[msg.GoalRelation]) -> Goal:
    """Return a conjunction of the literals."""
    return Goal(tuple(GoalRelation(item.relation, item.subject, item.object, bool(item.value)) for item in literals))


def skeleton_to_msg(skeleton: Sequence[SkillStep]) -> list[msg.SkillStep]:
    """Return one message for each step."""
    return [msg.SkillStep(skill=step.skill, object=step.object) for step in skeleton]


def skeleton_from_msg(steps: Sequence[msg.SkillStep]) -> tuple[SkillStep, ...]:
    """Return the steps in order."""
    return tuple(SkillStep(step.skill, step.object) for step in steps)


def learn_from_text(text: str) -> LearnFrom:
    """Read what a goal says to learn from; misses when it says nothing. Raises MessageError for anything else."""
    try:
        return LearnFrom(text or LearnFrom.MISSES)
    except ValueError:
        choices = ", ".join(one.value for one in LearnFrom)
        raise MessageError(f"unknown learn_from value {text!r}; choices: {choices}") from None


def plan_to_msg(plan: Plan, stamp_ns: int) -> msg.Plan:
    """Return a plan with its predictions."""
    out = msg.Plan(
        id=plan.id, goal=goal_to_msg(plan.goal), probability=float(plan.probability), weights_id=plan.weights_id,
        believed=bool(plan.believed),
    )  # fmt: skip
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    for call, prediction in zip(plan.calls, plan.predictions, strict=True):
        out.steps.append(
            msg.PlanStep(
                skill=call.skill,
                object=call.object,
                parameter=floats(call.parameter, "d"),
                relations=relations_to_msg(prediction.relations),
                displacements=floats(prediction.displacements, "d"),
            )
        )
    return out


def plan_from_msg(message: msg.Plan) -> Plan:
    """Return a plan with its predictions. Raises MessageError when a table does not fit its names."""
    calls = tuple(call_from_msg(step) for step in message.steps)
    predictions = []
    for step in message.steps:
        relations = relations_from_msg(step.relations)
        displacements = np.asarray(step.displacements, np.float64)
        if displacements.size != 3 * len(relations.names):
            raise MessageError(f"{displacements.size} displacement values for {len(relations.names)} segments")
        predictions.append(Prediction(relations, displacements.reshape(-1, 3)))
    return Plan(
        message.id, goal_from_msg(message.goal), calls, float(message.probability), tuple(predictions),
        message.weights_id, bool(message.believed),
    )  # fmt: skip


def call_from_msg(step: msg.PlanStep | ExecuteSkill.Goal) -> SkillCall:
    """Return skill, object and parameters. Raises UnknownNameError and BadParameterError for a call that is none."""
    return checked_call(SkillCall(step.skill, step.object, np.asarray(step.parameter, np.float64)))


def failure_to_msg(failure: Failure, folder: str, stamp_ns: int) -> msg.Failure:
    """Return a failure as the graph speaks of it; the whole of it lies in `folder`."""
    out = msg.Failure(
        id=failure.id, cause=failure.cause.value, folder=folder, plan_id=failure.plan.id if failure.plan else "",
        weights_id=failure.outcome.weights_id, score=float(failure.score), threshold=float(failure.threshold),
        message=failure.explanation,
    )  # fmt: skip
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    out.step.skill, out.step.object = failure.outcome.call.skill, failure.outcome.call.object
    out.contradictions = [
        msg.Contradiction(relation=item.relation, subject=item.subject, object=item.object,
                          predicted=float(item.predicted), observed=bool(item.observed))
        for item in failure.contradictions
    ]  # fmt: skip
    return out
