"""The operator's seat beside a robot that notes what it is asked: who gets it, what moves, what stops, what is said."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from builtin_interfaces.msg import Time

from f2p.clock import SystemClock
from f2p.robot.errors import LeaveWithdrawnError, MotionCancelledError, MotionRefusedError, StaleStateError
from f2p.robot.protocol import ARM, LIFT, Ending, Motion
from f2p.ros.remote import station as seat
from f2p.teleop.core import Teleop, TeleopConfig
from f2p_msgs.msg import GuardState, Help, Lease, OperatorWord


class Robot:
    """A guarded robot that does as it is told by the test."""

    def __init__(self, *_: object) -> None:
        self.leases, self.moves, self.drives, self.ranks = 0, [], [], []
        self.positions = {LIFT: 0.2}
        self.guard_state = GuardState(mode=GuardState.AUTONOMY)
        self.ends: list[Any] = []
        self.held = False

    @contextlib.contextmanager
    def leased(self, rank: Any, cancelled: Callable[[], bool]) -> Iterator[None]:
        self.leases, self.held = self.leases + 1, True
        self.ranks.append(rank)
        self.guard_state = GuardState(mode=GuardState.OPERATOR)
        try:
            yield
        finally:
            self.held, self.guard_state = False, GuardState(mode=GuardState.AUTONOMY)

    def keep(self) -> None:
        assert self.held

    def state(self) -> Any:
        raise StaleStateError("not here")

    def move(self, motion: Motion, cancelled: Callable[[], bool]) -> Ending:
        self.moves.append(motion)
        end = self.ends.pop(0) if self.ends else None
        if isinstance(end, Exception):
            raise end
        if end is not None:
            return end
        while not cancelled():
            threading.Event().wait(timeout=0.002)
        raise MotionCancelledError

    def drive(self, linear: float, turning: float) -> None:
        self.drives.append(linear)


class Desk:
    """A station, its robot, and what it said."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.words: list[OperatorWord] = []
        self.heard: dict[str, Any] = {}
        self.unlatched = 0
        monkeypatch.setattr(seat, "GuardClient", Robot)
        monkeypatch.setattr(seat, "ServiceCaller", lambda *_: SimpleNamespace(call=self._unlatch))
        node = SimpleNamespace(
            create_publisher=lambda *_: SimpleNamespace(publish=self.words.append), get_name=lambda: "me",
            create_subscription=lambda _kind, name, store, *_, **__: self.heard.update({name: store}),
            get_clock=lambda: SimpleNamespace(now=lambda: SimpleNamespace(to_msg=Time)),
        )  # fmt: skip
        teleop = Teleop(TeleopConfig(key_after_s=0.15))
        self.station = seat.Station(node, SimpleNamespace(), teleop)
        self.robot: Any = self.station._robot
        assert self.station.lively, "its process would not beat, and never be activated"
        self.station.start()

    def _unlatch(self, *_: object) -> SimpleNamespace:
        self.unlatched += 1
        return SimpleNamespace(message="latch cleared")

    def hold(self, key: str, until: Callable[[], bool], within_s: float = 5.0) -> None:
        """A key that repeats until something is so."""
        clock = SystemClock()
        end_s = clock.monotonic_s() + within_s
        while not until():
            assert clock.monotonic_s() < end_s, f"not within {within_s} s"
            self.station.key(key)
            threading.Event().wait(timeout=0.02)

    def wait(self, until: Callable[[], bool], within_s: float = 5.0) -> None:
        self.hold("nothing", until, within_s)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(monkeypatch)
    yield made
    made.station.close()


def test_a_key_takes_the_robot_moves_it_and_keeps_it_when_let_go(desk: Desk) -> None:
    desk.hold("8", lambda: bool(desk.robot.moves))
    assert desk.robot.moves[0].joints == (LIFT,) and desk.robot.ranks == [1]
    threading.Event().wait(timeout=0.4)
    assert desk.robot.held and desk.station.holding and len(desk.robot.moves) == 1 and not desk.words
    assert "operator: you" in desk.station.line(200)


def test_the_base_is_driven_with_zero_at_the_end(desk: Desk) -> None:
    desk.hold("up", lambda: len(desk.robot.drives) > 3)
    desk.wait(lambda: desk.robot.drives[-1] == 0.0)
    assert desk.robot.drives[0] > 0.0
    threading.Event().wait(timeout=0.4)
    count = len(desk.robot.drives)
    threading.Event().wait(timeout=0.1)
    assert len(desk.robot.drives) == count, "then silence"


@pytest.mark.parametrize("end", [Ending.CONTACT, Ending.REACHED, MotionRefusedError("no")], ids=str)
def test_what_touched_arrived_or_was_refused_is_not_driven_on_before_it_was_let_go(desk: Desk, end: Any) -> None:
    desk.robot.ends = [end]
    desk.hold("8", lambda: bool(desk.robot.moves))
    began = desk.robot.moves[:]
    deadline = iter(range(25))
    desk.hold("8", lambda: next(deadline, None) is None)
    assert desk.robot.moves == began, "teleop that keeps sending drives into the contact again"
    threading.Event().wait(timeout=0.3)
    desk.hold("8", lambda: len(desk.robot.moves) > 1)


def test_only_an_order_gives_the_robot_back_and_it_says_so_once_the_guard_does(desk: Desk) -> None:
    desk.hold("w", lambda: bool(desk.robot.moves))
    desk.station.key("r")
    desk.wait(lambda: bool(desk.words))
    assert desk.robot.moves[0].joints == (ARM,) and not desk.robot.held
    assert [(word.choice, word.holder) for word in desk.words] == [("resume", "me")]
    desk.station.key("r")
    threading.Event().wait(timeout=0.2)
    assert len(desk.words) == 1 and "not yours" in desk.station.line(200)


def test_quitting_gives_nothing_back(desk: Desk) -> None:
    desk.hold("w", lambda: bool(desk.robot.moves))
    desk.station.key("q")
    desk.station.close()
    assert desk.station.over and not desk.robot.held and not desk.words


def test_a_call_for_help_is_shown_and_answered_without_taking_the_robot(desk: Desk) -> None:
    desk.heard["help"](Help(wanted=True, reason="the cause is unknown", failure_id="failure-1"))
    assert "HELP: the cause is unknown" in desk.station.line(200)
    desk.station.key("k")
    desk.wait(lambda: bool(desk.words))
    assert (desk.words[0].choice, desk.words[0].failure_id) == ("skip", "failure-1") and not desk.robot.leases


def test_another_operator_is_not_pushed_aside(desk: Desk) -> None:
    for _ in range(10):
        desk.heard["lease"](Lease(rank=Lease.OPERATOR, holder="you", lease="you-1"))
        desk.station.key("8")
        threading.Event().wait(timeout=0.02)
    assert not desk.robot.leases and "another operator has the robot: you" in desk.station.line(200)


def test_who_moves_by_itself_is_named_for_as_long_as_he_does(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.heard["lease"](Lease(rank=Lease.AUTONOMY, holder="executor", lease="executor-1"))
    assert desk.station.line(200).startswith("autonomy: executor | ")
    monkeypatch.setattr(seat, "RIVAL_S", 0.0)
    assert desk.station.line(200).startswith("autonomy | ")


def test_a_lease_that_is_lost_is_taken_anew_only_after_letting_go(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.robot.ends = [LeaveWithdrawnError("nobody renews it")]
    desk.hold("8", lambda: len(desk.robot.moves) > 1)
    assert desk.robot.leases == 1, "a lease so young may not have arrived: the motion is tried again"
    monkeypatch.setattr(seat, "YOUNG_S", 0.0)
    threading.Event().wait(timeout=0.4)
    desk.robot.ends = [LeaveWithdrawnError("the lease is void")]
    desk.hold("2", lambda: not desk.robot.held)
    deadline = iter(range(15))
    desk.hold("8", lambda: next(deadline, None) is None)
    assert desk.robot.leases == 1 and "the lease is void" in desk.station.line(200)
    threading.Event().wait(timeout=0.3)
    desk.hold("8", lambda: desk.robot.leases == 2)


def test_the_latch_is_cleared_by_its_key_with_and_without_the_robot(desk: Desk) -> None:
    desk.station.key("u")
    desk.wait(lambda: desk.unlatched == 1)
    desk.hold("8", lambda: bool(desk.robot.moves))
    desk.station.key("u")
    desk.wait(lambda: desk.unlatched == 2)
    assert desk.robot.held
    desk.robot.guard_state = GuardState(mode=GuardState.LATCHED, latched=True, reason="the runstop was pressed")
    assert "LATCHED: the runstop was pressed" in desk.station.line(200)


def test_a_gamepad_that_is_gone_stops(desk: Desk) -> None:
    desk.station.joy([0.0] * 8, [0] * 11)
    held = [0.0, 1.0] + [0.0] * 6, [int(index == 4) for index in range(11)]
    desk.station.joy(*held)
    desk.wait(lambda: bool(desk.robot.drives))
    desk.wait(lambda: desk.robot.drives[-1] == 0.0, 1.0)
