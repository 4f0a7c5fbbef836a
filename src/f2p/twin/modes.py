"""The driver's mode, the lock around it, and its services, which one thread answers one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from f2p.twin.driver_config import STOW, DriverConfig
from f2p.twin.goals import GoalStatus, TrajectoryGoal
from f2p.twin.motors import Motors

CONTROL = ("position", "navigation", "trajectory")
"""Modes in which something may be commanded."""

SERVICES = (*CONTROL, "homing", "stowing", "runstopped", "released", "stop", "report")
"""What can be asked for: a mode, the end of the run stop, standing still, or an answer that changes nothing."""


@dataclass
class Call:
    """One call of a service, and its answer once it is done."""

    what: str
    """One of `SERVICES`."""
    by_button: bool = False
    """Whether the driver noticed the run stop's button: it follows with its mode only."""
    done: bool = False
    success: bool = True
    message: str = ""
    ends_s: float | None = None
    """When homing is over [s]; infinite while stowing, None before they began."""


class Modes:
    """The mode and who waits for its lock.

    Args:
        motors: What modes and services act on.
        config: Times and pitfalls.

    Attributes:
        mode: One of `CONTROL`, "homing", "stowing" or "runstopped".
        calls: Services that were asked and not answered yet; the first is being worked on.
        leaks: Goals that ended without giving the lock back.
        blocked: Whether the first call waits for the lock: then no goal can begin either.
    """

    def __init__(self, motors: Motors, config: DriverConfig) -> None:
        self._motors, self._config = motors, config
        self.mode, self._before = "position", "position"
        self.calls: list[Call] = []
        self.leaks = 0
        self.blocked = False
        self._stow: list[dict[str, float]] = []

    def abandon(self, why: str) -> None:
        """Answer every call with a failure."""
        for call in self.calls:
            call.done, call.success, call.message = True, False, why
        self.calls = []

    def serve(self, now_s: float, goal: TrajectoryGoal | None) -> None:
        """Answer what can be answered now."""
        while self.calls:
            if not self._served(self.calls[0], now_s, goal):
                return
            self.calls.pop(0).done = True

    def _served(self, call: Call, now_s: float, goal: TrajectoryGoal | None) -> bool:
        """Work on one call; True once it is answered."""
        if call.what in ("report", "stop"):
            return self._at_once(call, goal)
        if call.ends_s is not None:
            return self._finished(call, now_s)
        if self._answered(call):
            return True
        self.blocked = not self._free(goal)
        if self.blocked:
            return False
        self._enter(call, now_s)
        return call.ends_s is None

    def _at_once(self, call: Call, goal: TrajectoryGoal | None) -> bool:
        if call.what == "stop":
            self._motors.stop()
            call.message = "Stopped the robot."
            if goal is not None and not self._config.pitfalls.stop_keeps_goal:
                goal.end(GoalStatus.ABORTED)
        return True

    def _answered(self, call: Call) -> bool:
        """Answer what needs no change."""
        if call.what in ("homing", "stowing") and self.mode not in CONTROL:
            call.success = call.what == "stowing"  # the driver calls a refused stowing a success
            call.message = f"Cannot home while in mode={self.mode}." if call.what == "homing" else "Stowed."
            return True
        if call.what in ("runstopped", "released"):
            call.message = f"is_runstopped: {call.what == 'runstopped'}"
            return (self.mode == "runstopped") == (call.what == "runstopped")
        if self._motors.runstopped and not self._config.pitfalls.mode_hides_runstop:
            call.success, call.message = False, "not possible while the robot is runstopped"
            return True
        return False

    def _free(self, goal: TrajectoryGoal | None) -> bool:
        """Tell whether nobody holds the lock."""
        if not self._config.pitfalls.mode_waits_for_goal:
            if goal is not None:
                goal.end(GoalStatus.ABORTED)
            return True
        return goal is None and not self.leaks

    def _enter(self, call: Call, now_s: float) -> None:
        """Change the mode."""
        motors, what = self._motors, call.what
        if what == "released":
            self.mode = self._before
        else:
            self._before = self.mode
            self.mode = what
        if what in ("runstopped", "released"):
            if not call.by_button:
                motors.runstop(what == "runstopped", at_once=False)
        elif what == "homing":
            call.ends_s = now_s + self._config.homing_s
        elif what == "stowing":
            call.ends_s, self._stow = float("inf"), list(STOW)
        else:
            motors.hold_base()
            call.message = f"Now in {what} mode."

    def _finished(self, call: Call, now_s: float) -> bool:
        """Go on homing or stowing; True when it is over."""
        motors = self._motors
        if call.what == "homing":
            if now_s < (call.ends_s or 0.0):
                return False
            motors.homed, call.message = True, "Homed."
        else:
            if motors.moving:
                return False
            if self._stow:
                motors.go(self._stow.pop(0))
                return False
            call.message = "Stowed."
        self.mode = self._before
        return True
