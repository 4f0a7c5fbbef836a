"""How soon a process of the graph gets a processor, beside those of its session and beside everybody else's."""

from __future__ import annotations

import os
import threading
from pathlib import Path

GROUP = Path("/proc/self/autogroup")
"""Where the kernel weighs sessions against each other (sched(7)); it is not there where it does not."""

TRIES, PAUSE_S = 20, 0.11
"""Without a right the group of one process is weighed every 0.1 s on the whole machine, as many as begin (sched(7))."""


def take_priority(nice: int) -> str:
    """Add to this process's niceness; what to do where that is not allowed, in one line, or nothing.

    Who leads a session has its group weighed too: between the sessions that a supervisor gives its processes a
    niceness alone counts for nothing where the kernel groups by sessions (measured: 10 beside 0 took half of a
    processor, and a ninth with its group's).
    """
    before = os.getpriority(os.PRIO_PROCESS, 0)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, before + nice)
        if os.getsid(0) == os.getpid():
            _weigh_group(before + nice)
    except PermissionError:
        return (
            f"runs at niceness {before} instead of {before + nice}, which this user may not set: beside busy processes "
            f"it answers later; allow it with the line '{os.environ.get('USER', '<user>')} - nice {before + nice}' in "
            f"/etc/security/limits.d/f2p.conf and a new login; docker: --cap-add SYS_NICE"
        )
    return ""


def _weigh_group(nice: int) -> None:
    """Give the group of this session a niceness; as it is where there is none, or the kernel has no time for it.

    Raises:
        PermissionError: This user may not.
    """
    for _ in range(TRIES):
        try:
            GROUP.write_text(str(nice))
            return
        except BlockingIOError:
            threading.Event().wait(timeout=PAUSE_S)
        except PermissionError:
            raise
        except OSError:  # no such file, or it is read-only, as in a container
            return
