"""A typed stand-in for the calls of stretch_body that the body uses (stretch.md 1.4); no line of the library is in it.

Signatures and units are the library's (0.7), its motions imagined: base, lift and arm begin at `push_command`, servos
at once, `move_by(0)` does nothing to a servo, a motor that met something stands until its next command, and the status
is as old as the library's own threads leave it.
"""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, field
from typing import Any

STATUS_PERIOD_S = 1.0 / 15.0
"""How old a status may be [s]."""


@dataclass
class Motor:
    """Anything that goes to a place at a speed."""

    at: float
    speed: float
    goal: float = math.nan
    met: bool = False
    guarded: bool = False

    def __post_init__(self) -> None:
        self.goal = self.at
        self.default = self.speed

    def command(self, goal: float, speed: float | None, guarded: bool = False) -> None:
        self.goal, self.speed, self.met, self.guarded = goal, abs(speed or self.default), False, guarded

    def step(self, seconds: float) -> float:
        """Move on; how far."""
        far = self.speed * seconds
        moved = min(max(self.goal - self.at, -far), far)
        self.at += moved
        return moved


@dataclass
class Joint:
    """Lift or arm."""

    motor: Motor
    low: float
    high: float
    waiting: tuple[float, float | None, bool] | None = None

    def move_to(
        self, x_m: float, v_m: float | None = None, a_m: float | None = None, stiffness: float | None = None,
        contact_thresh_pos: float | None = None, contact_thresh_neg: float | None = None,
    ) -> None:  # fmt: skip
        assert (contact_thresh_pos is None) == (contact_thresh_neg is None), "one alone is ignored by the library"
        assert contact_thresh_neg is None or contact_thresh_neg < 0.0
        self.waiting = (min(max(x_m, self.low), self.high), v_m, contact_thresh_pos is not None)

    def move_by(self, x_m: float, v_m: float | None = None, a_m: float | None = None) -> None:
        self.waiting = (min(max(self.motor.at + x_m, self.low), self.high), v_m, False)

    def push(self) -> None:
        if self.waiting is not None:
            self.motor.command(*self.waiting)
            self.waiting = None


@dataclass
class Base:
    """Two wheels; one increment at a time."""

    pose: list[float] = field(default_factory=lambda: [1.0, 2.0, 0.0])
    motor: Motor = field(default_factory=lambda: Motor(0.0, 0.12))
    turning: bool = False
    waiting: tuple[float, float | None, bool] | None = None

    def translate_by(
        self, x_m: float, v_m: float | None = None, a_m: float | None = None, stiffness: float | None = None,
        contact_thresh: float | None = None,
    ) -> None:  # fmt: skip
        self.waiting = (x_m, v_m, False)

    def rotate_by(
        self, x_r: float, v_r: float | None = None, a_r: float | None = None, stiffness: float | None = None,
        contact_thresh: float | None = None,
    ) -> None:  # fmt: skip
        self.waiting = (x_r, v_r, True)

    def push(self) -> None:
        if self.waiting is not None:
            increment, speed, self.turning = self.waiting
            self.motor.command(self.motor.at + increment, speed)
            self.waiting = None

    def step(self, seconds: float) -> None:
        moved = self.motor.step(seconds)
        if self.turning:
            self.pose[2] += moved
        else:
            self.pose[0] += moved * math.cos(self.pose[2])
            self.pose[1] += moved * math.sin(self.pose[2])


@dataclass
class Chain:
    """Servos: head or end of arm."""

    motors: dict[str, Motor]
    frozen: bool = False

    def move_to(self, joint: str, x_r: float, v_r: float | None = None, a_r: float | None = None) -> None:
        if not self.frozen:
            self.motors[joint].command(x_r, v_r)

    def move_by(self, joint: str, x_r: float, v_r: float | None = None, a_r: float | None = None) -> None:
        if abs(x_r) > 2e-5:
            self.move_to(joint, self.motors[joint].at + x_r, v_r, a_r)


class Robot:
    """`stretch_body.robot.Robot`, homed, with the dexterous wrist; its time passes by `advance`."""

    def __init__(self) -> None:
        self.lift, self.arm = Joint(Motor(0.6, 0.11), 0.0, 1.1), Joint(Motor(0.0, 0.14), 0.0, 0.52)
        self.base = Base()
        wrist = {"wrist_yaw": Motor(0.0, 2.0), "wrist_pitch": Motor(-1.57, 2.0), "wrist_roll": Motor(0.0, 2.0)}
        self.end_of_arm = Chain({**wrist, "stretch_gripper": Motor(27.0, 300.0)})
        self.head = Chain({"head_pan": Motor(-1.57, 3.0), "head_tilt": Motor(-0.6, 3.0)})
        self.runstopped = False
        self.contact_below = -math.inf
        self.time_s, self._read_s = 0.0, -math.inf
        self.pushes = 0
        self._status: dict[str, Any] = {}
        self._read()

    def startup(self) -> bool:
        return True

    def is_homed(self) -> bool:
        return True

    def stop(self) -> None:
        """End the library's threads."""

    def push_command(self) -> None:
        self.pushes += 1
        for part in (self.lift, self.arm, self.base):
            if not self.runstopped:
                part.push()
            part.waiting = None

    def get_status(self) -> dict[str, Any]:
        return copy.deepcopy(self._status)

    def press_runstop(self) -> None:
        self.runstopped = self.end_of_arm.frozen = self.head.frozen = True
        for motor in self._motors():
            motor.goal = motor.at
        self._read()

    def advance(self, seconds: float) -> None:
        """Let time pass in small steps."""
        for _ in range(max(1, round(seconds / 0.005))):
            self.time_s += 0.005
            before = self.lift.motor.at
            for motor in self._motors():
                if motor is not self.base.motor:
                    motor.step(0.005)
            self.base.step(0.005)
            lift = self.lift.motor
            if lift.guarded and lift.at < self.contact_below <= before:
                lift.at = lift.goal = self.contact_below
                lift.met = True
            if self.time_s - self._read_s >= STATUS_PERIOD_S:
                self._read()

    def _motors(self) -> list[Motor]:
        return [self.lift.motor, self.arm.motor, self.base.motor, *self.end_of_arm.motors.values(),
                *self.head.motors.values()]  # fmt: skip

    def _read(self) -> None:
        self._read_s = self.time_s
        x, y, theta = self.base.pose
        wheel = {"in_guarded_event": self.base.motor.met}
        gripper = self.end_of_arm.motors["stretch_gripper"]
        self._status = {
            "lift": _stepper(self.lift.motor), "arm": _stepper(self.arm.motor),
            "base": {"x": x, "y": y, "theta": theta, "left_wheel": wheel, "right_wheel": dict(wheel)},
            "end_of_arm": {name: _servo(motor) for name, motor in self.end_of_arm.motors.items()}
            | {"stretch_gripper": {**_servo(gripper), "pos_pct": gripper.at}},
            "head": {name: _servo(motor) for name, motor in self.head.motors.items()},
            "pimu": {"runstop_event": self.runstopped},
        }  # fmt: skip


def _stepper(motor: Motor) -> dict[str, Any]:
    return {"pos": motor.at, "vel": 0.0, "motor": {"effort_pct": 5.0, "in_guarded_event": motor.met}}


def _servo(motor: Motor) -> dict[str, Any]:
    return {"pos": motor.at, "vel": 0.0, "effort": 3.0}
