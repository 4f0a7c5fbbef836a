"""What stops the robot after the guard's end: started with the guard, anew where it ended; it says all of a stop."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.clock import SystemClock
from f2p.graph.turns import Turns
from f2p.ros.remote import last_stop
from f2p.ros.remote.last_stop import FOUND_S, LOOKED, STANDING_LOOKS, LastStop, StandsStill, stop, watch

NAMES = ("/left/stop_the_robot", "/left/cancel", "/left/cmd_vel")


def test_one_that_ended_is_started_anew_and_one_that_lives_is_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    started, looks, told = [], [], []

    def popen(words: list[str], **_: object) -> SimpleNamespace:
        started.append(SimpleNamespace(words=words, ended=None))
        return SimpleNamespace(poll=lambda one=started[-1]: one.ended, stdin=Path(os.devnull).open("wb"))

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
        return SimpleNamespace(
            service_is_ready=lambda: ready,
            wait_for_service=lambda timeout_sec: calls.append(f"{name} within {timeout_sec} s") or ready,
            call_async=lambda _: calls.append(name) or done,
        )

    velocities = SimpleNamespace(publish=lambda twist: calls.append(f"twist {twist.linear.x}"))
    said: list[str] = []
    node = SimpleNamespace(get_logger=lambda: SimpleNamespace(warning=said.append))
    stop(node, client("stop", False), client("cancel", False), velocities)
    assert calls == ["twist 0.0", f"stop within {FOUND_S} s"], "a driver may have to be found first"
    assert "looks no more" in said[0]
    calls.clear()
    stop(node, client("stop", False), client("cancel", True), velocities)
    assert calls[-1] == "cancel"


def waited(condition: Callable[[], bool], within_s: float) -> bool:
    """Wait for a condition; whether it came to hold."""
    clock = SystemClock()
    until_s = clock.monotonic_s() + within_s
    while not condition() and clock.monotonic_s() < until_s:
        threading.Event().wait(timeout=0.01)
    return condition()


def test_silence_is_told_once_until_the_next_look_and_the_end_at_once() -> None:
    hears, looks = os.pipe()
    told: list[int] = []
    stands = False
    watching = threading.Thread(
        target=watch, args=(hears, lambda: told.append(1), lambda: stands, SystemClock()), daemon=True
    )
    watching.start()
    pause = threading.Event()
    pause.wait(timeout=0.2)
    assert not told, "before the first look nothing is missed"
    for _ in range(10):
        os.write(looks, LOOKED.pack(1.0))
        pause.wait(timeout=0.02)
    assert not told
    assert waited(lambda: len(told) == 1, 10.0), "silence"
    pause.wait(timeout=1.2)
    assert len(told) == 1, "once"
    os.write(looks, LOOKED.pack(60.0))
    pause.wait(timeout=0.1)
    assert len(told) == 1
    stands = True
    assert waited(lambda: len(told) == 2, 10.0), "seen to hang, however patient it was"
    os.write(looks, LOOKED.pack(60.0))
    os.close(looks)
    assert waited(lambda: len(told) >= 3, 10.0), "the end"
    watching.join(timeout=5)
    assert not watching.is_alive()
    os.close(hears)


def test_a_guard_stands_that_was_stopped_or_has_no_turn_and_waits_for_none() -> None:
    """Its silence alone takes 0.3 s to tell, in which the base goes 3 cm."""
    told = Turns("S", 1, 0.0)
    standing = StandsStill(7, lambda _: told)
    assert [standing() for _ in range(STANDING_LOOKS + 1)] == [False] * STANDING_LOOKS + [True]
    told = Turns("S", 2, 0.0)
    assert not standing(), "it had a turn"
    told = Turns("T", 2, 0.0)
    assert standing()
    told = Turns("R", 2, 0.0)
    assert not any(standing() for _ in range(20)), "it waits for a processor"
    standing = StandsStill(7, lambda _: None)
    assert not any(standing() for _ in range(20)), "nothing is known, and its silence has to tell"


def test_a_guard_never_waits_for_who_does_not_read() -> None:
    hears, looks = os.pipe()
    os.set_blocking(looks, False)
    kept = LastStop.__new__(LastStop)
    kept._process = SimpleNamespace(stdin=SimpleNamespace(fileno=lambda: looks))
    for _ in range(20_000):
        kept.looked(0.3)
    os.close(hears)
    kept.looked(0.3)
    os.close(looks)
