"""The robot at this console: taken, given back and stopped by buttons, under the same lease as `f2p teleop`."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.clock import Clock
from f2p.console.errors import NotNowError
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.station import HANDED_S, Station

TAKEN_S = 3.0
"""Longest wait until the robot is this console's [s] (ours: the guard answers within a tick)."""

ANSWER_S = 3.0
"""Longest wait for the guard's answer [s] (ours)."""

POLL_S = 0.03
"""Time between two looks at the station, and two presses of the key that takes the robot [s] (ours)."""

TAKE, GIVE = "space", {"resume": "r", "step is done": "y", "skip step": "k", "give up": "G"}
"""Keys of `f2p teleop`."""


class Seat:
    """What the buttons for the robot do; each method waits for its end, on the thread that presses.

    Args:
        node: Whose executor sends.
        station: The operator's seat; started by who made it.
        watch: Must watch the guard.
        clock: Time.
    """

    def __init__(self, node: Node, station: Station, watch: Watch, clock: Clock) -> None:
        self._station, self._watch, self._clock = station, watch, clock
        self._stop = ServiceCaller(node, Trigger, "guard/stop", "guard", watch)
        self._unlatch = ServiceCaller(node, Trigger, "guard/resume", "guard", watch)

    def hold(self, _who: str) -> str:
        """Stop whatever moves, then keep it standing. Raises F2pError where the guard does not answer."""
        self._need_guard()
        answer = self._stop.call(Trigger.Request(), ANSWER_S, again=False)
        return f"{answer.message}; {self.take('')}"

    def take(self, _who: str) -> str:
        """Take the robot, which stands from then on. Raises NotNowError where it is not to be had, with the reason."""
        self._need_guard()
        if self._station.holding:
            return "the robot stands, and is this console's"

        def press() -> bool:
            self._station.key(TAKE)
            return self._station.holding

        if self._until(press, TAKEN_S):
            return "the robot stands, and is this console's"
        raise NotNowError(f"the robot was not to be had within {TAKEN_S:.0f} s: {self._why_not()}")

    def give(self, what: str) -> str:
        """Give the robot back, or answer a call for help. Raises NotNowError where there is nothing to give or answer.

        Args:
            what: Of `GIVE`.
        """
        state = self._station.robot.guard_state
        if state is not None and state.latched:
            raise NotNowError(f"the guard is latched ({state.reason}): release the runstop, and Clear latch first")
        if not (self._station.holding or self._station.help.wanted):
            raise NotNowError("the robot is not this console's to give back, and the stack asks for nobody")
        self._station.key(GIVE[what])
        if not self._until(lambda: bool(self._station.said) and not self._station.holding, HANDED_S + 2.0):
            raise NotNowError("it was not handed back in time; look at who has the robot, and press again")
        return self._station.said

    def unlatch(self, _who: str) -> str:
        """Clear the guard's latch. Raises NotNowError where the guard refuses, with its reason."""
        self._need_guard()
        answer = self._unlatch.call(Trigger.Request(), ANSWER_S, again=False)
        if not answer.success:
            raise NotNowError(str(answer.message))
        return str(answer.message)

    def _need_guard(self) -> None:
        if not self._watch.alive("guard"):
            raise NotNowError(
                "no guard is heard, so nothing moves at its word and nothing can be taken; is a stack up?"
            )

    def _why_not(self) -> str:
        state = self._station.robot.guard_state
        if self._station.said:
            return self._station.said
        if state is not None and state.latched:
            return f"the guard is latched ({state.reason})"
        return "the guard is not active" if state is None or state.mode == "none" else "the guard gave no reason"

    def _until(self, ready: Callable[[], bool], within_s: float) -> bool:
        until_s, pause = self._clock.monotonic_s() + within_s, threading.Event()
        while not ready():
            if self._clock.monotonic_s() > until_s:
                return False
            pause.wait(timeout=POLL_S)
        return True
