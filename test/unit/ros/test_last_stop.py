"""What stops the robot after the guard's end: started with the guard, anew where it ended; it says all of a stop."""

from __future__ import annotations

import sys
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.ros.remote import last_stop
from f2p.ros.remote.last_stop import LastStop, stop

NAMES = ("/left/stop_the_robot", "/left/cancel", "/left/cmd_vel")


def test_one_that_ended_is_started_anew_and_one_that_lives_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    started, looks, told = [], [], []

    def popen(words: list[str], **_: object) -> SimpleNamespace:
        started.append(SimpleNamespace(words=words, ended=None))
        return SimpleNamespace(poll=lambda one=started[-1]: one.ended)

    monkeypatch.setattr(last_stop.subprocess, "Popen", popen)
    monkeypatch.setattr(last_stop, "steady_timer", lambda _node, _period_s, look: looks.append(look))
    monkeypatch.setattr(sys, "argv", ["guard", "--ros-args", "-r", "__ns:=/left/f2p", "--enclave", "/left/f2p/guard"])
    node = SimpleNamespace(get_logger=lambda: SimpleNamespace(warning=told.append), get_namespace=lambda: "/left/f2p")
    kept = LastStop(node, NAMES)
    assert started[0].words[3:] == ["/left/f2p", *NAMES, "--ros-args", "--enclave", "/left/f2p/guard"]
    looks[0]()
    assert len(started) == 1 and not told
    started[0].ended = -9
    looks[0]()
    looks[0]()
    assert len(started) == 2 and "exit -9" in told[0] and kept


def test_a_stop_cancels_every_goal_and_asks_nobody_who_is_not_there() -> None:
    calls: list[str] = []

    def client(name: str, ready: bool) -> SimpleNamespace:
        done = SimpleNamespace(done=lambda: True)
        return SimpleNamespace(service_is_ready=lambda: ready, call_async=lambda _: calls.append(name) or done)

    velocities = SimpleNamespace(publish=lambda twist: calls.append(f"twist {twist.linear.x}"))
    stop(SimpleNamespace(), client("stop", False), client("cancel", False), velocities)
    assert calls == ["twist 0.0"]
