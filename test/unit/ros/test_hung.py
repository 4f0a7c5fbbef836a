"""Which processes a supervisor ends because they hang: by their own heartbeats, not because somebody was late."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.graph.graph import node
from f2p.graph.turns import Turns
from f2p.ros.base.heartbeat import Life, Watch
from f2p.ros.remote.hung import HUNG_AFTER_S, LOOK_S, SURE_S, Hung

PID = 7


class Ticking:
    """A clock that stands until it is told to go on."""

    now_s = 100.0

    def monotonic_s(self) -> float:
        return self.now_s

    def stamp_ns(self) -> int:
        return 0


class Looking:
    """Looks at one process that has beaten once, just now, without a network; it gets a turn before each look."""

    def __init__(self, name: str, worked: bool) -> None:
        self.clock, self.watch = Ticking(), Watch.__new__(Watch)
        self.state, self.turns, self.waited_s, self.known, self._name = "S", 1, 0.0, True, name
        self.watch.life = lambda _: self.life  # type: ignore[method-assign]
        self.life = Life(PID, "active" if worked else "loading", self.clock.now_s, worked=worked)
        self._hung = Hung(self.watch, self.clock, lambda _: self._told())
        self._children = {name: SimpleNamespace(process=SimpleNamespace(pid=PID))}

    def _told(self) -> Turns | None:
        return Turns(self.state, self.turns, self.waited_s) if self.known else None

    def after(self, seconds: float, turns: int = 1, waited_s: float = 0.0) -> bool:
        """Look again, so long, and so many turns of the process, after the last look; whether it is to be ended."""
        self.clock.now_s += seconds
        self.turns += turns
        self.waited_s += waited_s
        found = self._hung.among(self._children)
        assert found in ([], [self._name])
        return bool(found)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("name", ["manager", "executor", "finetune"])
def test_one_that_worked_is_ended_after_two_leases_seen_twice(name: str, known: bool) -> None:
    """A stopped process came back after 36 to 42 s, and a stopped manager never: it was the manager who told."""
    one = Looking(name, worked=True)
    one.known = known
    assert not one.after(0.0)
    assert not one.after(2.0 * node(name).dead_after_s)
    assert not one.after(0.1), "seen for the first time: whoever looks may have been late"
    assert one.after(SURE_S + 0.1)


def test_a_listener_that_was_late_ends_nobody() -> None:
    one = Looking("executor", worked=True)
    assert not one.after(60.0)
    one.life = Life(PID, "active", one.clock.now_s, worked=True)
    assert not one.after(SURE_S + 0.1)
    assert not one.after(60.0), "counted from the beginning again"


def test_one_that_starts_has_longer() -> None:
    """Importing torch on a busy machine holds the interpreter for seconds."""
    one = Looking("finetune", worked=False)
    assert not any(one.after(0.25, turns=0) for _ in range(20)), "it may wait for a disk, or for whatever it loads"
    assert not one.after(HUNG_AFTER_S - 6.0)
    assert not one.after(SURE_S + 0.1)
    one.life = Life()  # not heard yet: its start has a deadline of its own
    assert not one.after(600.0)


def test_one_that_waits_for_a_processor_is_not_silent_of_its_own() -> None:
    """In a flood the executor read goals of ten thousand boxes, a second of work each, beside nine busy processes."""
    one = Looking("executor", worked=True)
    one.state = "R"
    assert not any(one.after(0.25, waited_s=0.2) for _ in range(60)), "of 15 s it had 3"
    assert any(one.after(0.25) for _ in range(40)), "one that loops for ever has all the time it wants"


@pytest.mark.parametrize(("state", "within_s"), [("S", node("executor").dead_after_s), ("T", SURE_S)])
def test_one_that_stands_without_a_turn_is_ended_after_a_lease_and_a_stopped_one_sooner(
    state: str, within_s: float
) -> None:
    """It came back after 9 to 11 s, five of which went by until it was ended."""
    one = Looking("executor", worked=True)
    one.state = state
    assert not one.after(LOOK_S)
    looks = round(within_s / LOOK_S)
    assert [one.after(LOOK_S, turns=0) for _ in range(looks)] == [False] * (looks - 1) + [True]


def test_one_that_waits_for_its_turn_or_stands_with_everything_is_let_be() -> None:
    one = Looking("executor", worked=True)
    one.state = "R"
    assert not any(one.after(0.25, turns=0, waited_s=0.25) for _ in range(20))
    one.state, one.life = "S", Life(PID, "active", one.clock.now_s, worked=True)
    assert not one.after(0.25)
    assert not one.after(3.0, turns=0), "a machine that was paused: one look, however long after the last"
    assert not one.after(0.25)
