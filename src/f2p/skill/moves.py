"""What every skill asks of a body, the gripper down or level: drive, reach, lower, rise, stand clear at the end.

Arm, lift and wrist move together, the base alone. A rise that ends short is told: nothing may move on below it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from f2p.errors import F2pError
from f2p.robot.errors import STANDING_ERRORS
from f2p.robot.kinematics import TopDownPose, down_offset_base, top_down
from f2p.robot.looks import ARM_IN, ARM_LOW, LOOK_Y
from f2p.robot.protocol import ARM, LIFT, TRANSLATE, Cancelled, Ending, Motion, Robot, RobotState
from f2p.settings import Settings, number
from f2p.skill.errors import BlockedError
from f2p.types import Execution

BASE_DEAD_BAND = 0.002
"""The base is not asked for less than this [m]: a null command makes the driver fail (stretch.md 1.3.6)."""


@dataclass(frozen=True)
class MovesConfig(Settings):
    """Pace of the body and clearance of the gripper, whatever the skill."""

    clearance: float = number(0.04, "height over the tallest object while travelling", unit="m", low=0.005, high=0.3,
                              source="as the data simulation")  # fmt: skip
    base_speed: float = number(0.15, "speed of the base", unit="m/s", low=0.02, high=0.15, source="promises.md 6")
    lift_speed: float = number(0.11, "lift speed where nothing is met", unit="m/s", low=0.02, high=0.15,
                               source="stretch.md 1.3.12: a faster one meets what is not there")  # fmt: skip
    arm_speed: float = number(0.25, "arm speed", unit="m/s", low=0.02, high=0.4, source="stretch.md 1.2")
    pads_at_zero: float = number(0.013, "distance of the pads at aperture 0", unit="m", low=0.0, high=0.04,
                                 source="URDF RE2V0; uncalibrated, within 1-2 cm")  # fmt: skip
    aperture_per_gap: float = number(0.90, "aperture of the driver's map per distance of the pads", low=0.5, high=1.5,
                                     source="URDF RE2V0: 0.342 m/rad against 0.38 m/rad")  # fmt: skip
    widest_aperture: float = number(0.069, "widest aperture", unit="m", low=0.02, high=0.12, source="stretch.md 1.2")
    height_tolerance: float = number(0.02, "how far below the height it was sent to the gripper may be", unit="m",
                                     low=0.005, high=0.05, source="stretch.md 1.2: 0.015; ours")  # fmt: skip


class Run(Protocol):
    """One execution of one plan."""

    def go(self) -> str | None:
        """Run all phases; return what else is to be told of a success, if anything is. Raises F2pError."""

    def clear(self) -> str:
        """After a failure bring the gripper clear of the scene; say why not, if it could not be, or nothing."""


def executed(robot: Robot, planned: Callable[[RobotState], Run]) -> Execution:
    """Plan from where the body stands, run, and say how it ended (see `protocol.Skill`). Raises nothing of ours.

    What cannot be planned is refused; where the body has no state the call was not even looked at.
    """
    began: float | None = None
    run: Run | None = None
    try:
        state = robot.state()
        began = state.monotonic_s
        run = planned(state)
        told = run.go()
    except STANDING_ERRORS as error:
        return Execution(False, error.code, str(error), _since(began, robot))
    except F2pError as error:
        if run is None:
            return Execution(False, error.code, str(error), refused=began is not None)
        return Execution(False, error.code, f"{error}{run.clear()}", _since(began, robot))
    return Execution(True, 0, told or "", _since(began, robot))


def _since(began: float | None, robot: Robot) -> float:
    """Return seconds since the call began, by the body's own clock; 0 where it has no state."""
    try:
        return 0.0 if began is None else robot.state().monotonic_s - began
    except F2pError:
        return 0.0


class Moves:
    """Motions on behalf of one object.

    Args:
        config: Pace and tolerances.
        name: The object, for errors.
        robot: The body.
        cancelled: Asked at least four times a second.
    """

    def __init__(self, config: MovesConfig, name: str, robot: Robot, cancelled: Cancelled) -> None:
        self._config, self._name, self._robot, self._cancelled = config, name, robot, cancelled

    def lift_for(self, height: float) -> float:
        """Lift position that brings the grasp centre to `height` [m]."""
        return lift_for(height)

    def drive_to(self, pose: TopDownPose) -> None:
        """Bring the base to where the arm reaches `pose`."""
        self.translate(top_down(pose, self._robot.state().base_task, self._name).translate)

    def translate(self, distance: float) -> None:
        """Move the base along its own +x."""
        if abs(distance) > BASE_DEAD_BAND:
            ending = self._robot.move(Motion((TRANSLATE,), (distance,), (self._config.base_speed,)), self._cancelled)
            if ending is Ending.CONTACT:
                raise BlockedError("driving", self._name)

    def arm_for(self, pose: TopDownPose) -> float:
        """Arm extension that brings the gripper over `pose` from where the base stands [m]."""
        return top_down(pose, self._robot.state().base_task, self._name).arm

    def joints(self, joints: tuple[str, ...], targets: tuple[float, ...]) -> None:
        """Move some joints together; a contact on the way is a failure."""
        speeds = {LIFT: self._config.lift_speed, ARM: self._config.arm_speed}
        motion = Motion(joints, targets, tuple(speeds.get(joint, 0.0) for joint in joints))
        if self._robot.move(motion, self._cancelled) is Ending.CONTACT:
            raise BlockedError("moving", self._name)

    def lift_to(self, height: float, threshold: float, speed: float = 0.0) -> Ending:
        """Bring the grasp centre to a height, with a contact threshold [%] and a speed, 0 for the driver's own."""
        motion = Motion((LIFT,), (self.lift_for(height),), (speed,), (threshold,))
        return self._robot.move(motion, self._cancelled)

    def rise(self, height: float) -> None:
        """Go up to `height`, if below it. Raises BlockedError when it is not reached: nothing may move on below it."""
        if self._robot.state().position(LIFT) < self.lift_for(height):
            self.lift_to(height, 0.0, self._config.lift_speed)
        self.check_height(height, "rising")

    def check_height(self, height: float, phase: str) -> None:
        """Raise BlockedError when the gripper is below `height`: a contact, false ones too, ends a motion early."""
        short = self.lift_for(height) - self._robot.state().position(LIFT)
        if short > self._config.height_tolerance:
            raise BlockedError(phase, self._name, f"{short:.3f} m below where it should be")

    def open(self, aperture: float) -> Ending:
        """Open or close the gripper."""
        return self._robot.gripper(min(aperture, self._config.widest_aperture), self._cancelled)

    def aperture(self, gap: float) -> float:
        """Return the driver's aperture for a distance of the pads [m]."""
        return (gap - self._config.pads_at_zero) * self._config.aperture_per_gap

    def look(self) -> None:
        """Arm in, base at its place, arm low, so that the camera sees both tables.

        Low comes last: beside a table whose near edge lies at the gripper, it would meet that.
        """
        self.joints(ARM_IN.joints, ARM_IN.targets)
        self.translate(LOOK_Y - self._robot.state().base_task[1])
        self.joints(ARM_LOW.joints, ARM_LOW.targets)

    def stand_clear(self, height: float) -> str:
        """After a failure: up to `height`, clear of everything, and in; why not, if it could not.

        Tried after every failure, since who refused or was late may do so no more: the body says what it can do.
        """
        try:
            self.rise(height)
            self.look()
        except F2pError as error:
            return f"; the gripper was not brought clear of the scene: {error}"
        return ""


def lift_for(height: float) -> float:
    """Lift position that brings a downward gripper's grasp centre to `height` [m]."""
    return height - float(down_offset_base()[2])
