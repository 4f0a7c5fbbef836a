"""How many goals an action takes: each leaves a record for a while, and every change tells all of them."""

from __future__ import annotations

from collections import deque
from typing import Any

from rclpy.action import GoalResponse

from f2p.clock import Clock

RESULT_S = 10.0
"""How long the result of a goal is kept for whoever asks late [s] (ours; rclpy keeps it for 900 s)."""

TOLD_S = 0.05
"""Shortest time between two lines about requests that failed [s] (ours: a flood of them fills no disk)."""

MOST_GOALS = 50
"""Goals that are taken within that time (ours: a person or a loop sends one after the other)."""


class GoalGate:
    """The goal callback of one action: turns goals away while too many were taken lately.

    Args:
        clock: When they were.
        most: Goals that are taken within `RESULT_S`.
    """

    def __init__(self, clock: Clock, most: int = MOST_GOALS) -> None:
        self._clock = clock
        self._taken: deque[float] = deque(maxlen=most)

    def __call__(self, _goal: Any) -> GoalResponse:
        """Take a goal or turn it away."""
        now = self._clock.monotonic_s()
        if len(self._taken) == self._taken.maxlen and now - self._taken[0] < RESULT_S:
            return GoalResponse.REJECT
        self._taken.append(now)
        return GoalResponse.ACCEPT
