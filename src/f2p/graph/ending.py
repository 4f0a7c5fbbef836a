"""How a process of the graph is told to end: SIGINT, as a terminal sends it to all at once, and SIGTERM; exit code 0.

Python raises KeyboardInterrupt wherever it happens to be, and rclpy's handlers shut ROS down under threads that still
use it: nine of ten processes ended in a trace. Here a signal sets an event that the process looks at when it can.
"""

from __future__ import annotations

import os
import signal
import threading
from types import FrameType

told = threading.Event()
"""Set once this process has been told to end."""

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def leave_at_once() -> None:
    """End at a signal, from here on: for while a process imports and has nothing to put in order yet."""
    for number in SIGNALS:
        signal.signal(number, lambda *_: os._exit(0))


def heed() -> None:
    """Only note a signal, from here on: whoever calls this looks at `told` a few times a second."""
    for number in SIGNALS:
        signal.signal(number, _note)


def _note(_number: int, _frame: FrameType | None) -> None:
    told.set()
