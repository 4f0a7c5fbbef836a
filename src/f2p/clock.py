"""Time as a parameter: stamps on the wall clock, durations on the monotonic one."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where a part of the stack gets its time from."""

    def stamp_ns(self) -> int:
        """Return wall or ROS time [ns]."""

    def monotonic_s(self) -> float:
        """Return a time that never jumps [s]."""


class SystemClock:
    """The machine's own clocks."""

    def stamp_ns(self) -> int:
        """Return nanoseconds since the epoch."""
        return time.time_ns()

    def monotonic_s(self) -> float:
        """Return seconds on the monotonic clock."""
        return time.monotonic()
