"""The driver's side of a stop: a step accepted after it is stopped too, and until then nobody counts on rest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.robot.protocol import LIFT, Motion
from f2p.ros.remote import driver as guard_driver
from f2p.ros.remote.driver import Driver

MOTION = Motion((LIFT,), (0.3,))


class Wire:
    """A driver process that answers when the test says so."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Future] = []
        self.calls: list[str] = []
        self.rejected = 0
        monkeypatch.setattr(guard_driver, "ActionClient", lambda *_, **__: SimpleNamespace(send_goal_async=self._sent))
        node = SimpleNamespace(create_subscription=lambda *_, **__: None, create_client=self._client)
        self.driver = Driver(node, SimpleNamespace(monotonic_s=lambda: 0.0))

    def send(self) -> None:
        self.driver.send(MOTION, (0.25,), self._on_rejected, lambda *_: None)

    def answer(self, index: int, accepted: bool = True) -> None:
        """The driver says whether it takes the step sent as number `index`."""
        handle = SimpleNamespace(
            accepted=accepted, get_result_async=Future, cancel_goal_async=lambda: self.calls.append(f"cancel {index}")
        )
        self.sent[index].set_result(handle)

    def _on_rejected(self) -> None:
        self.rejected += 1

    def _sent(self, _goal: object) -> Future:
        self.sent.append(Future())
        return self.sent[-1]

    def _client(self, _kind: object, name: str, **_: object) -> SimpleNamespace:
        def called(_request: object) -> None:
            self.calls.append(name)

        return SimpleNamespace(service_is_ready=lambda: True, call_async=called)


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


@pytest.mark.parametrize("end", [lambda wire: wire.answer(0, accepted=False), lambda wire: wire.driver.runstop()])
def test_what_is_rejected_or_was_runstopped_is_waited_for_no_longer(wire: Wire, end: Callable[[Wire], None]) -> None:
    wire.send()
    wire.driver.stop()
    end(wire)
    assert not wire.driver.state().pending and "cancel 0" not in wire.calls
