"""The driver as the guard sees it: the newest of what it says, and what may be asked of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from f2p.robot.protocol import BASE_JOINTS, Motion

POSITION, NAVIGATION = "position", "navigation"
"""The driver's modes that the guard uses: joints by position, and the base by velocity."""


@dataclass(frozen=True)
class DriverState:
    """The newest of everything the driver says."""

    positions: dict[str, float]
    velocities: dict[str, float]
    received_s: float = float("-inf")
    """Monotonic time of the joint states [s]."""
    stamp_ns: int = 0
    base: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Odometry: x, y [m], heading [rad]."""
    base_received_s: float = float("-inf")
    mode: str = ""
    runstopped: bool = False
    volts: float = math.nan
    """Of its battery [V]; NaN where it does not tell."""
    pending: bool = False
    """Whether a step is under way that the driver has neither accepted nor rejected: it may still begin to move."""
    goal_joints: tuple[str, ...] = ()
    """Joints of the goal that it has accepted and not ended; empty where there is none."""


class DriverPort(Protocol):
    """What the guard asks of the driver; none of it may block."""

    def send(
        self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None],
        result: Callable[[bool, int, str], None],
    ) -> None:  # fmt: skip
        """Send one checked step; at most one of the callbacks follows. Accepted after a `stop`, it is stopped again."""

    def clear(self) -> None:
        """Cancel the goal it has, so that one for other joints may follow; what moves goes on."""

    def twist(self, linear: float, turning: float) -> None:
        """Drive the base at a checked velocity [m/s, rad/s]; in navigation mode."""

    def stop(self) -> None:
        """Cancel, a zero velocity in navigation mode, and `/stop_the_robot`."""

    def looked(self, patience_s: float) -> None:
        """Note that the guard looks; where it does not for longer than that [s], somebody else may stop the robot."""

    def runstop(self) -> None:
        """Trigger the run stop, the last resort."""

    def to_mode(self, mode: str) -> None:
        """Ask for a mode."""


def base_displacement(start: tuple[float, float, float], now: tuple[float, float, float]) -> dict[str, float]:
    """Return how far the base moved along its heading at `start` [m] and turned [rad], by joint name.

    NaN where the odometry is not finite: nobody knows then.
    """
    forward = turned = math.nan
    if all(map(math.isfinite, (*start, *now))):
        turn = now[2] - start[2]
        forward = math.cos(start[2]) * (now[0] - start[0]) + math.sin(start[2]) * (now[1] - start[1])
        turned = math.remainder(turn, 2.0 * math.pi) if math.isfinite(turn) else math.nan
    return dict(zip(BASE_JOINTS, (forward, turned), strict=True))
