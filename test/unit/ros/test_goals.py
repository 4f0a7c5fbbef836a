"""An action takes as many goals as somebody may mean, and turns a flood away."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.action import GoalResponse

from f2p.ros.base.goals import MOST_GOALS, RESULT_S, GoalGate


def test_a_flood_of_goals_is_turned_away_until_it_ebbs() -> None:
    now = [0.0]
    gate = GoalGate(SimpleNamespace(monotonic_s=lambda: now[0]))
    assert [gate(None) for _ in range(MOST_GOALS)] == [GoalResponse.ACCEPT] * MOST_GOALS
    assert gate(None) == GoalResponse.REJECT
    now[0] += RESULT_S
    assert gate(None) == GoalResponse.ACCEPT
