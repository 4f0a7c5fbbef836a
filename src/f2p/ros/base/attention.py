"""Signs of life of a thread that waits for motion: it polls, and when it stops doing so its process stops beating."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from f2p.clock import Clock, SystemClock

PACE_S = 0.09
"""Time between two polls after which the thread counts as hanging [s] (ours: it polls every 0.05 s; with one period of
the beat and the guard's patience of 0.15 s the robot is stopped within 0.29 s)."""


class Attention:
    """Whether whoever waits still looks after what he waits for.

    Args:
        clock: Time of the polls.
    """

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._polled_s: float | None = None

    @property
    def kept(self) -> bool:
        """Whether nobody waits, or he polled just now."""
        polled_s = self._polled_s
        return polled_s is None or self._clock.monotonic_s() - polled_s <= PACE_S

    @contextlib.contextmanager
    def watched(self, canceled: Callable[[], bool]) -> Iterator[Callable[[], bool]]:
        """Give a `canceled` that tells of each poll, for the length of the block."""

        def polled() -> bool:
            self._polled_s = self._clock.monotonic_s()
            return canceled()

        try:
            polled()
            yield polled
        finally:
            self._polled_s = None
