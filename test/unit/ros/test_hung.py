"""Which processes a supervisor ends because they hang: by their own heartbeats, not because the listener was late."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.graph.graph import node
from f2p.ros.base.heartbeat import Life, Watch
from f2p.ros.remote.status import HUNG_AFTER_S, SURE_S, GraphStatus

PID = 7


class Ticking:
    """A clock that stands until it is told to go on."""

    now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def stamp_ns(self) -> int:
        return 0


def looking(name: str, worked: bool) -> tuple[GraphStatus, Ticking, dict[str, object]]:
    """A status that has heard one beat of a process, just now, without a network."""
    clock, status, watch = Ticking(), GraphStatus.__new__(GraphStatus), Watch.__new__(Watch)
    watch._clock, watch._specs = clock, {name: node(name)}
    watch._lives = {name: Life(PID, "active" if worked else "loading", clock.now_s, worked=worked)}
    watch.life = lambda one: watch._lives[one]  # type: ignore[method-assign]
    status._clock, status._watch, status._silent_since = clock, watch, {}
    return status, clock, {name: SimpleNamespace(process=SimpleNamespace(pid=PID))}


@pytest.mark.parametrize("name", ["manager", "executor", "finetune"])
def test_one_that_worked_is_ended_after_two_leases_seen_twice(name: str) -> None:
    """A stopped process came back after 36 to 42 s, and a stopped manager never: it was the manager who told."""
    status, clock, children = looking(name, worked=True)
    clock.now_s += 2.0 * node(name).dead_after_s
    assert status.hung(children) == []
    clock.now_s += 0.1
    assert status.hung(children) == [], "seen for the first time: whoever looks may have been late"
    clock.now_s += SURE_S + 0.1
    assert status.hung(children) == [name]


def test_a_listener_that_was_late_ends_nobody() -> None:
    status, clock, children = looking("executor", worked=True)
    clock.now_s += 60.0
    assert status.hung(children) == []
    status._watch._lives["executor"] = Life(PID, "active", clock.now_s, worked=True)
    clock.now_s += SURE_S + 0.1
    assert status.hung(children) == []
    clock.now_s += 60.0
    assert status.hung(children) == [], "counted from the beginning again"


def test_one_that_starts_has_longer() -> None:
    """Importing torch on a busy machine holds the interpreter for seconds."""
    status, clock, children = looking("finetune", worked=False)
    clock.now_s += HUNG_AFTER_S - 1.0
    assert status.hung(children) == []
    clock.now_s += SURE_S + 0.1
    assert status.hung(children) == []
    status._watch._lives["finetune"] = Life()  # not heard yet: its start has a deadline of its own
    clock.now_s += 600.0
    assert status.hung(children) == []
