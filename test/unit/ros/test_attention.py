"""A thread that waits for motion and hangs stops its process's heartbeat; one that does not wait does not matter."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.ros.base.attention import PACE_S, Attention


def test_whoever_waits_has_to_poll() -> None:
    clock = SimpleNamespace(now=0.0)
    clock.monotonic_s = lambda: clock.now
    attention = Attention(clock)
    clock.now = 5.0
    assert attention.kept, "nobody waits"
    with attention.watched(lambda: False) as canceled:
        clock.now += PACE_S / 2
        assert attention.kept and not canceled()
        clock.now += PACE_S + 0.01
        assert not attention.kept
        canceled()
        assert attention.kept
        clock.now += 1.0
    assert attention.kept
