"""Open and close a drawer: closed fingers from above behind its bar, drawn by the arm along its axis, up and away.

As the vendor's recipe (stretch.md 1.2) it hooks and draws until effort tells of contact; the fingers point down, so
that they fit behind a bar wherever it is. A contact is an ending and no failure: how far the drawer came counts.
"""

from __future__ import annotations

import math

from f2p.robot.kinematics import DOWN_PITCH, top_down
from f2p.robot.looks import ARM_IN
from f2p.robot.protocol import (
    ARM,
    LIFT,
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
from f2p.skill.errors import BlockedError, JammedError, LockedError
from f2p.skill.moves import Moves, executed, lift_for
from f2p.skill.protocol import Progress, silent, skills
from f2p.skill.slide_drawer_plan import SlideDrawerConfig, SlideDrawerPlan, plan_slide_drawer
from f2p.types import Execution, Scene, SkillCall

PHASES = ("approach", "hook", "slide", "unhook", "retreat", "look")
"""Names of the phases, in order, as `Progress` hears them."""

ARM_OUT = 0.03
"""With the arm farther out than this [m] the base is not driven: it comes in first."""


@skills.register("slide_drawer")
class SlideDrawer:
    """The skill; one object may be used for many calls, one after the other."""

    def __init__(self, config: SlideDrawerConfig | None = None) -> None:
        self.config = config or SlideDrawerConfig()

    def execute(
        self, call: SkillCall, scene: Scene, robot: Robot, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Execution:
        """Do one call (see `protocol.Skill`)."""

        def planned(state: RobotState) -> _Slide:
            plan = plan_slide_drawer(scene, call, state.base_task, self.config)
            return _Slide(self.config, plan, robot, progress, cancelled)

        return executed(robot, planned)


class _Slide:
    """One execution of one plan."""

    def __init__(
        self, config: SlideDrawerConfig, plan: SlideDrawerPlan, robot: Robot, progress: Progress, cancelled: Cancelled
    ) -> None:
        self._config, self._plan, self._robot = config, plan, robot
        self._progress, self._cancelled = progress, cancelled
        self._moves = Moves(config, plan.name, robot, cancelled)
        self._came = plan.distance

    def go(self) -> None:
        """Run all phases; one that stuck is let go before that is told."""
        for index, phase in enumerate(PHASES):
            self._progress(phase, index / len(PHASES), self._plan.name)
            getattr(self, f"_{phase}")()
        self._progress("look", 1.0, self._plan.name)

    def clear(self) -> str:
        """After a failure: up, clear of everything, and in."""
        return self._moves.stand_clear(self._plan.travel_z)

    def _approach(self) -> None:
        """Over the bar: the base with the arm in, then up and turned with fingers closed, then out."""
        plan = self._plan
        if self._robot.state().position(ARM) > ARM_OUT:
            self._moves.rise(plan.travel_z)
            self._moves.joints(ARM_IN.joints, ARM_IN.targets)
        self._moves.drive_to(plan.hook)
        at = top_down(plan.hook, self._robot.state().base_task, plan.name)
        self._moves.joints((LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL),
                           (lift_for(plan.travel_z), 0.0, DOWN_PITCH, at.roll))  # fmt: skip
        self._moves.check_height(plan.travel_z, "approach")
        self._moves.open(self._config.aperture)
        self._moves.joints((ARM,), (at.arm,))

    def _hook(self) -> None:
        """Down behind the bar; anything met on the way is not the space behind it."""
        if self._moves.lift_to(self._plan.hook.z, self._config.blocked) is Ending.CONTACT:
            raise BlockedError("hooking", self._plan.name)

    def _slide(self) -> None:
        """Draw or push until there or in contact, and see how far the drawer came."""
        start = self._robot.state().position(ARM)
        if not self._plan.distance:
            return
        ending = self._draw(start - self._plan.stroke)
        if ending is Ending.CONTACT:
            self._came = self._plan.slid(start - self._robot.state().position(ARM))

    def _unhook(self) -> None:
        """Back into the middle behind the bar, so that going up moves nothing; then tell of one that stuck."""
        back = math.copysign(self._plan.slack / self._plan.slope, self._plan.distance)
        self._draw(self._robot.state().position(ARM) + back)
        self._check_came()

    def _retreat(self) -> None:
        """Up, clear of everything."""
        self._moves.rise(self._plan.travel_z)

    def _look(self) -> None:
        """Arm in and low, base at its place."""
        self._moves.look()

    def _draw(self, arm: float) -> Ending:
        """Bring the arm to an extension, as far as nothing holds it."""
        config = self._config
        return self._robot.move(Motion((ARM,), (arm,), (config.pull_speed,), (config.pull,)), self._cancelled)

    def _check_came(self) -> None:
        """Raise LockedError or JammedError where the drawer did not come as far as it should."""
        asked = self._plan.distance
        if abs(asked - self._came) <= self._config.tolerance:
            return
        if abs(self._came) < self._config.unmoved:
            raise LockedError(self._plan.name, asked)
        raise JammedError(self._plan.name, asked, self._came)
