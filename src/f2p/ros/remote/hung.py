"""Which processes of the graph hang: by their own beats, and by what the kernel says of the thread that sends them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from f2p.clock import Clock
from f2p.graph.graph import node
from f2p.graph.supervisor import Child
from f2p.graph.turns import Standstill, Turns, turns_of
from f2p.ros.base.heartbeat import Watch

HUNG_AFTER_S = 30.0
"""A process that has not been active yet, and is silent for this long, is killed and started again [s] (ours: importing
torch on a busy machine holds the interpreter for seconds). One that was active is, after two leases of silence."""

SURE_S = 1.0
"""How long that has to be seen before it is believed [s] (ours: a listener that was late itself has heard again)."""

LOOK_S = 0.25
"""How often whoever ends them looks [s]. A thread that had no turn at a processor in as many looks as a lease is long,
and waited for none, hangs (measured, ten processes on two processors at a load of 10: none of what motions depend on
stood for longer than 0.24 s, and one other once for 1.0 s)."""


@dataclass
class _Silence:
    """Of one process, since its last beat."""

    pid: int
    heard_s: float
    waited_s: float
    """What it had waited for a processor by then [s]."""
    long_since_s: float | None = None
    """Since when it has been too long."""


class Hung:
    """Finds them; asked again and again, by whoever ends them.

    What a process waits for a processor is no silence of its own: a flood of goals of ten thousand boxes, each a second
    of work to read, on a machine that all others keep busy as well, had the executor ended for nothing.

    Args:
        watch: Hears their beats; those of the manager too, which would tell of the others, and may be the one.
        clock: Of the watch.
        turns: What the kernel says of a process.
    """

    def __init__(self, watch: Watch, clock: Clock, turns: Callable[[int], Turns | None] = turns_of) -> None:
        self._watch, self._clock, self._turns = watch, clock, turns
        self._silences: dict[str, _Silence] = {}
        self._standing: dict[str, Standstill] = {}

    def among(self, children: Mapping[str, Child]) -> list[str]:
        """Return children that run, and hang."""
        running = {name: one.process.pid for name, one in children.items() if one.process is not None}
        return [name for name, pid in running.items() if self._stands(name, pid) or self._silent(name, pid)]

    def _stands(self, name: str, pid: int) -> bool:
        """Tell whether the thread of a process that worked has had no turn for a lease of looks, or was stopped."""
        life, turns = self._watch.life(name), self._turns(pid)
        looks = self._standing.setdefault(name, Standstill(self._turns)).looks(pid)
        enough_s = SURE_S if turns is not None and turns.stopped else node(name).dead_after_s
        return life.worked and life.pid == pid and looks * LOOK_S >= enough_s

    def _silent(self, name: str, pid: int) -> bool:
        """Tell whether a process has beaten before, and not for longer than one that works does not."""
        life, now_s, turns = self._watch.life(name), self._clock.monotonic_s(), self._turns(pid)
        if pid == 0 or life.pid != pid:
            self._silences.pop(name, None)
            return False  # it starts
        waited_s = turns.waited_s if turns is not None else 0.0
        since = self._silences.get(name)
        if since is None or (since.pid, since.heard_s) != (pid, life.received_s):
            since = self._silences[name] = _Silence(pid, life.received_s, waited_s)
        silent_s = now_s - life.received_s - (waited_s - since.waited_s)
        if silent_s <= (2.0 * node(name).dead_after_s if life.worked else HUNG_AFTER_S):
            since.long_since_s = None
        elif since.long_since_s is None:
            since.long_since_s = now_s
        elif now_s - since.long_since_s > SURE_S:
            self._silences.pop(name)
            return True
        return False
