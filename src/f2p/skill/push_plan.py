"""What a push needs to know before the body moves: its strokes, that they can be reached, and that nothing falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.action.push import EDGE, TALLEST, PushAction, inside_edge, support_of
from f2p.action.shoved import shoved
from f2p.action.strokes import Stroke, StrokeConfig, Surroundings, around_it, strokes
from f2p.robot.kinematics import TopDownPose, down_offset_base, top_down, within
from f2p.robot.protocol import LIFT
from f2p.settings import group, number
from f2p.skill.errors import NoRoomBehindError, OverEdgeError, SkillCallError, UnpushableError
from f2p.skill.moves import MovesConfig
from f2p.types import Scene, SkillCall

REACH_BELOW = 0.02
"""How far the pads reach below the grasp centre [m] (as in grasps)."""


@dataclass(frozen=True)
class PushSkillConfig(MovesConfig):
    """Pace and thresholds of a push."""

    strokes: StrokeConfig = group(StrokeConfig)
    edge: float = number(EDGE, "least distance of an object's middle from the edge of what it stands on", unit="m",
                         low=0.0, high=0.2)  # fmt: skip
    blocked: float = number(25.0, "lift effort that stops the empty gripper", unit="%", low=2.0, high=60.0)
    lower_speed: float = number(0.08, "lift speed while lowering", unit="m/s", low=0.01, high=0.11)
    push_speed: float = number(0.08, "speed of arm or base while pushing", unit="m/s", low=0.01, high=0.15)
    arm_contact: float = number(40.0, "effort of the arm that ends a push", unit="%", low=5.0, high=90.0,
                                source="ours: 32 N in the twin; to be set on the robot")  # fmt: skip
    base_contact: float = number(50.0, "effort of the base that ends a push", unit="%", low=5.0, high=90.0,
                                 source="ours: 100 N in the twin; to be set on the robot")  # fmt: skip
    short: float = number(0.01, "a push that contact ends by more than this too early is told", unit="m", low=0.0,
                          high=0.1)  # fmt: skip


@dataclass(frozen=True)
class PushPlan:
    """Everything known before the body moves."""

    name: str
    strokes: tuple[Stroke, ...]
    travel_z: float
    """Height of the grasp centre while the gripper travels [m]."""


def plan_push(
    scene: Scene, call: SkillCall, base_task: tuple[float, float, float], config: PushSkillConfig
) -> PushPlan:
    """Find the strokes of a push.

    Raises:
        SkillCallError: The call does not fit the scene.
        UnpushableError: The object cannot be pushed, or so little that no stroke is left.
        OverEdgeError: Something would fall.
        NoRoomBehindError: The gripper finds no place to come down.
        UnreachableError: A stroke begins or ends out of reach; names the limit.
    """
    if call.object not in scene.names:
        raise SkillCallError(f"no object {call.object!r} in the scene; there are: {', '.join(scene.names)}")
    if call.parameter.shape != (2,) or not np.all(np.isfinite(call.parameter)):
        raise SkillCallError(f"push needs two finite numbers (dx, dy), not {call.parameter.tolist()}")
    index = scene.index(call.object)
    segment = scene.segments[index]
    if not PushAction().applies(segment):
        fact = f"it is {segment.box.size[2]:.3f} m tall, the gripper passes over {TALLEST:.3f} m"
        raise UnpushableError(call.object, fact if segment.box.size[2] > TALLEST else f"it is a {segment.prior}")
    around = Surroundings(
        np.stack([one.box.pose for one in scene.segments]),
        np.stack([one.box.size for one in scene.segments]),
        np.array([not one.shape.support for one in scene.segments]),
    )
    holder = around_it(around, index)
    if holder is not None:
        raise UnpushableError(call.object, f"it lies in {scene.names[holder]!r}")
    _check_edges(scene, call, config)
    found = strokes(around, index, call.parameter, config.strokes)
    if not found:
        raise UnpushableError(call.object, f"{np.abs(call.parameter).max():.3f} m are too little to push it")
    room = min(stroke.room for stroke in found)
    if room < config.strokes.clear:
        raise NoRoomBehindError(call.object, config.strokes.clear - room)
    tops = around.poses[:, 2] + 0.5 * around.sizes[:, 2]
    plan = PushPlan(call.object, found, float(tops.max()) + config.clearance + REACH_BELOW)
    for stroke in found:
        for point in (stroke.start, stroke.end):
            top_down(pose_at(stroke, point), base_task, f"the push of {call.object!r}")
    within(LIFT, plan.travel_z - float(down_offset_base()[2]), f"the travelling height over {call.object!r}")
    return plan


def pose_at(stroke: Stroke, point: np.ndarray) -> TopDownPose:
    """Return the gripper's pose with the middle between its pads over `point` (2,), as low as they push."""
    return TopDownPose(float(point[0]), float(point[1]), stroke.bottom + REACH_BELOW, stroke.heading)


def _check_edges(scene: Scene, call: SkillCall, config: PushSkillConfig) -> None:
    """Raise OverEdgeError where the pushed object, or one that it shoves along, would leave what it stands on."""
    shares = np.linspace(0.0, 1.0, 101)
    for name, by in shoved(scene, call).items():
        on = inside_edge(scene, name, shares[:, None] * by) >= config.edge
        support = support_of(scene, name)
        if support is not None and not on[-1]:
            left = (1.0 - shares[on].max(initial=0.0)) * np.linalg.norm(by)
            furthest = float(max(0.0, np.linalg.norm(call.parameter) - left))
            raise OverEdgeError(call.object, name, support.name, furthest)
