"""The robot through stretch_body itself, without ROS: an optional backend for a Stretch's own computer.

Written from the library's sources and never run on hardware. stretch_body exits the process at import when the robot's
settings folder is missing, so it is imported only when a body is made. The ROS driver stays the primary way: one
process at a time may hold the hardware, and only the driver's path has f2p's guard in it.
"""

from __future__ import annotations

import importlib
import math
import os
import threading
from collections.abc import Callable
from typing import Any

from f2p.clock import Clock, SystemClock
from f2p.robot.bodies import bodies
from f2p.robot.errors import BackendMissingError, MotionRefusedError, StaleStateError
from f2p.robot.frames import base_task_from_odometry
from f2p.robot.kinematics import aperture_from_finger, finger_from_aperture
from f2p.robot.protocol import (
    ARM,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Cancelled,
    Ending,
    JointState,
    Motion,
    RobotState,
    never,
)
from f2p.robot.stepping import SteppingConfig, SteppingRobot, positions

END_OF_ARM = {WRIST_YAW: "wrist_yaw", WRIST_PITCH: "wrist_pitch", WRIST_ROLL: "wrist_roll"}
HEAD = {HEAD_PAN: "head_pan", HEAD_TILT: "head_tilt"}
PERCENT_PER_METRE = 70.0 / 0.09
"""stretch_body gripper_conversion: aperture = 0.09 m per 70 %."""

SETTINGS = ("HELLO_FLEET_PATH", "HELLO_FLEET_ID")
"""Without these the library ends the process at import."""

FRESH_S = 0.2
"""In this time the library has read the motors' status anew: its threads run at 15 and 25 Hz (stretch.md 1.4) [s]."""


LOOKS_FOR_REST = 10
"""So often the base is looked at until it stands (ours)."""


@bodies.register("stretch_body")
class StretchBodyRobot(SteppingRobot):
    """A body on stretch_body's `Robot`.

    Args:
        config: Steps.
        clock: When a state was read.
        pause: Lets seconds pass.
    """

    def __init__(
        self, config: SteppingConfig | None = None, clock: Clock | None = None,
        pause: Callable[[float], object] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config)
        self._clock = clock or SystemClock()
        self._pause_for = pause or threading.Event().wait
        self._robot = _started()
        self._start = self._odometry(self._robot.get_status())

    def state(self) -> RobotState:
        """Return the newest status. Raises StaleStateError when the hardware has none."""
        status = self._robot.get_status()
        try:
            joints = {LIFT: _linear(status["lift"]), ARM: _linear(status["arm"])}
            joints |= {name: _turning(status["end_of_arm"][own]) for name, own in END_OF_ARM.items()}
            joints |= {name: _turning(status["head"][own]) for name, own in HEAD.items()}
            gripper = status["end_of_arm"]["stretch_gripper"]
            finger = finger_from_aperture(gripper["pos_pct"] / PERCENT_PER_METRE)
            joints[FINGER] = JointState(finger, float(gripper["vel"]), float(gripper["effort"]))
            runstopped = bool(status["pimu"]["runstop_event"])
        except KeyError as missing:
            raise StaleStateError(f"stretch_body's status lacks {missing}: no dexterous wrist?") from None
        base = base_task_from_odometry(self._odometry(status), self._start)
        return RobotState(joints, base, runstopped, self._clock.monotonic_s())

    def move(self, motion: Motion, cancelled: Cancelled = never) -> Ending:
        """Move (see `protocol.Robot`); the base once more from rest, since its increments start from an old status."""
        start = self.state()
        ending = super().move(motion, cancelled)
        if not motion.moves_base or ending is not Ending.REACHED:
            return ending
        at = math.inf
        for _ in range(LOOKS_FOR_REST):
            before, (at,) = at, positions(motion, self.state(), start)
            if abs(at - before) < self.stepping.linear_tolerance / 2.0:
                break
            self._wait(FRESH_S)
        left = motion.targets[0] - at
        return super().move(Motion(motion.joints, (left,), motion.speeds, motion.contact_thresholds), cancelled)

    def stop(self) -> None:
        """Command every joint to stay where it is: a servo by its place, since `move_by(0)` does nothing to it."""
        robot, status = self._robot, self._robot.get_status()
        for part in (robot.lift, robot.arm):
            part.move_by(0.0)
        robot.base.translate_by(0.0)
        for own in END_OF_ARM.values():
            robot.end_of_arm.move_to(own, float(status["end_of_arm"][own]["pos"]))
        robot.end_of_arm.move_to("stretch_gripper", float(status["end_of_arm"]["stretch_gripper"]["pos_pct"]))
        for own in HEAD.values():
            robot.head.move_to(own, float(status["head"][own]["pos"]))
        robot.push_command()

    def _send(self, step: Motion) -> None:
        for index, joint in enumerate(step.joints):
            speed = step.speeds[index] if step.speeds and step.speeds[index] else None
            contact = step.contact_thresholds[index] if step.contact_thresholds else None
            self._send_one(joint, step.targets[index], speed, contact or None)
        self._robot.push_command()

    def _send_one(self, joint: str, target: float, speed: float | None, contact: float | None) -> None:
        """Queue one joint's target (base, arm, lift), or send it at once (the others)."""
        guard = {} if contact is None else {"contact_thresh_pos": contact, "contact_thresh_neg": -contact}
        if joint in (LIFT, ARM):
            part = self._robot.lift if joint == LIFT else self._robot.arm
            part.move_to(target, v_m=speed, **guard)
        elif joint == TRANSLATE:
            self._robot.base.translate_by(target, v_m=speed, contact_thresh=contact)
        elif joint == ROTATE:
            self._robot.base.rotate_by(target, v_r=speed, contact_thresh=contact)
        elif joint in END_OF_ARM:
            self._robot.end_of_arm.move_to(END_OF_ARM[joint], target, v_r=speed)
        elif joint in HEAD:
            self._robot.head.move_to(HEAD[joint], target, v_r=speed)
        elif joint == FINGER:
            self._robot.end_of_arm.move_to("stretch_gripper", aperture_from_finger(target) * PERCENT_PER_METRE)
        else:
            raise MotionRefusedError(f"stretch_body has no joint {joint!r}")

    def _wait(self, seconds: float) -> None:
        self._pause_for(seconds)

    def _in_contact(self) -> bool:
        """Tell whether a motor met something; then stop, since it forgets a contact only by its next command."""
        status = self._robot.get_status()
        met = [bool(status[part]["motor"]["in_guarded_event"]) for part in ("lift", "arm")]
        met += [bool(status["base"][wheel]["in_guarded_event"]) for wheel in ("left_wheel", "right_wheel")]
        if any(met):
            self.stop()
            self._wait(FRESH_S)
        return any(met)

    @staticmethod
    def _odometry(status: dict[str, Any]) -> tuple[float, float, float]:
        base = status["base"]
        return float(base["x"]), float(base["y"]), float(base["theta"])


def _started() -> Any:
    """Return a started, homed robot. Raises BackendMissingError saying what is missing."""
    missing = [name for name in SETTINGS if name not in os.environ]
    if missing:
        raise BackendMissingError(f"stretch_body needs the robot's settings; not set: {', '.join(missing)}")
    try:
        library = importlib.import_module("stretch_body.robot")
    except ImportError as error:
        raise BackendMissingError(f"stretch_body cannot be imported ({error}); it is installed on the robot") from error
    robot = library.Robot()
    if not robot.startup():
        raise BackendMissingError("stretch_body did not start: is another process using the robot?")
    if not robot.is_homed():
        robot.stop()
        raise BackendMissingError("the robot is not homed; run stretch_robot_home.py first")
    return robot


def _linear(status: dict[str, Any]) -> JointState:
    return JointState(float(status["pos"]), float(status["vel"]), float(status["motor"]["effort_pct"]))


def _turning(status: dict[str, Any]) -> JointState:
    return JointState(float(status["pos"]), float(status["vel"]), float(status["effort"]))
