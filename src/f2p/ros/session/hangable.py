"""`python -m f2p.ros.session.hangable NODE …`: any process of the graph, that hangs at SIGUSR1 and jumps at SIGUSR2.

At SIGUSR1 the thread that spins never returns from a callback, while the threads of DDS, and of workers, go on: what
only the missing heartbeat tells. At SIGUSR2 its clock is ten seconds ahead, and some seconds later right again: what it
stamps and what it takes for now, as where a clock is set; the monotonic one never jumps. For `f2p bench promises`.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType

from rclpy.clock import Clock, ClockType
from rclpy.duration import Duration
from rclpy.time import Time

from f2p.bench.faults import PASSES_S
from f2p.clock import SystemClock
from f2p.ros.main import main

FOR_EVER_S = 3600.0
"""How long it hangs [s]: longer than anybody watches."""

AHEAD_S = 10.0
"""How far its clock is ahead [s] (ours: far more than the 0.5 s that stamps may be off)."""

Now = Callable[[Clock], Time]
Handler = Callable[[int, FrameType | None], None]


def hang(_number: int, _frame: FrameType | None) -> None:
    """Never return."""
    threading.Event().wait(timeout=FOR_EVER_S)


def jumpable(now: Now) -> tuple[Now, Handler]:
    """Return what stands in for `Clock.now` of rclpy, and the handler of a signal that has it jump."""
    own, until_s = SystemClock(), float("-inf")

    def jump(_number: int, _frame: FrameType | None) -> None:
        nonlocal until_s
        until_s = own.monotonic_s() + PASSES_S["jump"]

    def told(clock: Clock) -> Time:
        jumped = clock.clock_type != ClockType.STEADY_TIME and own.monotonic_s() < until_s
        return now(clock) + Duration(seconds=AHEAD_S) if jumped else now(clock)

    return told, jump


if __name__ == "__main__":
    told, ahead = jumpable(Clock.now)
    setattr(Clock, "now", told)  # noqa: B010 - a method of another's class
    signal.signal(signal.SIGUSR1, hang)
    signal.signal(signal.SIGUSR2, ahead)
    main()
