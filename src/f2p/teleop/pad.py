"""The gamepad: axes and buttons, as `sensor_msgs/Joy` numbers them, to what is wanted of each joint."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

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
)
from f2p.settings import Settings, number

MOST_AXES = 32
"""Axes and buttons of a gamepad that are looked at (ours: none has more)."""


def _button(default: int, text: str) -> int:
    out: int = number(default, f"button: {text}", low=0, high=MOST_AXES - 1, source="joy_node, an Xbox gamepad")
    return out


def _axis(default: int, text: str) -> int:
    out: int = number(default, f"axis: {text}", low=0, high=MOST_AXES - 1, source="joy_node, an Xbox gamepad")
    return out


@dataclass(frozen=True)
class PadConfig(Settings):
    """Which button and which axis is what."""

    deadman: int = _button(4, "held while anything is to move (LB)")
    head: int = _button(5, "held, the left stick moves the head (RB)")
    close: int = _button(0, "close the gripper (A)")
    open: int = _button(1, "open the gripper (B)")
    roll_left: int = _button(2, "roll the wrist (X)")
    roll_right: int = _button(3, "roll the wrist back (Y)")
    slower: int = _button(6, "slower (back)")
    faster: int = _button(7, "faster (start)")
    resume: int = _button(8, "give the robot back (guide), the deadman not held")
    left_x: int = _axis(0, "base turns, or head pans")
    left_y: int = _axis(1, "base drives, or head tilts")
    right_x: int = _axis(3, "arm, out to the right")
    right_y: int = _axis(4, "lift")
    cross_x: int = _axis(6, "wrist yaw")
    cross_y: int = _axis(7, "wrist pitch")
    dead_zone: float = number(0.15, "deflection that counts as none", low=0.0, high=0.9)
    jog_zone: float = number(0.5, "deflection from which a joint moves", low=0.1, high=1.0)


@dataclass(frozen=True)
class Pad:
    """One message of a gamepad, as far as it can be read."""

    axes: tuple[float, ...] = ()
    buttons: tuple[bool, ...] = ()

    def held(self, button: int) -> bool:
        """Tell whether a button is held; one that there is not, is not."""
        return button < len(self.buttons) and self.buttons[button]

    def shares(self, config: PadConfig) -> dict[str, float]:
        """Return the share of its top speed wanted of each joint, from -1 to 1; sticks of the body are on or off."""
        head = self.held(config.head)
        turn, drive = (self._axis(one, config.dead_zone) for one in (config.left_x, config.left_y))
        pan, tilt = (self._sign(one, config) if head else 0.0 for one in (config.left_x, config.left_y))
        return {
            TRANSLATE: 0.0 if head else drive, ROTATE: 0.0 if head else turn, HEAD_PAN: pan, HEAD_TILT: tilt,
            LIFT: self._sign(config.right_y, config), ARM: -self._sign(config.right_x, config),
            WRIST_YAW: self._sign(config.cross_x, config), WRIST_PITCH: self._sign(config.cross_y, config),
            WRIST_ROLL: float(self.held(config.roll_left)) - float(self.held(config.roll_right)),
            FINGER: float(self.held(config.open)) - float(self.held(config.close)),
        }  # fmt: skip

    def _axis(self, index: int, dead_zone: float) -> float:
        value = self.axes[index] if index < len(self.axes) else 0.0
        return 0.0 if abs(value) < dead_zone else min(max(value, -1.0), 1.0)

    def _sign(self, index: int, config: PadConfig) -> float:
        value = self._axis(index, config.jog_zone)
        return math.copysign(1.0, value) if value else 0.0


def pad_of(axes: Sequence[float], buttons: Sequence[int]) -> Pad | None:
    """Return a message of a gamepad; None where a number in it is not finite: nothing of it is believed then."""
    numbers = tuple(float(value) for value in axes[:MOST_AXES])
    if not all(math.isfinite(value) for value in numbers):
        return None
    return Pad(numbers, tuple(bool(value) for value in buttons[:MOST_AXES]))
