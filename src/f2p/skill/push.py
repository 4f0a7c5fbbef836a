"""Push: the fingers come down behind the object and go straight on, along x by the arm, along y by the base.

Any other direction is two strokes, since arm and base never move together (see `action/strokes.py`). Contact of the
driver (its error 100) ends a push and is no failure: what was met is for the next look to tell.
"""

from __future__ import annotations

from f2p.action.strokes import Stroke
from f2p.robot.kinematics import DOWN_PITCH, top_down
from f2p.robot.protocol import (
    ARM,
    LIFT,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Cancelled,
    Ending,
    Motion,
    Robot,
    RobotState,
    never,
)
from f2p.skill.errors import BlockedError
from f2p.skill.moves import BASE_DEAD_BAND, Moves, executed, lift_for
from f2p.skill.protocol import Progress, silent, skills
from f2p.skill.push_plan import REACH_BELOW, PushPlan, PushSkillConfig, plan_push, pose_at
from f2p.types import Execution, Scene, SkillCall

NAME = "push"

PHASES = ("approach", "lower", "push", "back", "rise")
"""Names of each stroke's phases, in order, as `Progress` hears them; the last of all is "look"."""


@skills.register(NAME)
class Push:
    """The skill; one object may be used for many calls, one after the other."""

    def __init__(self, config: PushSkillConfig | None = None) -> None:
        self.config = config or PushSkillConfig()

    def execute(
        self, call: SkillCall, scene: Scene, robot: Robot, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Execution:
        """Do one call (see `protocol.Skill`)."""

        def planned(state: RobotState) -> _PushRun:
            plan = plan_push(scene, call, state.base_task, self.config)
            return _PushRun(self.config, plan, robot, progress, cancelled)

        return executed(robot, planned)


class _PushRun:
    """One execution of one plan."""

    def __init__(
        self, config: PushSkillConfig, plan: PushPlan, robot: Robot, progress: Progress, cancelled: Cancelled
    ) -> None:
        self._config, self._plan, self._robot = config, plan, robot
        self._progress, self._cancelled = progress, cancelled
        self._moves = Moves(config, plan.name, robot, cancelled)
        self._note = ""

    def go(self) -> str | None:
        """Do all strokes, as long as none ends in contact, and stand clear."""
        total = len(self._plan.strokes) * len(PHASES) + 1
        for number, stroke in enumerate(self._plan.strokes):
            for index, phase in enumerate(PHASES):
                self._progress(phase, (number * len(PHASES) + index) / total, self._plan.name)
                getattr(self, f"_{phase}")(stroke)
            if self._note:
                break
        self._progress("look", (total - 1) / total, self._plan.name)
        self._moves.look()
        self._progress("look", 1.0, self._plan.name)
        return self._note

    def clear(self) -> str:
        """After a failure: up, clear of everything, and in."""
        return self._moves.stand_clear(self._plan.travel_z)

    def _approach(self, stroke: Stroke) -> None:
        """Over the place behind the object: up and over everything, then the base, then turned and out."""
        pose = pose_at(stroke, stroke.start)
        self._moves.rise(self._plan.travel_z)
        self._moves.drive_to(pose)
        roll = top_down(pose, self._robot.state().base_task, self._plan.name).roll
        self._moves.joints(
            (LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL), (lift_for(self._plan.travel_z), 0.0, DOWN_PITCH, roll)
        )
        self._moves.check_height(self._plan.travel_z, "approach")
        self._moves.open(self._moves.aperture(stroke.opening))
        self._moves.joints((ARM,), (self._moves.arm_for(pose),))

    def _lower(self, stroke: Stroke) -> None:
        """Down behind the object; anything met on the way is in the way."""
        ending = self._moves.lift_to(stroke.bottom + REACH_BELOW, self._config.blocked, self._config.lower_speed)
        if ending is Ending.CONTACT:
            raise BlockedError("lowering behind", self._plan.name)

    def _push(self, stroke: Stroke) -> None:
        """Go to the stroke's end, or until contact."""
        if self._along(stroke, stroke.length, self._config.arm_contact, self._config.base_contact) is Ending.CONTACT:
            left = self._left(stroke, stroke.length)
            if abs(left) > self._config.short:
                self._note = f"contact ended the push of {self._plan.name!r} {abs(left):.3f} m early"

    def _back(self, stroke: Stroke) -> None:
        """Draw back from the object."""
        at = stroke.length - self._left(stroke, stroke.length)
        if self._along(stroke, at - self._config.strokes.back, 0.0, 0.0) is Ending.CONTACT:
            raise BlockedError("drawing back", self._plan.name)

    def _rise(self, stroke: Stroke) -> None:
        """Up, clear of everything."""
        self._moves.rise(self._plan.travel_z)

    def _along(self, stroke: Stroke, to: float, arm_contact: float, base_contact: float) -> Ending:
        """Bring the pads to a place on the stroke's line, `to` [m] from its start."""
        left, config = self._left(stroke, to), self._config
        if self._by_arm(stroke):
            extension = self._robot.state().position(ARM) + left * self._sense(stroke)
            motion = Motion((ARM,), (extension,), (config.push_speed,), (arm_contact,))
        elif abs(left) <= BASE_DEAD_BAND:
            return Ending.REACHED
        else:
            motion = Motion((TRANSLATE,), (left * self._sense(stroke),), (config.push_speed,), (base_contact,))
        return self._robot.move(motion, self._cancelled)

    def _left(self, stroke: Stroke, to: float) -> float:
        """Return how far the pads are before a place on the stroke's line [m]."""
        state = self._robot.state()
        solution = top_down(pose_at(stroke, stroke.start + to * stroke.direction), state.base_task, self._plan.name)
        gap = solution.arm - state.position(ARM) if self._by_arm(stroke) else solution.translate
        return gap * self._sense(stroke)

    @staticmethod
    def _by_arm(stroke: Stroke) -> bool:
        """Tell whether the arm makes the stroke; otherwise the base does."""
        return abs(stroke.direction[0]) > abs(stroke.direction[1])

    def _sense(self, stroke: Stroke) -> float:
        """Return +1 where extending the arm, or driving forwards, goes along the stroke, else -1."""
        return 1.0 if float(stroke.direction[0 if self._by_arm(stroke) else 1]) > 0.0 else -1.0
