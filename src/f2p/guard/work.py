"""What the guard is at: one moment on both clocks, the motion that runs, the velocity that is passed on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from f2p.guard.leases import Rank
from f2p.guard.motion import GuardedMotion


@dataclass(frozen=True)
class Now:
    """One moment, on both clocks."""

    monotonic_s: float
    stamp_ns: int
    """ROS time, against which stamps are held."""


@dataclass(frozen=True)
class Running:
    """One motion and who waits for it."""

    run: GuardedMotion
    lease: str
    rank: Rank
    base_start: tuple[float, float, float]
    ended: Callable[[Exception | None, bool], None]
    """Called once with (error or None, contact)."""
    canceled: Callable[[], bool]


@dataclass(frozen=True)
class Driving:
    """The newest velocity asked for, and who asked."""

    linear: float
    turning: float
    lease: str
    rank: Rank
    asked_s: float
