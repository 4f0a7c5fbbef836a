"""The driver's own times and pitfalls, and the posture it stows the robot in."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.settings import Settings, group, number, setting
from f2p.twin.pitfalls import Pitfalls

STOW: tuple[dict[str, float], ...] = (
    {ARM: 0.0, HEAD_PAN: 0.0, HEAD_TILT: 0.0, FINGER: 0.0},
    {WRIST_YAW: 3.0, WRIST_PITCH: 0.0, WRIST_ROLL: 0.0},
    {LIFT: 0.2},
)
"""Stow in three moves: arm in, wrist folded, lift down (stretch.md 1.2: dex wrist yaw 3.0, lift 0.2)."""


@dataclass(frozen=True)
class DriverConfig(Settings):
    """The driver's own times, and which of its habits are imitated."""

    goal_timeout_s: float = number(10.0, "time for one way point", unit="s", low=0.5, high=120.0,
                                   source="stretch_ros2 default_goal_timeout_s")  # fmt: skip
    reject_within_s: float = number(0.2, "a goal this soon after an active one is rejected", unit="s", low=0.0,
                                    high=2.0, source="stretch_ros2 goal_cb")  # fmt: skip
    twist_timeout_s: float = number(0.5, "velocity older than this stops the base", unit="s", low=0.05, high=5.0,
                                    source="stretch_ros2 timeout")  # fmt: skip
    tick_s: float = number(1.0 / 30.0, "period of the driver's loop", unit="s", low=0.005, high=0.5,
                           source="stretch_ros2 rate")  # fmt: skip
    wheel_watchdog_s: float = number(1.0, "a velocity not repeated for this long stops the wheels by themselves",
                                     unit="s", low=0.1, high=5.0, source="promises.md 0.4: firmware")  # fmt: skip
    homing_s: float = number(30.0, "time homing takes", unit="s", low=0.0, high=60.0, source="stretch.md 1.1")
    fail_out_of_range_goal: bool = setting(
        False, "refuse a goal beyond a joint's limits instead of clamping it", source="stretch_ros2 default"
    )
    homed: bool = setting(True, "whether the robot has been homed before the driver starts")
    pitfalls: Pitfalls = group(Pitfalls)
