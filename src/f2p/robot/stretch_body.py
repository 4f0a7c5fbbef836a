"""The robot through stretch_body itself, without ROS: an optional backend for a Stretch's own computer.

Written from the library's sources and never run on hardware. stretch_body exits the process at import when the robot's
settings folder is missing, so it is imported only when a body is made. The ROS driver stays the primary way: one
process at a time may hold the hardware, and only the driver's path has f2p's guard in it.
"""

from __future__ import annotations

import importlib
import os
import threading
from typing import Any

from f2p.clock import Clock, SystemClock
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
    JointState,
    Motion,
    RobotState,
)
from f2p.robot.stepping import SteppingConfig, SteppingRobot

END_OF_ARM = {WRIST_YAW: "wrist_yaw", WRIST_PITCH: "wrist_pitch", WRIST_ROLL: "wrist_roll"}
HEAD = {HEAD_PAN: "head_pan", HEAD_TILT: "head_tilt"}
PERCENT_PER_METRE = 70.0 / 0.09
"""stretch_body gripper_conversion: aperture = 0.09 m per 70 %."""

SETTINGS = ("HELLO_FLEET_PATH", "HELLO_FLEET_ID")
"""Without these the library ends the process at import."""


class StretchBodyRobot(SteppingRobot):
    """A body on stretch_body's `Robot`.

    Args:
        config: Steps.
        clock: When a state was read.
    """

    def __init__(self, config: SteppingConfig | None = None, clock: Clock | None = None) -> None:
        super().__init__(config)
        self._clock = clock or SystemClock()
        self._pause_event = threading.Event()
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

    def stop(self) -> None:
        """Command every joint to stay where it is."""
        for part in (self._robot.lift, self._robot.arm):
            part.move_by(0.0)
        self._robot.base.translate_by(0.0)
        for own in (*END_OF_ARM.values(), "stretch_gripper"):
            self._robot.end_of_arm.move_by(own, 0.0)
        for own in HEAD.values():
            self._robot.head.move_by(own, 0.0)
        self._robot.push_command()

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
            self._robot.base.translate_by(target, v_m=speed)
        elif joint == ROTATE:
            self._robot.base.rotate_by(target, v_r=speed)
        elif joint in END_OF_ARM:
            self._robot.end_of_arm.move_to(END_OF_ARM[joint], target, v_r=speed)
        elif joint in HEAD:
            self._robot.head.move_to(HEAD[joint], target, v_r=speed)
        elif joint == FINGER:
            self._robot.end_of_arm.move_to("stretch_gripper", aperture_from_finger(target) * PERCENT_PER_METRE)
        else:
            raise MotionRefusedError(f"stretch_body has no joint {joint!r}")

    def _wait(self, seconds: float) -> None:
        self._pause_event.wait(seconds)

    def _in_contact(self) -> bool:
        status = self._robot.get_status()
        return any(bool(status[part]["motor"]["in_guarded_event"]) for part in ("lift", "arm"))

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
