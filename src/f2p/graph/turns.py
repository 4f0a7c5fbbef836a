"""The turns that the thread which spins a process of this machine gets at a processor, as the kernel counts them.

They tell apart what silence does not: one that hangs sleeps and has no turns, though timers are due; one on a busy
machine waits for its turn; one that works on something large has them and says nothing (proc(5), schedstat).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

PROCESSES = Path("/proc")

STANDING = frozenset("ST")
"""States of a thread that waits for something other than a processor or a disk, or was stopped (proc(5))."""


@dataclass(frozen=True)
class Turns:
    """Of the main thread of one process, since it began."""

    state: str
    count: int
    """How often it got a processor."""
    waited_s: float
    """How long it waited for one although it could have run [s]."""

    @property
    def standing(self) -> bool:
        """Whether it neither runs nor could."""
        return self.state in STANDING

    @property
    def stopped(self) -> bool:
        """Whether a signal stopped it."""
        return self.state == "T"


def turns_of(pid: int, processes: Path = PROCESSES) -> Turns | None:
    """Return what the kernel says; None where there is no such process, or where it does not count."""
    try:
        _, waited_ns, count = map(int, (processes / str(pid) / "schedstat").read_text().split())
        state = (processes / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return None
    return Turns(state, count, waited_ns / 1e9) if count else None


class Standstill:
    """How many looks in a row found a process standing, without a turn since the first of them.

    Looks are counted and not seconds: whoever looks may have stood still itself, as everything does where a virtual
    machine is paused.

    Args:
        turns: What the kernel says of a process.
    """

    def __init__(self, turns: Callable[[int], Turns | None] = turns_of) -> None:
        self._turns = turns
        self._pid, self._count, self._looks = 0, 0, 0

    def looks(self, pid: int) -> int:
        """Look once more; 0 where it had a turn, waits for one, or where nothing is known."""
        now = self._turns(pid)
        if now is None or not now.standing:
            self._pid = 0
            return 0
        if (pid, now.count) != (self._pid, self._count):
            self._pid, self._count, self._looks = pid, now.count, 0
            return 0
        self._looks += 1
        return self._looks
