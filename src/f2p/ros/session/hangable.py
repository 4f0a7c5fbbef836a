"""`python -m f2p.ros.session.hangable NODE …`: any process of the graph, that hangs at SIGUSR1.

The thread that spins then never returns from a callback, while the threads of DDS, and of workers, go on: what only the
missing heartbeat tells. For `f2p bench promises`.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType

from f2p.ros.main import main

FOR_EVER_S = 3600.0
"""How long it hangs [s]: longer than anybody watches."""


def hang(_number: int, _frame: FrameType | None) -> None:
    """Never return."""
    threading.Event().wait(timeout=FOR_EVER_S)


if __name__ == "__main__":
    signal.signal(signal.SIGUSR1, hang)
    main()
