"""Whether processes of this machine still run, as the kernel says: at once, while their silence takes its time to tell.

A process that was killed or stopped is seen at the next look, without a false alarm on a busy machine; one that hangs
runs on, and only its beats say so. A process of another machine, or of another container, is not found here under its
number, or not by its name, and nothing is said of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from f2p.graph.places import comm

PROCESSES = Path("/proc")

ENDED = frozenset("TtZXx")
"""States of a process that does nothing any more: stopped, traced, a zombie, dead (proc(5))."""


@dataclass(frozen=True)
class Seen:
    """A process as the kernel tells of it."""

    name: str
    state: str
    began: str
    """When, in ticks since the boot: ids come round."""


class Neighbours:
    """Processes of the graph that were found on this machine.

    Args:
        processes: Where the kernel tells of them.
    """

    def __init__(self, processes: Path = PROCESSES) -> None:
        self._processes = processes
        self._known: dict[str, tuple[int, str]] = {}

    def gone(self, name: str, pid: int) -> bool:
        """Tell whether a process that was found here is no more, or was stopped.

        Args:
            name: Node of the graph.
            pid: As its beats say; 0 before the first.
        """
        seen, known = self._seen(pid), self._known.get(name)
        if known is None or known[0] != pid:
            self._known.pop(name, None)
            if seen is not None and seen.name == comm(name):
                self._known[name] = pid, seen.began
            return False
        return seen is None or seen.began != known[1] or seen.state in ENDED

    def _seen(self, pid: int) -> Seen | None:
        """Return what the kernel says of a process; None where there is none."""
        try:
            told = (self._processes / str(pid) / "stat").read_text(errors="replace")
            name, _, rest = told.partition("(")[2].rpartition(")")
            words = rest.split()
            return Seen(name, words[0], words[19])
        except (OSError, IndexError):
            return None
