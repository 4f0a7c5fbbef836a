"""What sliding a drawer needs to know before the body moves: where its bar is now, how far the arm goes, what is near.

The arm draws along its own line. A drawer that is turned a little is drawn along that line too: the fingers slip along
the bar meanwhile, which must be long enough for it (ours: the base, which could be turned, stays as it stands).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import actions
from f2p.action.slide_drawer import ARM_ROOM
from f2p.geometry import into_box, rotate_z
from f2p.robot.errors import UnreachableError
from f2p.robot.kinematics import LIMITS, TopDownPose, down_offset_base, top_down, within
from f2p.robot.protocol import ARM, LIFT
from f2p.settings import number
from f2p.shape.protocol import board
from f2p.shape.sliding import Handle, handle, slide_travel
from f2p.skill.errors import BeyondTravelError, NotSlidingError, NoWayToHandleError, SkillCallError
from f2p.skill.moves import MovesConfig
from f2p.types import Scene, Segment, SkillCall


@dataclass(frozen=True)
class SlideDrawerConfig(MovesConfig):
    """Shape of the closed fingers, pace and thresholds."""

    finger_depth: float = number(0.024, "what closed fingers take along the arm", unit="m", low=0.01, high=0.05,
                                 source="ours: pads of the twin; about 30 mm on the robot")  # fmt: skip
    finger_width: float = number(0.040, "what closed fingers take along the bar", unit="m", low=0.01, high=0.1,
                                 source="URDF RE2V0, aperture 0")  # fmt: skip
    reach_below: float = number(0.02, "how far fingers reach below the grasp centre", unit="m", low=0.0, high=0.05)
    palm_above: float = number(0.115, "height of the palm over the grasp centre", unit="m", low=0.02, high=0.3,
                               source="URDF RE2V0")  # fmt: skip
    palm_reach: float = number(0.075, "how far palm and wrist reach out over what is in front", unit="m", low=0.0,
                               high=0.2, source="URDF RE2V0, yaw 0")  # fmt: skip
    lane: float = number(0.12, "half width of what arm and hand need to pass over things", unit="m", low=0.05, high=0.5)
    aperture: float = number(0.0, "aperture at which fingers hook", unit="m", low=-0.06, high=0.069,
                             source="stretch.md 1.2: the vendor's drawer recipe")  # fmt: skip
    blocked: float = number(25.0, "lift effort that stops the fingers on their way behind the bar", unit="%", low=2.0,
                            high=60.0)  # fmt: skip
    pull: float = number(35.0, "arm effort at which a drawer counts as stuck", unit="%", low=2.0, high=64.4,
                         source="ours: the vendor's 64.4 would turn a wrist that points down")  # fmt: skip
    pull_speed: float = number(0.08, "speed of the arm while it draws", unit="m/s", low=0.01, high=0.2)
    tolerance: float = number(0.015, "a drawer that stops this near to where it shall be is there", unit="m", low=0.002,
                              high=0.05, source="ours: within the 2 cm asked for")  # fmt: skip
    unmoved: float = number(0.015, "a drawer that came less did not come at all", unit="m", low=0.002, high=0.05,
                            source="ours: play and a wrist that gives")  # fmt: skip
    nearest: float = number(ARM_ROOM, "how far in front of the arm's nearest place the bar must stay", unit="m",
                            low=0.0, high=0.3, source="ours: the gripper passes there with the arm in")  # fmt: skip


@dataclass(frozen=True)
class SlideDrawerPlan:
    """Everything known before the body moves."""

    name: str
    hook: TopDownPose
    """The closed fingers in the middle behind the bar."""
    distance: float
    """How far the drawer shall slide, out of its case [m]: as asked, but no farther than shut."""
    slack: float
    """How far the fingers move before they touch bar or front [m], along the drawer's axis."""
    slope: float
    """Way of the drawer per way of the arm: the cosine of the angle between them."""
    travel_z: float
    """Height of the grasp centre over everything [m]."""

    @property
    def stroke(self) -> float:
        """How far the arm is drawn in [m]; negative pushes out."""
        return (self.distance + math.copysign(self.slack, self.distance)) / self.slope

    def slid(self, drawn: float) -> float:
        """Return how far the drawer came when the arm was drawn in by `drawn` [m]."""
        return math.copysign(max(abs(drawn) * self.slope - self.slack, 0.0), self.distance)


def plan_slide_drawer(
    scene: Scene, call: SkillCall, base_task: tuple[float, float, float], config: SlideDrawerConfig
) -> SlideDrawerPlan:
    """Find the bar, and whether it can be reached and drawn as far as asked.

    Raises:
        UnreachableError: bar or end of the stroke lie outside joint limits; names the limit.
        SkillError: the call does not fit the scene, or fingers do not fit the bar.
    """
    segment, bar = _drawer(scene, call)
    box, turned = segment.box, segment.box.yaw - (base_task[2] - math.pi / 2.0)
    asked, opening = float(call.parameter[0]), segment.opening
    most = slide_travel(segment.shape.slabs(box.size, board(box.size)))
    if opening + asked > most + config.tolerance:
        raise BeyondTravelError(call.object, asked, opening, most)
    distance = min(max(asked, -opening), most - opening) if asked > 0.0 else max(asked, -opening)
    slack = 0.5 * (bar.room - config.finger_depth)
    if slack <= 0.0:
        fact = f"the fingers take {config.finger_depth:.3f} m, behind it are {bar.room:.3f} m"
        raise NoWayToHandleError(call.object, fact)
    slope = math.cos(turned)
    slip = (abs(distance) + slack) * math.tan(turned) if slope > 0.5 else math.inf
    if abs(slip) > bar.span - config.finger_width:
        fact = (
            f"it is turned by {turned:.2f} rad, so that fingers drawn by {abs(distance):.3f} m would slip off its end"
        )
        raise NoWayToHandleError(call.object, fact)
    along = bar.middle[:2] - [opening, 0.5 * math.copysign(slip, slip * -distance)]
    x, y = box.center[:2] + rotate_z(along, box.yaw)
    z = max(float(box.center[2] + bar.middle[2]),
            float(box.center[2] - 0.5 * box.size[2]) + config.reach_below + 0.005)  # fmt: skip
    hook = TopDownPose(float(x), float(y), z, math.remainder(box.yaw + math.pi / 2.0, math.pi))
    plan = SlideDrawerPlan(call.object, hook, distance, slack, slope, _travel_height(scene, hook, config))
    _check_reach(plan, base_task, config)
    _check_room(scene, segment, hook, config)
    return plan


def _drawer(scene: Scene, call: SkillCall) -> tuple[Segment, Handle]:
    """Return the drawer and its bar. Raises SkillError."""
    if call.object not in scene.names:
        raise SkillCallError(f"no object {call.object!r} in the scene; there are: {', '.join(scene.names)}")
    if call.parameter.shape != (1,) or not np.all(np.isfinite(call.parameter)):
        raise SkillCallError(f"{call.skill} needs one finite number (distance), not {call.parameter.tolist()}")
    segment = scene.segments[scene.index(call.object)]
    bar = handle(segment.shape.slabs(segment.box.size, board(segment.box.size)))
    if bar is None:
        applies = actions.get(call.skill).applies
        raise NotSlidingError(call.object, segment.prior, [one.name for one in scene.segments if applies(one)])
    return segment, bar


def _travel_height(scene: Scene, hook: TopDownPose, config: SlideDrawerConfig) -> float:
    """Return at which height the fingers pass over everything that is in the arm's lane [m]."""
    tops = [
        float(one.box.center[2] + 0.5 * one.box.size[2])
        for one in scene.segments
        if abs(one.box.center[1] - hook.y) < 0.5 * math.hypot(*one.box.size[:2]) + config.lane
    ]
    return max(max(tops, default=0.0) + config.clearance + config.reach_below, hook.z)


def _check_reach(plan: SlideDrawerPlan, base_task: tuple[float, float, float], config: SlideDrawerConfig) -> None:
    """Raise UnreachableError where bar, end of the stroke or height to travel at lie outside joint limits."""
    arm = top_down(plan.hook, base_task, f"the bar of {plan.name!r}").arm
    within(ARM, arm - plan.stroke, f"the end of the stroke of {plan.name!r}")
    end = arm - plan.slope * plan.distance
    if plan.distance > 0.0 and end < config.nearest:
        what = f"the bar of {plan.name!r} drawn out, with room for the arm to come in,"
        raise UnreachableError(what, ARM, end, config.nearest, LIMITS[ARM][1])
    within(LIFT, plan.travel_z - float(down_offset_base()[2]), f"the height over everything near {plan.name!r}")


def _check_room(scene: Scene, drawer: Segment, hook: TopDownPose, config: SlideDrawerConfig) -> None:
    """Raise NoWayToHandleError where palm or wrist would meet something that stands higher than the fingers reach."""
    for other in scene.segments:
        top = float(other.box.center[2] + 0.5 * other.box.size[2])
        if top <= hook.z + config.palm_above:
            continue
        local = into_box(np.array([hook.x, hook.y]), other.box.center, other.box.yaw)
        if np.all(np.abs(local) < 0.5 * other.box.size[:2] + config.palm_reach):
            own = other.name == drawer.name
            fact = "its upper edge" if own else f"{other.name!r}"
            raise NoWayToHandleError(drawer.name, f"{fact} is {top - hook.z:.3f} m over it, in the palm's way")
