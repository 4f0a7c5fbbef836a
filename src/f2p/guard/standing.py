"""The stop and its proof: after every stop the robot has to be seen standing, else the run stop and the latch."""

from __future__ import annotations

import math

from f2p.guard.driver import DriverState
from f2p.guard.rules import GuardConfig
from f2p.robot.limits import LINEAR_JOINTS

ARM_STAGES = "joint_arm"
"""Beginning of the driver's names of the arm and of its four stages (stretch.md 1.1)."""


class Standing:
    """Whether the robot is known to stand since the last stop."""

    def __init__(self) -> None:
        self._since_s: float | None = None
        self._until_s = 0.0
        self._unanswered = False
        self._heard_s = -math.inf

    @property
    def awaited(self) -> bool:
        """Whether a stop was told that was not seen to end in rest yet."""
        return self._since_s is not None

    def told(self, now_s: float, within_s: float) -> None:
        """Note that the driver was told to stop just now, and is to stand within some time [s]."""
        self._since_s, self._until_s = now_s, now_s + within_s

    def lost_before(self, state: DriverState, config: GuardConfig) -> bool:
        """Look once; tell whether the driver is heard again after it was lost: what it did meanwhile nobody saw."""
        before_s, self._heard_s = self._heard_s, state.received_s
        return math.isfinite(before_s) and state.received_s - before_s > config.lost_after_s

    def check(self, state: DriverState, now_s: float, config: GuardConfig) -> str:
        """Look once; the reason why the robot does not stand, when its time is over, else empty."""
        if self._since_s is None:
            return ""
        if self._unanswered and not state.pending:  # if the driver took that step, it was told to stop again just now
            self.told(now_s, config.still_within_s)
        self._unanswered = state.pending
        heard_s = min(state.received_s, state.base_received_s)
        fresh = now_s - heard_s <= config.hold_after_s and heard_s > self._since_s
        still = all(is_still(joint, speed, config) for joint, speed in state.velocities.items())
        seen = now_s > self._since_s + config.hold_after_s
        if fresh and still and seen and not state.pending:
            self._since_s = None
        elif now_s > self._until_s:
            self._since_s = None
            return _unrest(fresh, still)
        return ""


def is_still(joint: str, speed: float, config: GuardConfig) -> bool:
    """Tell whether a joint, of whichever name the driver has for it, stands; NaN does not."""
    linear = joint in LINEAR_JOINTS or joint.startswith(ARM_STAGES)
    return abs(speed) <= (config.still_speed if linear else config.still_turn)


def _unrest(fresh: bool, still: bool) -> str:
    """Return why a stop did not end in rest that can be relied on."""
    if not fresh:
        return "joint states fell silent after a stop"
    return "the driver did not answer a step after a stop" if still else "the robot did not come to rest after a stop"
