"""Whose signs of life motions depend on: who is heard, who is late, who was replaced by another process."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Beat:
    """The newest of one process."""

    pid: int
    """Process number; 0 while none was heard."""
    received_s: float
    """Monotonic [s]."""
    active: bool = True
    """Whether its state is "active"; a beat in another state is none."""
    gone: bool = False
    """Whether the kernel says that it is no more, or was stopped; False where nobody knows."""


class Beats:
    """The beats of the processes that motions of autonomy depend on; none where nobody is named.

    Args:
        names: Of which processes; the graph says so (`f2p.graph.graph.NodeSpec.spared`).
        now_s: From when on silence counts.
    """

    def __init__(self, names: Collection[str], now_s: float) -> None:
        self._beats = {name: Beat(0, now_s) for name in names}

    def heard(self, beats: Mapping[str, Beat]) -> str:
        """Note the newest beats; the reason why leases are void, where one process took another's place."""
        replaced = ""
        for name, known in list(self._beats.items()):
            beat = beats.get(name)
            if beat is not None and beat.gone and beat.pid == known.pid:
                self._beats[name] = replace(known, received_s=float("-inf"))  # it will not be heard of: why wait for it
            elif beat is not None and beat.active and beat.received_s >= known.received_s:
                self._beats[name] = beat
                if known.pid not in (0, beat.pid):
                    replaced = f"{name} is another process than before"
        return replaced

    def oldest(self, now_s: float) -> tuple[str, float]:
        """Return who has been silent longest, and for how long [s]; nobody, for no time, where none is waited for."""
        if not self._beats:
            return "", 0.0
        name = min(self._beats, key=lambda one: self._beats[one].received_s)
        return name, now_s - self._beats[name].received_s


def silence(age_s: float) -> str:
    """Say of a process how long it has been silent."""
    return f"has been silent for {age_s:.2f} s" if math.isfinite(age_s) else "is gone, or was stopped"
