"""The driver's side of a stop: a step accepted after it is stopped too, and until then nobody counts on rest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from action_msgs.msg import GoalStatus
from sensor_msgs.msg import JointState
from std_msgs.msg import String

from f2p.robot.protocol import LIFT, Motion
from f2p.ros.remote import driver as guard_driver
from f2p.ros.remote.driver import Driver

MOTION = Motion((LIFT,), (0.3,))


class Wire:
    """A driver process that answers when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Future] = []
        self.calls: list[str] = []
        self.called: list[Future] = []
        self.rejected = 0
        monkeypatch.setattr(guard_driver, "ActionClient", lambda *_, **__: SimpleNamespace(send_goal_async=self._sent))
        monkeypatch.setattr(guard_driver, "LastStop", lambda *_: None)
        publisher = SimpleNamespace(topic_name="", publish=lambda twist: self.calls.append(f"twist {twist.linear.x}"))
        node = SimpleNamespace(create_subscription=lambda *_, **__: None, create_client=self._client,
                               create_publisher=lambda *_: publisher, resolve_service_name=str,
                               add_on_set_parameters_callback=lambda _: None)  # fmt: skip
        self.now_s = 0.0
        self.results: list[Future] = []
        self.told: list[tuple[bool, int]] = []
        self.driver = Driver(node, SimpleNamespace(monotonic_s=lambda: self.now_s))
        self.driver._on_joints(JointState())

    def send(self) -> None:
        self.driver.send(MOTION, (0.25,), self._on_rejected, lambda ok, code, _text: self.told.append((ok, code)))

    def answer(self, index: int, accepted: bool = True) -> None:
        """The driver says whether it takes the step sent as number `index`."""
        handle = SimpleNamespace(
            accepted=accepted,
            get_result_async=self._result,
            cancel_goal_async=lambda: self.calls.append(f"cancel {index}"),
        )
        self.sent[index].set_result(handle)

    def end(self, index: int, status: int, code: int = 0) -> None:
        """The driver ends the goal that it took as number `index`."""
        answer = SimpleNamespace(error_code=code, error_string="")
        self.results[index].set_result(SimpleNamespace(status=status, result=answer))

    def _result(self) -> Future:
        self.results.append(Future())
        return self.results[-1]

    def _on_rejected(self) -> None:
        self.rejected += 1

    def _sent(self, _goal: object) -> Future:
        self.sent.append(Future())
        return self.sent[-1]

    def _client(self, _kind: object, name: str, **_: object) -> SimpleNamespace:
        def called(_request: object) -> Future:
            self.calls.append(name)
            self.called.append(Future())
            return self.called[-1]

        return SimpleNamespace(service_is_ready=lambda: True, call_async=called, srv_name=name)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    return Wire(monkeypatch)


def test_a_stop_cancels_the_step_that_runs(wire: Wire) -> None:
    wire.send()
    assert wire.driver.state().pending
    wire.answer(0)
    assert not wire.driver.state().pending and not wire.calls
    wire.driver.stop()
    assert wire.calls == ["cancel 0", "/stop_the_robot"]


def test_a_step_accepted_after_a_stop_is_stopped_as_well(wire: Wire) -> None:
    wire.send()
    wire.driver.stop()
    assert wire.calls == ["/stop_the_robot"] and wire.driver.state().pending
    wire.answer(0)
    assert wire.calls == ["/stop_the_robot", "cancel 0", "/stop_the_robot"]
    assert not wire.driver.state().pending


def test_the_stop_of_a_late_step_spares_the_one_that_has_replaced_it(wire: Wire) -> None:
    """After a hold the guard sends on; the driver drops the older goal for the newer one."""
    wire.send()
    wire.driver.stop()
    wire.send()
    wire.answer(0)
    assert wire.calls == ["/stop_the_robot", "cancel 0"]
    wire.answer(1)
    wire.driver.stop()
    assert wire.calls[2:] == ["cancel 1", "/stop_the_robot"]


def test_a_step_that_was_never_heard_is_not_waited_for_once_a_later_one_is_answered(wire: Wire) -> None:
    wire.send()
    wire.send()
    wire.answer(1)
    assert not wire.driver.state().pending
    wire.send()
    assert wire.driver.state().pending, "a newer one is"


@pytest.mark.parametrize("end", [lambda wire: wire.answer(0, accepted=False), lambda wire: wire.driver.runstop()])
def test_what_is_rejected_or_was_runstopped_is_waited_for_no_longer(wire: Wire, end: Callable[[Wire], None]) -> None:
    wire.send()
    wire.driver.stop()
    end(wire)
    assert not wire.driver.state().pending and "cancel 0" not in wire.calls


def test_the_goal_that_the_driver_has_is_known_until_its_result_comes(wire: Wire) -> None:
    """A goal for other joints over it can hang the driver (stretch.md 1.3.16)."""
    wire.send()
    wire.answer(0)
    assert wire.driver.state().goal_joints == (LIFT,)
    wire.driver.clear()
    assert wire.calls == ["cancel 0"] and wire.driver.state().goal_joints == (LIFT,), "not before it has ended"
    wire.end(0, GoalStatus.STATUS_CANCELED)
    assert not wire.driver.state().goal_joints and not wire.told, "our own doing is no success"


@pytest.mark.parametrize(
    ("status", "code", "ok"),
    [
        (GoalStatus.STATUS_SUCCEEDED, 0, True),
        (GoalStatus.STATUS_ABORTED, 0, False),
        (GoalStatus.STATUS_ABORTED, 100, False),
    ],
)  # fmt: skip
def test_only_a_goal_that_succeeded_did(wire: Wire, status: int, code: int, ok: bool) -> None:
    wire.send()
    wire.answer(0)
    wire.end(0, status, code)
    assert wire.told == [(ok, code)]


def test_a_goal_whose_result_never_comes_is_forgotten(wire: Wire) -> None:
    """A driver that was started anew knows nothing of it."""
    wire.send()
    wire.answer(0)
    wire.now_s = 2.0
    wire.driver._on_joints(JointState())
    assert not wire.driver.state().goal_joints
    wire.send()
    wire.answer(1)
    for second in range(14):
        wire.now_s = 2.0 + second
        wire.driver._joints_s = wire.now_s
    assert not wire.driver.state().goal_joints


def test_a_mode_is_asked_for_once_and_only_when_it_is_another(wire: Wire) -> None:
    wire.driver._on_mode(String(data="position"))
    wire.driver.to_mode("position")
    assert not wire.calls
    wire.driver.to_mode("navigation")
    wire.driver.to_mode("navigation")
    assert wire.calls == ["/switch_to_navigation_mode"]
    wire.called[0].set_result(None)
    wire.driver.to_mode("navigation")
    assert len(wire.calls) == 1, "it said yes, and tells its modes thirty times a second"
    wire.driver._on_mode(String(data="navigation"))
    wire.driver.to_mode("position")
    assert wire.calls[1:] == ["/switch_to_position_mode"], "another one at once"


def test_a_mode_whose_answer_was_lost_is_asked_for_again(wire: Wire) -> None:
    """It was never asked for again: the base could not be driven until the driver was started anew."""
    wire.driver._on_mode(String(data="position"))
    for wire.now_s in (0.0, 1.5, 2.9, 3.1, 3.2):
        wire.driver.to_mode("navigation")
    assert wire.calls == ["/switch_to_navigation_mode"] * 2
    wire.called[1].set_result(None)
    for wire.now_s in (4.0, 4.2, 4.3):
        wire.driver.to_mode("navigation")
    assert wire.calls == ["/switch_to_navigation_mode"] * 3, "and where it says yes and stays in the other"


def test_a_stop_in_navigation_mode_is_a_zero_velocity_too(wire: Wire) -> None:
    wire.driver._on_mode(String(data="navigation"))
    wire.driver.stop()
    assert wire.calls == ["twist 0.0", "/stop_the_robot"]
