"""Between our values and their messages, both ways; what cannot be converted raises a coded error.

A message's fields are filled from, and read into, the fields of the same name of its value (`f2p.codec`); said here is
only what a message puts otherwise: boxes as poses, clouds as PointCloud2, tables flattened beside their vocabulary.
"""

from __future__ import annotations

import array
import math
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Vector3
from sensor_msgs.msg import PointCloud2

from f2p.codec import tree_of, value_of
from f2p.errors import F2pError
from f2p.ros.errors import BadSceneError, MessageError, VocabularyError
from f2p.ros.messages.bounds import within
from f2p.ros.messages.views import cloud_of, points_of
from f2p.types import (
    BINARY_RELATIONS,
    UNARY_RELATIONS,
    Failure,
    Goal,
    GoalRelation,
    LearnFrom,
    Plan,
    Prediction,
    Relations,
    Scene,
    SkillCall,
    SkillStep,
)
from f2p_msgs import msg

TASK_FRAME = "task"
"""TF name of the task frame."""

NANO = 1_000_000_000


def floats(values: np.ndarray, code: str = "f") -> array.array:
    """Return a flat array.array, which messages take without looking at every element; `code` "f" or "d"."""
    return array.array(code, np.ascontiguousarray(values, dtype=code).tobytes())


def stamp_to_msg(stamp_ns: int) -> Time:
    """Convert nanoseconds to a time message."""
    return Time(sec=int(stamp_ns // NANO), nanosec=int(stamp_ns % NANO))


def stamp_from_msg(stamp: Time) -> int:
    """Convert a time message to nanoseconds."""
    return int(stamp.sec * NANO + stamp.nanosec)


def duration_to_msg(seconds: float) -> Duration:
    """Convert seconds to a duration message."""
    nanoseconds = round(seconds * NANO)
    return Duration(sec=nanoseconds // NANO, nanosec=nanoseconds % NANO)


def duration_from_msg(duration: Duration) -> float:
    """Convert a duration message to seconds."""
    return float(duration.sec + duration.nanosec / NANO)


def scene_to_msg(scene: Scene) -> msg.SegmentedScene:
    """Return a whole scene in the task frame, without an id."""
    out = filled(msg.SegmentedScene(), tree_of(scene))
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(scene.stamp_ns)
    for item, segment in zip(out.segments, scene.segments, strict=True):
        item.movable = segment.movable
        item.points.header = out.header
    return out


def scene_from_msg(message: msg.SegmentedScene) -> Scene:
    """Read a whole scene. Raises BadSceneError for another frame, double names, boxes or clouds that are none."""
    return _read(Scene, message, BadSceneError)


def relations_to_msg(relations: Relations) -> msg.RelationTable:
    """Return both tables, flattened row by row, with their vocabulary."""
    return filled(msg.RelationTable(), tree_of(relations))


def relations_from_msg(message: msg.RelationTable) -> Relations:
    """Return both tables. Raises VocabularyError, or MessageError when their sizes do not fit the names."""
    return _read(Relations, message)


def prediction_to_msg(prediction: Prediction) -> msg.Prediction:
    """Return what is expected of one step."""
    return filled(msg.Prediction(), tree_of(prediction))


def prediction_from_msg(message: msg.Prediction) -> Prediction:
    """Return what is expected of one step. Raises as `relations_from_msg`."""
    return _read(Prediction, message)


def goal_to_msg(goal: Goal) -> list[msg.GoalRelation]:
    """Return one message for each literal."""
    return [filled(msg.GoalRelation(), tree_of(item)) for item in goal.literals]


def goal_from_msg(literals: Sequence[msg.GoalRelation]) -> Goal:
    """Return a conjunction of the literals."""
    return Goal(tuple(_read(GoalRelation, item) for item in literals))


def skeleton_to_msg(skeleton: Sequence[SkillStep]) -> list[msg.SkillStep]:
    """Return one message for each step."""
    return [filled(msg.SkillStep(), tree_of(step)) for step in skeleton]


def skeleton_from_msg(steps: Sequence[msg.SkillStep]) -> tuple[SkillStep, ...]:
    """Return the steps in order."""
    return tuple(_read(SkillStep, step) for step in steps)


def learn_from_text(text: str) -> LearnFrom:
    """Read what a goal says to learn from; misses when it says nothing. Raises MessageError for anything else."""
    try:
        return LearnFrom(text or LearnFrom.MISSES)
    except ValueError:
        choices = ", ".join(one.value for one in LearnFrom)
        raise MessageError(f"unknown learn_from value {text!r}; choices: {choices}") from None


def plan_to_msg(plan: Plan, stamp_ns: int) -> msg.Plan:
    """Return a plan with its predictions."""
    out = filled(msg.Plan(), tree_of(plan))
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    return out


def plan_from_msg(message: msg.Plan) -> Plan:
    """Return a plan with its predictions. Raises MessageError when a table does not fit its names."""
    return _read(Plan, message)


def call_to_msg(call: SkillCall) -> msg.SkillCall:
    """Return skill, object and parameters."""
    return filled(msg.SkillCall(), tree_of(call))


def call_from_msg(message: msg.SkillCall) -> SkillCall:
    """Return skill, object and parameters. Raises UnknownNameError and BadParameterError for a call that is none."""
    return _read(SkillCall, message)


def failure_to_msg(failure: Failure, folder: str, stamp_ns: int) -> msg.Failure:
    """Return a failure as the graph speaks of it; the whole of it lies in `folder`."""
    outcome = failure.outcome
    out = filled(msg.Failure(), {
        **{name: getattr(failure, name) for name in ("id", "score", "threshold")},
        "cause": failure.cause.value, "folder": folder, "plan_id": failure.plan.id if failure.plan else "",
        "weights_id": outcome.weights_id, "message": failure.explanation, "step": tree_of(outcome.call.step),
        "contradictions": [tree_of(one) for one in failure.contradictions],
    })  # fmt: skip
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    return out


def filled(message: Any, tree: Mapping[str, Any]) -> Any:
    """Fill the fields of a message that a tree has values for."""
    for name, kind in message.get_fields_and_field_types().items():
        if name in tree:
            setattr(message, name, _outward(kind, tree[name]))
    if isinstance(message, msg.RelationTable):
        message.unary_relations, message.binary_relations = list(UNARY_RELATIONS), list(BINARY_RELATIONS)
    return message


def _outward(kind: str, tree: Any) -> Any:
    """Return one field's value, by the type of the field."""
    inner = kind[len("sequence<") : -1] if kind.startswith("sequence<") else ""
    if isinstance(tree, np.ndarray) and inner in ("float", "double"):
        return floats(tree, inner[0])
    if kind in _PUT:
        return _PUT[kind](tree)
    if kind.startswith("f2p_msgs/"):
        return filled(getattr(msg, kind.removeprefix("f2p_msgs/"))(), tree)
    if isinstance(tree, dict):  # a goal is its literals
        (tree,) = tree.values()
    if inner:
        return [_outward(inner, one) for one in tree]
    return float(tree) if kind in ("float", "double") else tree.value if isinstance(tree, Enum) else tree


def _box_to_msg(tree: dict[str, Any]) -> msg.Box:
    out = msg.Box()
    out.pose.position.x, out.pose.position.y, out.pose.position.z = (float(value) for value in tree["center"])
    out.pose.orientation.z, out.pose.orientation.w = math.sin(tree["yaw"] / 2), math.cos(tree["yaw"] / 2)
    out.size.x, out.size.y, out.size.z = (float(value) for value in tree["size"])
    return out


def _vectors(rows: np.ndarray) -> list[Vector3]:
    return [Vector3(x=float(x), y=float(y), z=float(z)) for x, y, z in rows]


_PUT: dict[str, Callable[[Any], Any]] = {
    "f2p_msgs/Box": _box_to_msg, "sensor_msgs/PointCloud2": cloud_of, "sequence<geometry_msgs/Vector3>": _vectors,
}  # fmt: skip


def _read(kind: type, message: Any, refused: type[F2pError] = MessageError) -> Any:
    """Return the value of a message. Raises BoundError, errors of the value's parts, and `refused` for the rest."""
    try:
        return value_of(kind, _inward(within(message)))
    except (ValueError, TypeError, KeyError) as error:
        raise refused(str(error)) from error


def _inward(field: Any) -> Any:
    """Return a message, or the value of a field, as a tree."""
    if type(field) in _TAKE:
        return _TAKE[type(field)](field)
    if hasattr(field, "get_fields_and_field_types"):
        return {name: _inward(getattr(field, name)) for name in field.get_fields_and_field_types()}
    if isinstance(field, list):
        return [_inward(one) for one in field]
    return np.asarray(field) if isinstance(field, array.array) else field


def _box_from_msg(message: msg.Box) -> dict[str, Any]:
    position, turn, extent = message.pose.position, message.pose.orientation, message.size
    return {
        "center": np.array([position.x, position.y, position.z]), "size": np.array([extent.x, extent.y, extent.z]),
        "yaw": math.remainder(2.0 * math.atan2(turn.z, turn.w), 2.0 * math.pi),
    }  # fmt: skip


def _scene_from_msg(message: msg.SegmentedScene) -> dict[str, Any]:
    if message.header.frame_id != TASK_FRAME:
        raise BadSceneError(f"a scene must be in frame {TASK_FRAME!r}, not {message.header.frame_id!r}")
    if not message.segments:
        raise BadSceneError("a scene without segments")
    return {"segments": _inward(message.segments), "stamp_ns": stamp_from_msg(message.header.stamp)}


def _relations_from_msg(message: msg.RelationTable) -> dict[str, Any]:
    theirs = tuple(message.unary_relations), tuple(message.binary_relations)
    if theirs != (UNARY_RELATIONS, BINARY_RELATIONS):
        raise VocabularyError(theirs, (UNARY_RELATIONS, BINARY_RELATIONS))
    count = len(message.names)
    unary, binary = np.asarray(message.unary, np.float32), np.asarray(message.binary, np.float32)
    if unary.size != count * len(UNARY_RELATIONS) or binary.size != count * count * len(BINARY_RELATIONS):
        raise MessageError(f"{count} names do not fit {unary.size} unary and {binary.size} binary values")
    return {
        "names": list(message.names), "unary": unary.reshape(count, -1), "binary": binary.reshape(count, count, -1)
    }  # fmt: skip


def _prediction_from_msg(message: msg.Prediction) -> dict[str, Any]:
    rows = [[one.x, one.y, one.z] for one in message.displacements]
    return {"relations": _inward(message.relations), "displacements": np.array(rows).reshape(-1, 3)}


def _plan_from_msg(message: msg.Plan) -> dict[str, Any]:
    told = {name: _inward(getattr(message, name)) for name in message.get_fields_and_field_types() if name != "header"}
    return {**told, "goal": {"literals": told["goal"]}}


_TAKE: dict[type, Callable[[Any], Any]] = {
    msg.Box: _box_from_msg, msg.SegmentedScene: _scene_from_msg, msg.RelationTable: _relations_from_msg,
    msg.Prediction: _prediction_from_msg, msg.Plan: _plan_from_msg, PointCloud2: points_of,
}  # fmt: skip
